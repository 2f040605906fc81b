"""The few canonical losses that every declared mechanism is translated to.

A term states what an adversary can at most see under the question's own relation and group, so
that no accountant needs to know about neighbouring relations. `count` is how often it is composed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class GaussianTerm:
    """Gaussians of total μ² = Σ (Δ/σ)²: adaptive Gaussians compose to one (Dong et al. 2019, 3.3)."""

    mu_squared: Fraction


@dataclass(frozen=True, slots=True)
class SampledGaussianTerm:
    """A sum of Poisson-sampled contributions of norm ≤ 1 with noise N(0, σ²).

    `group` records of one unit are each sampled with probability `rate`; `replaced` where a unit is
    exchanged for another rather than added or removed.
    """

    sigma: Fraction
    rate: Fraction
    group: int
    replaced: bool
    count: int


@dataclass(frozen=True, slots=True)
class TruncatedGaussianTerm:
    """As a SampledGaussianTerm of single records, with batches cut to `batch` records at random.

    `size` records are sampled from; a cut batch that loses one record has another in its place.
    """

    sigma: Fraction
    rate: Fraction
    size: int
    batch: int
    replaced: bool
    count: int


@dataclass(frozen=True, slots=True)
class FixedSizeTerm:
    """The Gaussian on a fixed-size sample without replacement; σ is relative to the sensitivity
    of replacing one unit (twice the clipping norm). `zeroed` where a unit is replaced by an empty one,
    which moves the sum by half of that.
    """

    sigma: Fraction
    rate: Fraction
    group: int
    count: int
    zeroed: bool = False


@dataclass(frozen=True, slots=True)
class LaplaceTerm:
    """Laplace noise with `epsilon` = sensitivity / scale, on a Poisson sample where `rate` < 1."""

    epsilon: Fraction
    rate: Fraction
    count: int


@dataclass(frozen=True, slots=True)
class ResponseTerm:
    """Randomised response; against a uniformly random answer where `zeroed`."""

    categories: int
    noise: Fraction
    zeroed: bool
    count: int


@dataclass(frozen=True, slots=True)
class IntegerTerm:
    """Integer noise on an integer query: `kind` is laplace (scale), gaussian (σ) or binomial
    (trials, probability).
    """

    kind: str
    sensitivity: int
    scale: Fraction
    trials: int
    count: int


@dataclass(frozen=True, slots=True)
class ClaimTerm:
    """A black box that is (ε, δ)-DP; `ranged` where it is also ε-bounded-range (exponential)."""

    epsilon: Fraction
    delta: Fraction
    count: int
    ranged: bool = False


@dataclass(frozen=True, slots=True)
class ConcentratedTerm:
    """A claim of ρ-zCDP, all of them summed."""

    rho: Fraction


@dataclass(frozen=True, slots=True)
class CurveTerm:
    """A claim of RDP at some orders, ascending."""

    points: tuple[tuple[Fraction, Fraction], ...]
    count: int


@dataclass(frozen=True, slots=True)
class WorstTerm:
    """A unit meets exactly one of the branches: the worst counts."""

    branches: tuple[tuple[Term, ...], ...]
    count: int


@dataclass(frozen=True, slots=True)
class RepeatTerm:
    """A run of `terms` that is repeated a random number of times and selected from.

    `shape` is the η of the truncated negative binomial distribution; None for Poisson.
    """

    terms: tuple[Term, ...]
    mean: Fraction
    shape: Fraction | None
    count: int


Term = (
    GaussianTerm
    | SampledGaussianTerm
    | TruncatedGaussianTerm
    | FixedSizeTerm
    | LaplaceTerm
    | ResponseTerm
    | IntegerTerm
    | ClaimTerm
    | ConcentratedTerm
    | CurveTerm
    | WorstTerm
    | RepeatTerm
)


def has_delta(terms: Iterable[Term]) -> bool:
    """Whether any claim within has a δ of its own, at whatever depth."""
    for term in terms:
        match term:
            case ClaimTerm(delta=delta) if delta > 0:
                return True
            case WorstTerm(branches) if any(map(has_delta, branches)):
                return True
            case RepeatTerm(terms=inner) if has_delta(inner):
                return True
            case _:
                continue
    return False


def repeat_term(term: Term, count: int) -> Term:
    """The term composed `count` times."""
    match term:
        case GaussianTerm(mu_squared):
            return GaussianTerm(mu_squared * count)
        case ConcentratedTerm(rho):
            return ConcentratedTerm(rho * count)
        case _:
            return replace(term, count=term.count * count)


@dataclass(frozen=True, slots=True)
class Translation:
    """A question in canonical terms.

    `tight` are the terms whose loss is attained by some data and queries that fit the description:
    only they may count towards a lower bound. `notes` name the theorems applied.
    """

    terms: tuple[Term, ...]
    tight: tuple[Term, ...]
    notes: tuple[str, ...] = field(default=())
