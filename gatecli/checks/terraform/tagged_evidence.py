"""A publisher that no gate module stands before: whether a tag of it names evidence that is bound to it.

The tag holds the SHA-256 of a report. The report must have passed, by the policy that judges the plan, not
longer ago than the policy has it, and be of the bytes that the resource says it publishes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Literal

from gatecli.checks.served_models import asked_arguments
from gatecli.checks.terraform.byte_arguments import JudgedBytes, are_judged
from gatecli.checks.terraform.carried_evidence import EvidenceReport, evidence_tags, reports_of_tags
from gatecli.checks.terraform.form_matches import Publisher
from gatecli.model.plan import KnownValue, PlannedResource, UnknownValue
from gatecli.model.plan_forms import PlanForm
from gatecli.model.policy import PrivacyPolicy, seconds_in, stamp

_NEVER = datetime.max.replace(tzinfo=UTC)
_SKEW = timedelta(minutes=5)
"""Clocks of two machines."""


@dataclass(frozen=True, slots=True)
class Attestation:
    """A report that passed: for what, of which bytes (SHA-256), judged by which policy, and when.

    `paths` are the paths under which it judged them, `report` is what it found.
    """

    kind: str
    inputs: frozenset[str]
    policy: str
    made: datetime | None
    paths: Mapping[str, frozenset[str]] = field(default_factory=dict)
    report: EvidenceReport | None = None


@dataclass(frozen=True, slots=True)
class TaggedReports:
    """Reports by their own SHA-256, the time to judge their age by, and attestations by their files."""

    reports: Mapping[str, Attestation] = field(default_factory=dict)
    moment: datetime = _NEVER
    attestations: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Attested:
    """Whether a tag counts as a gate; `why` if it does not, empty if there is no tag."""

    answer: Literal["yes", "no", "unknown"]
    why: str = ""


def judge_tag(
    resource: PlannedResource,
    form: PlanForm,
    evidence: TaggedReports,
    policy: PrivacyPolicy,
    files: Mapping[str, str] = MappingProxyType({}),
) -> Attested:
    """What the tag of a publisher is worth; `files` are SHA-256 of local files, by path in the plan."""
    tags = evidence_tags(resource)
    if not any(isinstance(tag, KnownValue) for tag in tags):
        is_later = any(isinstance(tag, UnknownValue) for tag in tags)
        return (
            Attested("unknown", "its evidence is known only after the apply") if is_later else Attested("no")
        )
    reports = reports_of_tags(tags, evidence)
    if not reports:
        return Attested("no", "no report that was given has the digest in its tag")
    problem = _problem(reports[0], form.holds, evidence.moment, policy)
    if problem:
        return Attested("no", problem)
    paths = {digest: reports[0].paths.get(digest, frozenset()) for digest in reports[0].inputs}
    asked = asked_arguments(Publisher(resource, form), policy.spec.attestation.workloads)
    return Attested(*are_judged(asked, JudgedBytes(paths, files)))


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
