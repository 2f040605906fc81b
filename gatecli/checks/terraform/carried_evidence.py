"""What the evidence behind a plan says itself: its warnings and notes are findings of the plan, too.

Evidence that passed may still warn, and may have been asked less than the policy states for its table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gatecli.checks.tables.stated_questions import (
    QUESTION_NARROWED,
    AskedTable,
    StatedQuestion,
    find_narrowed,
)
from gatecli.checks.terraform.closed_gates import closed_gates
from gatecli.checks.terraform.gate_calls import GateCall, gates_of, releases_of, thresholds_of
from gatecli.checks.terraform.resource_types import DATASET, EVIDENCE
from gatecli.checks.terraform.rules import at, unknown
from gatecli.model.document import Place
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.plan import (
    Absent,
    Answer,
    KnownValue,
    Plan,
    PlannedResource,
    UnknownValue,
    config_address,
    lookup,
    lookup_argument,
)

if TYPE_CHECKING:
    from gatecli.checks.terraform.tagged_evidence import Attestation, TaggedReports
    from gatecli.model.policy import PrivacyPolicy

EVIDENCE_UNREAD = Rule(
    "tf-evidence-unread", Severity.NOTE, "The evidence of a gate is not at hand: what it warns of is untold"
)

RULES: tuple[Rule, ...] = (EVIDENCE_UNREAD,)

_TAGS = ("gatecli-evidence", "gatecli_evidence")
_SHORTEST_TAG = 32
"""Digits of a digest: labels of Google Cloud have room for 63 of its 64."""

Mask = Callable[[str], str]
Stated = Callable[[str, str], Iterable[StatedQuestion]]
"""What the policy states for a table, by its path and its digest."""

_HANDY = "check the folder itself, or keep the report where the gate reads it"


@dataclass(frozen=True, slots=True)
class EvidenceReport:
    """What a report of an earlier run found, and asked; `name` is that of its file."""

    name: str
    kind: str
    digests: frozenset[str]
    findings: tuple[Finding, ...] = ()
    tables: tuple[AskedTable, ...] = ()


@dataclass(frozen=True, slots=True)
class GateInstance:
    """One instance of a gate: the data that it let through, and its evidence where the plan says which.

    `attestation` is the SHA-256 of the attestation that it relies on, empty where only the apply knows; None
    where it relies on a report.
    """

    gate: GateCall
    path: str
    sha256: str
    evidence: str | None
    attestation: str | None = None


@dataclass(frozen=True, slots=True)
class GateEvidence:
    """The evidence of gates as it is beside the plan: None where it is not at hand, or of other data."""

    reports: Mapping[str, EvidenceReport | None] = field(default_factory=dict)


def gate_instances(plan: Plan, policy: PrivacyPolicy) -> tuple[GateInstance, ...]:
    """The gates that rely on a report of a table or of a release, and are open."""
    closed = {each.address for each in closed_gates(plan)}
    return tuple(
        _instance(plan, gate, resource)
        for gate in gates_of(plan, policy.spec.terraform.gate_sources)
        if not gate.fault and gate.kind in EVIDENCE.values()
        for resource in releases_of(plan, gate)
        if resource.address not in closed
    )


def _instance(plan: Plan, gate: GateCall, resource: PlannedResource) -> GateInstance:
    path, sha256 = (_text(lookup(resource, "input", key)) for key in ("path", "sha256"))
    demands = next(
        (each for each in thresholds_of(plan, gate.module) if each.module == resource.module), None
    )
    if demands is not None and not isinstance(lookup(demands, "input", "attestation"), Absent):
        read = [_text(lookup(demands, "input", "attestation", key)) for key in ("path", "sha256")]
        return GateInstance(gate, path, sha256, read[0] or None, read[1])
    named = _input(plan, gate, "evidence")
    if isinstance(named, Absent):
        stem = path.rstrip("/") if gate.kind == DATASET else _text(_input(plan, gate, "declaration"))
        return GateInstance(gate, path, sha256, f"{stem}.gate.json" if stem else None)
    return GateInstance(gate, path, sha256, _text(named) or None)


def _text(answer: Answer) -> str:
    return str(answer.value) if isinstance(answer, KnownValue) else ""


def _input(plan: Plan, gate: GateCall, name: str) -> Answer:
    """What a gate is given: a literal, or a variable of the root module."""
    given = gate.module.inputs.get(name)
    if given is None or (isinstance(given, KnownValue) and given.value is None):
        return Absent()
    if isinstance(given, KnownValue):
        return given
    nodes = plan.edges.get(f"{gate.address}.var.{name}", ())
    values = [each.value for each in plan.variables if nodes == (f"var.{each.name}",)]
    return KnownValue(values[0]) if values and values[0] is not None else UnknownValue()


def evidence_tags(resource: PlannedResource) -> list[Answer]:
    """What the tags and labels of a resource say that name evidence."""
    return [lookup_argument(resource, block, name) for block in ("tags", "labels") for name in _TAGS]


def reports_of_tags(tags: Iterable[Answer], evidence: TaggedReports) -> list[Attestation]:
    """The reports whose digests the tags begin, or are."""
    begins = tuple(text for text in map(_text, tags) if len(text) >= _SHORTEST_TAG)
    return [report for digest, report in evidence.reports.items() if digest.startswith(begins)]


def tagged_reports(plan: Plan, evidence: TaggedReports) -> Iterator[tuple[str, EvidenceReport]]:
    """The reports that tags of the plan refer to, each with the address that does."""
    if not evidence.reports:
        return
    for resource in plan.resources:
        if resource.mode == "managed" and not resource.is_leaving:
            for made in reports_of_tags(evidence_tags(resource), evidence):
                if made.report is not None:
                    yield config_address(resource.address), made.report


def find_carried(
    plan: Plan,
    reports: Iterable[tuple[str, EvidenceReport]],
    stated: Stated,
    mask: Mask,
) -> Iterator[Finding]:
    """The findings of each report, told once, and what its question falls short in."""
    seen: set[str] = set()
    for address, report in reports:
        for finding in _findings_of(plan, address, report, stated, mask):
            if finding.fingerprint not in seen:
                seen.add(finding.fingerprint)
                yield finding


def _findings_of(
    plan: Plan, address: str, report: EvidenceReport, stated: Stated, mask: Mask
) -> Iterator[Finding]:
    before = f"{address}: in the evidence {report.name}: "
    for finding in report.findings:
        yield replace(
            finding,
            message=mask(f"{before}{finding.message}"),
            subject=mask(finding.subject),
            place=Place(plan.path),
            remediation=mask(finding.remediation),
        )
    for table in report.tables:
        place = Place(plan.path)
        for own in stated(table.path, table.sha256):
            for finding in find_narrowed(table, own, address, place, before):
                yield replace(finding, message=mask(finding.message), remediation=mask(finding.remediation))


def find_unread(
    plan: Plan,
    instances: Iterable[GateInstance],
    evidence: GateEvidence,
    stated: Stated,
    policy: PrivacyPolicy,
) -> Iterator[Finding]:
    """Gates whose evidence is not at hand; where the policy states the columns of the data, that counts.

    An attestation that is not at hand is told by `find_distrusted`.
    """
    for each in instances:
        if each.attestation is not None or evidence.reports.get(key_of(each)) is not None:
            continue
        what = f"relies on evidence that is not at hand ({each.evidence or 'the plan does not name it'})"
        gate = each.gate.address
        if any(True for _ in stated(each.path, each.sha256)):
            message = f"{what}: whether it asks what the policy states for {each.path}, it cannot be said"
            yield unknown(at(plan, QUESTION_NARROWED, gate, "", message, _HANDY), policy)
        else:
            message = f"{what}: what it warns of is not told here"
            yield at(plan, EVIDENCE_UNREAD, gate, "", message, _HANDY)


def key_of(instance: GateInstance) -> str:
    """By which evidence is found for it."""
    return "\0".join(map(str, (instance.gate.kind, instance.evidence, instance.attestation, instance.sha256)))
