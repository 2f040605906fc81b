"""What an audit found: values that commands, the pytest plugin and evidence files share.

An audit can refute a claim. It can never verify one: "nothing found" says how much it would have found.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

from gatecli.model.budget import Neighbouring
from gatecli.model.number import plain
from gatecli.package import VERSION

AUDIT_SCHEMA = "gatecli/audit/v1"
"""The format of a file of audit results."""


class AuditOutcome(StrEnum):
    """The three words of an audit."""

    REFUTED = "refuted"
    NOTHING_FOUND = "nothing-found"
    COULD_NOT_RUN = "could-not-run"


@dataclass(frozen=True, slots=True)
class AuditClaim:
    """What was promised: (ε, δ) under a neighbouring relation, where one is named."""

    epsilon: Fraction
    delta: Fraction = Fraction(0)
    neighbouring: Neighbouring | None = None


@dataclass(frozen=True, slots=True)
class AuditPower:
    """What would have been found: an ε at least, with a probability."""

    epsilon: Fraction
    probability: Fraction


@dataclass(frozen=True, slots=True)
class AuditResult:
    """One audit of one subject.

    `method` names the test (`betting`, `lattice`, `clopper-pearson`, `one-run`, …). `lower`
    is a lower bound on ε at the claim's δ that holds with probability `confidence`. `inputs` and `event`
    say, in words, on what the claim was refuted. `digest` is the SHA-256 that the result is bound to: of
    the mechanism's code and inputs, or of the model's weights. `reason` says why it could not run.
    `measures` are further figures, each with its name.
    """

    subject: str
    method: str
    outcome: AuditOutcome
    claim: AuditClaim
    confidence: Fraction
    lower: Fraction = Fraction(0)
    samples: int = 0
    inputs: tuple[str, str] | None = None
    event: str = ""
    power: AuditPower | None = None
    digest: str = ""
    reason: str = ""
    measures: tuple[tuple[str, str], ...] = ()

    def as_data(self) -> dict[str, Any]:
        """The result as it stands in a file: numbers as exact text."""
        claim, power = self.claim, self.power
        return {
            "subject": self.subject,
            "method": self.method,
            "outcome": self.outcome.value,
            "claim": {
                "epsilon": plain(claim.epsilon),
                "delta": plain(claim.delta),
                "neighbouring": claim.neighbouring.value if claim.neighbouring else None,
            },
            "confidence": plain(self.confidence),
            "lower": plain(self.lower),
            "samples": self.samples,
            "inputs": list(self.inputs) if self.inputs else None,
            "event": self.event,
            "power": {"epsilon": plain(power.epsilon), "probability": plain(power.probability)}
            if power
            else None,
            "digest": self.digest,
            "reason": self.reason,
            "measures": dict(self.measures),
        }


def audit_document(results: Iterable[AuditResult]) -> dict[str, Any]:
    """The content of a file of audit results (`gatecli/audit/v1`)."""
    tool = {"name": "gatecli", "version": VERSION}
    return {"schema": AUDIT_SCHEMA, "tool": tool, "results": [result.as_data() for result in results]}
