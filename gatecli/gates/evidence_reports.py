"""Reports that stand behind tags in a plan: those that passed, and what they are bound to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gatecli.checks.tables.stated_questions import asked_in_report
from gatecli.checks.terraform.carried_evidence import (
    EvidenceReport,
    GateEvidence,
    GateInstance,
    gate_instances,
    key_of,
)
from gatecli.checks.terraform.resource_types import EVIDENCE
from gatecli.checks.terraform.tagged_evidence import Attestation, TaggedReports
from gatecli.errors import UsageError
from gatecli.gates.catalogue import find_rule
from gatecli.model.document import Place
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.plan import Plan
from gatecli.model.policy import PrivacyPolicy
from gatecli.sources.baseline import REPORT
from gatecli.sources.files import ReadError, read_bytes
from gatecli.sources.locations import inside

_ATTESTED = frozenset({"dsseEnvelope", "payloadType"})
"""A key of a bundle, and one of an envelope: what cannot be read of them is told where it is asked for."""
_TOLD = ("severity", "message", "subject", "path", "remediation", "fingerprint")
_TIME = "%Y-%m-%dT%H:%M:%SZ"


def read_evidence(paths: Sequence[Path], now: datetime) -> TaggedReports:
    """The reports that passed, and the attestations, among files and in folders; `now` gives their age.

    Raises UsageError for a file that is neither an attestation nor a report that passed, for who names one
    means it to count; in a folder such a file is passed over, but a folder without any evidence is an error
    too.
    """
    found: list[_Evidence] = []
    for path in paths:
        held = list(_read_folder(path)) if path.is_dir() else [_read_file(path)]
        if not held:
            raise UsageError(f"the folder {path} holds no report that passed", advice="name its reports")
        found += held
    reports = {each.digest: each.report for each in found if each.report is not None}
    attestations = tuple((each.name, each.content) for each in found if each.report is None)
    return TaggedReports(reports, now, attestations)


@dataclass(frozen=True, slots=True)
class _Evidence:
    """A file of evidence, by its SHA-256; `report` is None where it is an attestation."""

    name: str
    content: bytes = field(repr=False)
    digest: str
    report: Attestation | None


def _read_folder(folder: Path) -> Iterator[_Evidence]:
    for file in sorted(folder.glob("*.json")):
        try:
            yield _read_file(file)
        except UsageError:
            continue  # not named by anyone: it is evidence of nothing, and a tag that means it is told


def _read_file(file: Path) -> _Evidence:
    try:
        content = read_bytes(file)
        data = json.loads(content)
    except ReadError as error:
        raise UsageError(f"the evidence {file} {error.problem}", advice=error.mend) from None
    except (ValueError, RecursionError):
        raise UsageError(f"the evidence {file} is not JSON", advice="--report json=FILE writes it") from None
    is_attestation = isinstance(data, dict) and bool(_ATTESTED & data.keys())
    report = None if is_attestation else _attestation_of(data, file)
    return _Evidence(file.as_posix(), content, hashlib.sha256(content).hexdigest(), report)


def _attestation_of(report: Any, file: Path) -> Attestation:
    kind = EVIDENCE.get(str(report.get("gate"))) if isinstance(report, dict) else None
    if kind is None or report.get("schema") != REPORT:
        raise UsageError(
            f"the evidence {file} is neither an attestation nor a report of gatecli anonymity check or "
            "release check",
            advice="write it with gatecli attest, or with --report json=FILE",
        )
    paths = _paths(_inputs(report.get("checked")))
    inputs = frozenset(paths)
    passed = report.get("verdict") == "pass" and report.get("exit_code") == 0
    if not (passed and inputs):
        raise UsageError(f"the evidence {file} did not pass", advice="fix what it reports, and check again")
    policy = report.get("policy")
    by = str(policy.get("sha256")) if isinstance(policy, dict) else ""
    held = content_of(report, kind, file.as_posix())
    return Attestation(kind, inputs, by, _time_of(report), paths, held)


def read_gate_evidence(plan: Plan, folder: Path | None, policy: PrivacyPolicy) -> GateEvidence:
    """The evidence of a plan's gates as it is in the folder that it is of."""
    instances = gate_instances(plan, policy)
    return GateEvidence({key_of(each): _evidence_at(each, folder) for each in instances})


def _evidence_at(instance: GateInstance, folder: Path | None) -> EvidenceReport | None:
    """The report that a gate reads, where it is there and of the very data that the gate let through."""
    if folder is None or not instance.evidence or instance.attestation is not None:
        return None
    try:
        report = json.loads(read_bytes(inside(folder, instance.evidence)))
    except (ReadError, ValueError, RecursionError):
        return None
    if not isinstance(report, dict) or report.get("schema") != REPORT:
        return None
    if EVIDENCE.get(str(report.get("gate"))) != instance.gate.kind:
        return None
    held = content_of(report, instance.gate.kind, instance.evidence)
    return held if instance.sha256 in held.digests else None


def content_of(report: Mapping[str, Any], kind: str, name: str) -> EvidenceReport:
    """What a report found that still counted, and what was asked."""
    listed, checked = report.get("findings"), report.get("checked")
    findings = [_finding(each) for each in (listed if isinstance(listed, list) else ())]
    tables = [
        asked_in_report(each)
        for each in (checked if isinstance(checked, list) else ())
        if isinstance(each, dict)
    ]
    return EvidenceReport(
        name,
        kind,
        frozenset(digest for digest, _ in _inputs(checked)),
        tuple(each for each in findings if each is not None),
        tuple(each for each in tables if each is not None),
    )


def _finding(each: Any) -> Finding | None:
    """A finding of a report, whatever forgave it there: here the policy of the plan decides."""
    if not isinstance(each, dict) or not isinstance(each.get("rule"), str):
        return None
    name, told = each["rule"], {key: str(each.get(key) or "") for key in _TOLD}
    recorded = Severity(told["severity"]) if told["severity"] in {*Severity} else Severity.WARNING
    rule = find_rule(name) or Rule(name, recorded, "")
    return Finding(
        rule,
        rule.severity,
        told["message"],
        told["subject"],
        Place(told["path"]),
        told["remediation"],
        told["fingerprint"] or hashlib.sha256(repr(told).encode("utf-8", "surrogatepass")).hexdigest()[:32],
    )


def _time_of(report: Mapping[str, Any]) -> datetime | None:
    try:
        return datetime.strptime(str(report.get("time")), _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None


def _paths(inputs: Iterable[tuple[str, str]]) -> Mapping[str, frozenset[str]]:
    """The paths of what was judged, by its digest."""
    found: dict[str, set[str]] = {}
    for digest, path in inputs:
        found.setdefault(digest, set()).add(path)
    return {digest: frozenset(paths) for digest, paths in found.items()}


def _inputs(checked: Any) -> Iterator[tuple[str, str]]:
    """What was judged, by digest and path: each subject, and a release's artifacts."""
    for item in checked if isinstance(checked, list) else ():
        inputs = item.get("inputs") if isinstance(item, dict) else None
        if isinstance(inputs, dict):
            listed = inputs.get("artifacts")
            artifacts = listed if isinstance(listed, list) else []
            for each in ({"path": item.get("path"), **inputs}, *artifacts):
                if isinstance(each, dict) and isinstance(each.get("sha256"), str):
                    yield each["sha256"], str(each.get("path") or "")
