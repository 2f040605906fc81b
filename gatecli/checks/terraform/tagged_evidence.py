"""A publisher that no gate module stands before: whether a tag of it names evidence that is bound to it.

The tag holds the SHA-256 of a report. The report must have passed, by the policy that judges the plan, not
longer ago than the policy has it, and be of the bytes that the resource says it publishes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from gatecli.model.plan import KnownValue, PlannedResource, UnknownValue, lookup_argument
from gatecli.model.policy import PrivacyPolicy, seconds_in, stamp

TAGS = ("gatecli-evidence", "gatecli_evidence")
_NEVER = datetime.max.replace(tzinfo=UTC)
_SHORTEST = 32
"""Digits of a digest: labels of Google Cloud have room for 63 of its 64."""
_SKEW = timedelta(minutes=5)
"""Clocks of two machines."""

_DIGESTS = frozenset(
    {"source_hash", "source_code_hash", "checksum_sha256", "content_sha256", "source_sha256", "sha256"}
)
_ADDRESSES = frozenset({"image", "image_uri", "model_data_url", "artifact_uri", "s3_uri", "uri", "url"})
_LABELS = frozenset({"tags", "tags_all", "labels", "effective_labels", "terraform_labels"})
_CONTENTS = frozenset({"content", "source_content", "content_base64"})
_HEX = re.compile(r"(?:@sha256:|^|/)([0-9a-f]{64})(?=$|[/.])")


@dataclass(frozen=True, slots=True)
class Attestation:
    """A report that passed: for what, of which bytes (SHA-256), judged by which policy, and when."""

    kind: str
    inputs: frozenset[str]
    policy: str
    made: datetime | None


@dataclass(frozen=True, slots=True)
class TaggedReports:
    """Reports by their own SHA-256, and the time to judge their age by."""

    reports: Mapping[str, Attestation] = field(default_factory=dict)
    moment: datetime = _NEVER


@dataclass(frozen=True, slots=True)
class Attested:
    """Whether a tag counts as a gate; `why` if it does not, empty if there is no tag."""

    answer: Literal["yes", "no", "unknown"]
    why: str = ""


def judge_tag(
    resource: PlannedResource, kind: str, evidence: TaggedReports, policy: PrivacyPolicy
) -> Attested:
    """What the tag of a publisher of `kind` is worth."""
    tags = [lookup_argument(resource, block, name) for block in ("tags", "labels") for name in TAGS]
    given = [str(tag.value) for tag in tags if isinstance(tag, KnownValue)]
    if not given and any(isinstance(tag, UnknownValue) for tag in tags):
        return Attested("unknown", "its evidence is known only after the apply")
    if not given:
        return Attested("no")
    named = [value for value in given if len(value) >= _SHORTEST]
    reports = [report for digest, report in evidence.reports.items() if digest.startswith(tuple(named))]
    if not reports:
        return Attested("no", "no report that was given has the digest in its tag")
    problem = _problem(reports[0], kind, evidence.moment, policy)
    return Attested("no", problem) if problem else _of_bytes(resource, reports[0].inputs)


def _problem(report: Attestation, kind: str, now: datetime, policy: PrivacyPolicy) -> str:
    limit = policy.spec.terraform.max_evidence_age
    if report.kind != kind:
        return "the report behind its tag is of another gate"
    if report.policy != stamp(policy).sha256:
        return "the report behind its tag was judged by another policy"
    if report.made is None or report.made > now + _SKEW:
        return "the report behind its tag does not say when it was made, or says a time to come"
    if now - report.made > timedelta(seconds=seconds_in(limit) or 0):
        return f"the report behind its tag is older than {limit}"
    return ""


def _of_bytes(resource: PlannedResource, judged: frozenset[str]) -> Attested:
    texts = list(_texts(resource.values))
    held = [digest for key, value in texts if key in _CONTENTS for digest in _hashed_digests(key, value)]
    stated = [digest for key, value in texts for digest in _stated_digests(key, value)]
    if not (held or stated):
        return Attested("unknown", "it does not state the SHA-256 of what it publishes")
    if not judged.issuperset(held):
        return Attested("no", "it holds other data than the report behind its tag")
    if held or judged.intersection(stated):
        return Attested("yes")
    return Attested("no", "it states the digest of other data than the report behind its tag")


def _texts(values: Any) -> Iterator[tuple[str, str]]:
    """Every text of a resource but its tags, with the name that it stands under."""
    pending: list[tuple[str, Any]] = [("", values)]
    while pending:
        key, value = pending.pop()
        if isinstance(value, dict):
            pending += [(name, item) for name, item in value.items() if name not in _LABELS]
        elif isinstance(value, list):
            pending += [(key, item) for item in value]
        elif isinstance(value, str):
            yield key, value


def _stated_digests(key: str, value: str) -> Iterator[str]:
    if key in _ADDRESSES:
        yield from _HEX.findall(value)
    elif key in _DIGESTS:
        yield from _HEX.findall(value) or _from_base64(value)


def _from_base64(value: str) -> list[str]:
    raw = _decode_digest(value)
    return [raw.hex()] if raw is not None and len(raw) == hashlib.sha256().digest_size else []


def _hashed_digests(key: str, value: str) -> Iterator[str]:
    raw = _decode_digest(value) if key == "content_base64" else value.encode("utf-8", "surrogatepass")
    yield hashlib.sha256(raw).hexdigest() if raw is not None else ""


def _decode_digest(value: str) -> bytes | None:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None
