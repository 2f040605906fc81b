"""What the pytest plugin does once a test asks for an audit; apart, since most runs ask for none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from gatecli.audit.attack import Effort
from gatecli.audit.mechanism import MechanismAudit, audit_mechanism
from gatecli.audit.neighbours import RELATIONS, Pair, check_pairs, make_pairs, relation_of
from gatecli.audit.wording import sentence
from gatecli.audit.worker import SandboxLimits
from gatecli.model.audit import AuditClaim, AuditOutcome, AuditResult


@dataclass(frozen=True, slots=True)
class Wish:
    """A test's name, its claim (epsilon, delta, alpha), its state, and the keywords of its call."""

    name: str
    claim: Mapping[str, Fraction]
    state: str | None
    neighbours: str = ""
    domain: Iterable[Any] = ()
    pairs: Sequence[tuple[Any, Any]] = ()
    lattice: bool = False
    samples: int = 100_000
    time_budget: float = 10.0
    seed: int = 0


def audit_by(mechanism: Callable[..., Any], wish: Wish) -> list[AuditResult]:
    """The audit that a test wishes for. Raises UsageError or ConfigurationError for what does not fit."""
    values = tuple(wish.domain)
    relation = relation_of(wish.neighbours, has_domain=bool(values))
    own = [Pair(*each) for each in wish.pairs]
    asked = MechanismAudit(
        wish.name,
        mechanism,
        AuditClaim(wish.claim["epsilon"], wish.claim["delta"], RELATIONS[relation]),
        check_pairs(own) if own else make_pairs(relation, values),
        Effort.of(wish.claim["alpha"], wish.samples, wish.seed),
        SandboxLimits(wish.time_budget),
        wish.lattice,
        Path(wish.state) if wish.state else None,
    )
    return audit_mechanism(asked)


def sentences(results: Sequence[AuditResult]) -> tuple[list[str], list[str]]:
    """All results in words, and those that fail a test."""
    told = [f"{each.method}: {sentence(each)}" for each in results]
    bad = [sentence(each) for each in results if each.outcome is not AuditOutcome.NOTHING_FOUND]
    return told, bad
