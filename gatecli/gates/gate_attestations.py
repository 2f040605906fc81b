"""The attestations that gates of a plan rely on: read where the gate read them, or given, and verified."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

from gatecli.checks.terraform.attested_gates import UNREAD, UNTRUSTED, GateTrust, JudgedGate, judge_gate
from gatecli.checks.terraform.carried_evidence import EvidenceReport, GateInstance, gate_instances, key_of
from gatecli.checks.terraform.resource_types import DATASET, MODEL
from gatecli.checks.terraform.tagged_evidence import TaggedReports
from gatecli.gates.attested_questions import asked_of
from gatecli.gates.catalogue import find_rule
from gatecli.gates.trust_policy import reader_by, trust_by_policy
from gatecli.gates.verification_requests import StatementKind, VerifierDemands
from gatecli.model.attestation import AttestedStatement, TableAnonymity
from gatecli.model.document import Place
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.plan import Plan
from gatecli.model.policy import PrivacyPolicy
from gatecli.sources.files import ReadError, read_bytes
from gatecli.sources.locations import inside

_KINDS = {MODEL: StatementKind.RELEASE, DATASET: StatementKind.ANONYMITY}


def judge_gate_attestations(
    plan: Plan, folder: Path | None, policy: PrivacyPolicy, given: TaggedReports, today: date
) -> Mapping[str, JudgedGate]:
    """Whether the attestation of each gate that relies on one holds, by `key_of`.

    Keys are read only where a gate does. Raises ConfigurationError for a key that is none.
    """
    asked = [each for each in gate_instances(plan, policy) if each.attestation is not None]
    if not asked:
        return {}
    rules = policy.spec.attestation
    if not (rules.keys or rules.identities):
        return {key_of(each): UNTRUSTED for each in asked}
    trust = _trust_of(policy, given, today)
    return {key_of(each): _judge(each, folder, trust) for each in asked}


def attested_reports(
    plan: Plan, policy: PrivacyPolicy, judged: Mapping[str, JudgedGate]
) -> Mapping[str, EvidenceReport]:
    """What the attestations that hold say themselves, as reports do."""
    return {
        key_of(each): _report_of(each, statement)
        for each in gate_instances(plan, policy)
        if (found := judged.get(key_of(each))) is not None and (statement := found.statement) is not None
    }


def _trust_of(policy: PrivacyPolicy, given: TaggedReports, today: date) -> GateTrust:
    terms = {holds: trust_by_policy(policy, VerifierDemands(kind, ())) for holds, kind in _KINDS.items()}
    return GateTrust(reader_by(terms[MODEL]), terms, today, given.attestations)


def _judge(instance: GateInstance, folder: Path | None, trust: GateTrust) -> JudgedGate:
    content = next(
        (
            content
            for content in _candidates(instance, folder, trust)
            if hashlib.sha256(content).hexdigest() == instance.attestation
        ),
        None,
    )
    return UNREAD if content is None else judge_gate(instance, content, trust)


def _candidates(instance: GateInstance, folder: Path | None, trust: GateTrust) -> Iterator[bytes]:
    """Where the very bytes that the gate read may be: among what is given, and where it read them."""
    yield from (content for _, content in trust.given)
    if folder is not None and instance.evidence:
        try:
            yield read_bytes(inside(folder, instance.evidence))
        except ReadError:
            return


def _report_of(instance: GateInstance, statement: AttestedStatement) -> EvidenceReport:
    predicate, name = statement.predicate, instance.evidence or "the attestation"
    tables = predicate.tables if isinstance(predicate, TableAnonymity) else ()
    asked = (asked_of(each, instance.path) for each in tables if each.sha256 == instance.sha256)
    return EvidenceReport(
        name,
        instance.gate.kind,
        frozenset({instance.sha256}),
        tuple(_finding_of(instance, rule, count) for rule, count in predicate.findings.items()),
        tuple(each for each in asked if each is not None),
    )


def _finding_of(instance: GateInstance, name: str, count: int) -> Finding:
    """An attestation states how many findings of a rule still counted, and not what they say."""
    rule = find_rule(name) or Rule(name, Severity.WARNING, "")
    times = "one finding" if count == 1 else f"{count} findings"
    identity = hashlib.sha256(f"{name}\0{instance.sha256}".encode()).hexdigest()[:32]
    return Finding(
        rule,
        rule.severity,
        f"{times} of {name}: {rule.summary}" if rule.summary else f"{times} of {name}",
        instance.path,
        Place(instance.evidence or ""),
        "check again to read what it says",
        identity,
    )
