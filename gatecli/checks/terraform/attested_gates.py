"""Gates that rely on an attestation: HCL verifies no signature, so that what they read is verified here.

The keys are those of the policy that judges the plan, never of whoever calls the module. Three-valued: an
attestation that is not at hand is neither a pass nor, of itself, a fault.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from gatecli.checks.attestation import GivenArtifact, TrustTerms
from gatecli.checks.signed_statements import SignedStatement, StatementReader, first_fault
from gatecli.checks.terraform.access_policies import Answer
from gatecli.checks.terraform.carried_evidence import GateInstance, Mask
from gatecli.checks.terraform.rules import GATE_BYPASSED, at, unknown
from gatecli.model.attestation import AttestedStatement
from gatecli.model.finding import Finding
from gatecli.model.plan import Plan
from gatecli.model.policy import PrivacyPolicy

_NO_KEY = "and the policy trusts no key, so that an attestation is not evidence"
_KEY_MEND = "list who signs under spec.attestation.keys, or give the gate a report: evidence"
_MEND = "let a key of the policy attest what is here (gatecli attest), or give the gate a report: evidence"
_HANDY = "check the folder itself, or give the attestation: --evidence FILE"


@dataclass(frozen=True, slots=True)
class GateTrust:
    """Whose attestations count on a day, by what is gated; `given` are those given beside a plan."""

    reader: StatementReader
    terms: Mapping[str, TrustTerms]
    today: date
    given: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class JudgedGate:
    """Whether the attestation of a gate holds; why not, how to fix it, and what it states where it does."""

    answer: Answer
    why: str = ""
    mend: str = ""
    statement: AttestedStatement | None = None


UNREAD = JudgedGate("unknown", "that is not at hand", _HANDY)
"""Of a gate whose attestation nobody could read."""
UNTRUSTED = JudgedGate("no", _NO_KEY, _KEY_MEND)
"""Of a gate whose attestation nobody may sign."""


def judge_gate(instance: GateInstance, content: bytes, trust: GateTrust) -> JudgedGate:
    """Whether an attestation that a gate read holds for what the gate let through."""
    where = instance.evidence or "the attestation"
    own = trust.reader.statements_of([(where, content)])
    if not own.signed:
        return JudgedGate("no", f"that cannot be verified: {'; '.join(own.problems)}", _MEND)
    sha256 = own.signed[0].sha256
    every = trust.reader.statements_of([(where, content), *trust.given])
    signed = next((each for each in every.signed if each.sha256 == sha256), own.signed[0])
    return _judge_statement(instance, signed, trust)


def _judge_statement(instance: GateInstance, signed: SignedStatement, trust: GateTrust) -> JudgedGate:
    released = GivenArtifact(instance.path, {"sha256": instance.sha256})
    fault = first_fault(signed, trust.terms[instance.gate.kind], trust.today, (released,))
    if fault is not None:
        return JudgedGate("no", f"that does not hold: {fault}", _MEND)
    return JudgedGate("yes", statement=signed.statement)


def find_distrusted(
    plan: Plan,
    instances: Iterable[GateInstance],
    judge: Callable[[GateInstance], JudgedGate],
    policy: PrivacyPolicy,
    mask: Mask,
) -> Iterator[Finding]:
    """Gates that an attestation opened which does not hold, or may not: each once for all its instances."""
    told: set[str] = set()
    for each in instances:
        judged = judge(each) if each.attestation is not None else JudgedGate("yes")
        named = f" ({each.evidence})" if each.evidence else ""
        message = mask(f"relies on an attestation{named} {judged.why}")
        finding = at(plan, GATE_BYPASSED, each.gate.address, "", message, judged.mend)
        if judged.answer != "yes" and finding.fingerprint not in told:
            told.add(finding.fingerprint)
            yield finding if judged.answer == "no" else unknown(finding, policy)
