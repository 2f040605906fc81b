"""What the pytest plugin does once a test asks for an audit; apart, since most runs ask for none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

from gatecli.audit.attack import MOST_SAMPLES, MOST_SEED, Effort
from gatecli.audit.mechanism import MechanismAudit, audit_mechanism
from gatecli.audit.neighbours import (
    MOST_VALUES,
    RELATIONS,
    check_domain,
    make_pairs,
    own_pairs,
    relation_of,
)
from gatecli.audit.wording import sentence
from gatecli.audit.worker import SandboxLimits
from gatecli.errors import UsageError
from gatecli.model.audit import AuditClaim, AuditOutcome, AuditResult
from gatecli.model.number import read_exact


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


def read_claim(given: Mapping[str, Any]) -> dict[str, Fraction] | None:
    """The claim of a marker: ε ≥ 0, 0 ≤ δ < 1 and 0 < alpha ≤ 0.1; None where it is none."""
    try:
        # The text of a float is the number that was written.
        claim = {name: read_exact(str(value)) for name, value in {**_DEFAULTS, **given}.items()}
    except ValueError:
        return None
    is_claim = claim["epsilon"] >= 0 and 0 <= claim["delta"] < 1 and 0 < claim["alpha"] <= Fraction(1, 10)
    return claim if is_claim else None


_DEFAULTS = {"epsilon": "-1", "delta": "0", "alpha": "0.001"}


def audit_by(mechanism: Callable[..., Any], wish: Wish) -> list[AuditResult]:
    """The audit that a test wishes for. Raises UsageError or ConfigurationError for what does not fit."""
    values = check_domain(tuple(islice(wish.domain, MOST_VALUES + 1)))
    relation = relation_of(wish.neighbours, has_domain=bool(values))
    asked = MechanismAudit(
        wish.name,
        mechanism,
        AuditClaim(wish.claim["epsilon"], wish.claim["delta"], RELATIONS[relation]),
        own_pairs(wish.pairs) if wish.pairs else make_pairs(relation, values),
        Effort.of(
            wish.claim["alpha"],
            _whole(wish.samples, "samples", 1, MOST_SAMPLES),
            _whole(wish.seed, "seed", 0, MOST_SEED),
        ),
        SandboxLimits.of(wish.time_budget),
        wish.lattice,
        Path(wish.state) if wish.state else None,
    )
    return audit_mechanism(asked)


def _whole(value: object, name: str, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise UsageError(f"{name} is not a whole number between {least} and {most}")
    return value


def sentences(results: Sequence[AuditResult]) -> tuple[list[str], list[str]]:
    """All results in words, and those that fail a test."""
    told = [f"{each.method}: {sentence(each)}" for each in results]
    bad = [sentence(each) for each in results if each.outcome is not AuditOutcome.NOTHING_FOUND]
    return told, bad
