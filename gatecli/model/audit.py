"""What an audit found: values that commands, the pytest plugin and evidence files share.

An audit can refute a claim. It can never verify one: "nothing found" says how much it would have found.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, Strict, WithJsonSchema

from gatecli.model.base import Many, Text, Value
from gatecli.model.budget import Neighbouring
from gatecli.model.number import BelowOne, NonNegative, plain
from gatecli.package import VERSION

AUDIT_SCHEMA = "gatecli/audit/v1"
"""The format of a file of audit results."""

_IN_FILES = ConfigDict(extra="forbid", defer_build=True)

# What a finding shows of a file is of few letters.
_Method = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
_Digest = Annotated[str, Field(pattern=r"^([0-9a-fA-F]{64})?$"), AfterValidator(str.lower)]


def _named_texts(value: object) -> object:
    """A file's block of names and texts as pairs; anything else is none."""
    return tuple(value.items()) if isinstance(value, Mapping) else None


_Measures = Annotated[
    tuple[tuple[str, str], ...],
    BeforeValidator(_named_texts),
    WithJsonSchema({"type": "object", "additionalProperties": {"type": "string"}}),
]


class AuditOutcome(StrEnum):
    """The three words of an audit."""

    REFUTED = "refuted"
    NOTHING_FOUND = "nothing-found"
    COULD_NOT_RUN = "could-not-run"


@dataclass(frozen=True, slots=True)
class AuditClaim:
    """What was promised: (ε, δ) under a neighbouring relation, where one is named."""

    __pydantic_config__ = _IN_FILES

    epsilon: NonNegative
    delta: BelowOne = Fraction(0)
    neighbouring: Neighbouring | None = None


@dataclass(frozen=True, slots=True)
class AuditPower:
    """What would have been found: an ε at least, with a probability."""

    __pydantic_config__ = _IN_FILES

    epsilon: NonNegative
    probability: BelowOne


@dataclass(frozen=True, slots=True)
class AuditResult:
    """One audit of one subject.

    `method` names the test (`betting`, `lattice`, `clopper-pearson`, `one-run`, …). `lower`
    is a lower bound on ε at the claim's δ that holds with probability `confidence`. `inputs` and `event`
    say, in words, on what the claim was refuted. `digest` is the SHA-256 that the result is bound to: of
    the mechanism's code and inputs, or of the model's weights. `reason` says why it could not run.
    `measures` are further figures, each with its name. The types are those of a file (`AuditFile`).
    """

    __pydantic_config__ = _IN_FILES

    subject: str
    method: _Method
    outcome: AuditOutcome
    claim: AuditClaim
    confidence: BelowOne
    lower: NonNegative = Fraction(0)
    samples: Annotated[int, Strict(), Field(ge=0)] = 0
    inputs: tuple[str, str] | None = None
    event: str = ""
    power: AuditPower | None = None
    digest: _Digest = ""
    reason: str = ""
    measures: _Measures = ()

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


def digest_of_code(digests: Iterable[str]) -> str:
    """What an audit of code is bound to: the digest of its one file, or the SHA-256 of several, sorted."""
    found = sorted(each.lower() for each in digests)
    return found[0] if len(found) == 1 else hashlib.sha256("".join(found).encode()).hexdigest()


def audit_document(results: Iterable[AuditResult]) -> dict[str, Any]:
    """The content of a file of audit results (`gatecli/audit/v1`)."""
    tool = {"name": "gatecli", "version": VERSION}
    return {"schema": AUDIT_SCHEMA, "tool": tool, "results": [result.as_data() for result in results]}


def _agreeing(result: AuditResult) -> AuditResult:
    """The result, whose word must be what its figures say. Raises ValueError."""
    lower, claimed = result.lower, result.claim.epsilon
    words = {
        AuditOutcome.REFUTED: (lower >= claimed, "is refuted, and lower is below the ε of its claim"),
        AuditOutcome.NOTHING_FOUND: (
            lower <= claimed,
            "found nothing, and lower is above the ε of its claim",
        ),
        AuditOutcome.COULD_NOT_RUN: (lower == 0, "could not run, and lower is above 0"),
    }
    agrees, problem = words[result.outcome]
    if not agrees:
        raise ValueError(f"it {problem}: its word and its figures differ")
    return result


class AuditTool(Value):
    """The program that wrote a file."""

    name: Text
    version: Text


class AuditFile(Value):
    """A file of audit results."""

    schema_name: Literal["gatecli/audit/v1"] = Field(alias="schema")
    tool: AuditTool | None = None
    results: Annotated[Many[Annotated[AuditResult, AfterValidator(_agreeing)]], Field(min_length=1)]
