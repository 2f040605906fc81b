"""Bounds on a composition from privacy loss distributions; the way to everything that needs numpy."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from gatecli.accounting.answers import CLOSE, Cost, without_claims
from gatecli.accounting.composition import COARSE, CompositionSearch, Direction, directions_of, epsilon_of
from gatecli.accounting.pairs import Pair, is_wide, pair_of
from gatecli.accounting.rounding import NumericFailure, above, below, lower, quiet_numerics, upper
from gatecli.accounting.terms import (
    ClaimTerm,
    GaussianTerm,
    IntegerTerm,
    SampledGaussianTerm,
    Term,
    Translation,
    TruncatedGaussianTerm,
    WorstTerm,
    repeat_term,
)
from gatecli.accounting.truncated import truncated_pair

MAX_MECHANISMS = 4096
"""Different mechanisms in one composition; each costs a discretisation of its own."""

MAX_COMPOSITIONS = 10**8
"""Beyond it float rounding of the composition outweighs any δ of practice."""

MAX_BRANCHES = 16

SHARE, FEW = 1.5e-5, 1000
"""How wide each bound is, relatively, where no claim asks for more: a quarter of it for few compositions,
whose grids are short."""

REACH = 16
"""How much nearer, in shares, a finer look may bring a bound than the last one left it, at the most."""

FINER, DEARER = 16, 4
"""How much narrower the bounds of every further look are, and how much finer its grid is."""

LOOKS = 5
"""Looks at one question."""

CHEAP = 1 << 16
"""Points up to which the first look is followed by another one in any case."""

WORK = 1 << 26
"""Points, over all transforms of all looks, beyond which a question is not looked at again: some 5 s."""

Pairs = tuple[tuple[Pair, int], ...]


@dataclass(frozen=True, slots=True)
class _Side:
    """A bound from one side (None: there is none), what it took, and whether a finer grid is too dear."""

    bound: Cost
    points: int = 0
    finest: bool = True


def bounds_of(translation: Translation, delta: Fraction, claim: Fraction | None) -> tuple[Cost, Fraction]:
    """Bounds on ε at δ, refined until they decide `claim`, or one of the limits above is reached.

    The limits count points, not time: the same question has the same answer on every machine.
    """
    high: Cost = None
    low, spent = Fraction(0), 0
    attained = translation.tight == translation.terms and not any(map(is_wide, translation.terms))
    first = SHARE / 4 if _compositions(translation.terms) <= FEW else SHARE
    for look in range(LOOKS):
        share = first / FINER**look
        over = _upper_side(translation.terms, delta, share)
        high = over.bound if high is None or over.bound is None else min(high, over.bound)
        near = float(high) if high is not None and attained else None
        under = _lower_side(translation.tight, delta, share, near)
        low = max(low, under.bound or Fraction(0))
        used = over.points + under.points
        spent += used
        finest = over.finest and under.finest
        cheap = look == 0 and used <= CHEAP
        done = _is_decided(high, low, claim) or (not attained and _is_hopeless(high, claim, share))
        if finest or spent + DEARER * used > WORK or (done and not cheap):
            break
    return high, low


def _compositions(terms: tuple[Term, ...]) -> int:
    """How many mechanisms one unit meets at most."""
    return sum(
        max(map(_compositions, term.branches)) * term.count
        if isinstance(term, WorstTerm)
        else getattr(term, "count", 1)
        for term in terms
    )


def _is_decided(high: Cost, low: Fraction, claim: Fraction | None) -> bool:
    """Whether the claim does not lie between the bounds; without one, whether these are close."""
    if high is None:
        return True
    return high - low <= high * CLOSE if claim is None else not low <= claim < high


def _is_hopeless(high: Cost, claim: Fraction | None, share: float) -> bool:
    """Whether no finer look decides a question whose lower bound stays away, as that of claims does."""
    return high is None or claim is None or claim < high * (1 - Fraction(REACH * share))


def _upper_side(terms: tuple[Term, ...], delta: Fraction, share: float) -> _Side:
    """An ε at which the whole composition is (ε, δ)-DP; none where a pair is unknown or too costly."""
    stripped = without_claims(terms, delta)
    sides = (
        []
        if stripped is None
        else [_guarded_above(one, stripped[1], share) for one in branches_of(stripped[0])]
    )
    bounds = [side.bound for side in sides if side.bound is not None]
    whole = max(bounds) if bounds and len(bounds) == len(sides) else None
    return _Side(whole, sum(side.points for side in sides), all(side.finest for side in sides))


def branches_of(terms: tuple[Term, ...]) -> list[tuple[Term, ...]]:
    """The compositions a unit may meet, where it meets one branch once; none where that is unclear.

    The maximum over branches is valid for a parallel composition that stands alone: beside other
    mechanisms its partitions could be chosen after seeing their outputs.
    """
    match terms:
        case (WorstTerm(branches, 1),) if len(branches) <= MAX_BRANCHES:
            return list(branches)
        case _:
            return [] if any(isinstance(term, WorstTerm) for term in terms) else [terms]


def _guarded_above(terms: tuple[Term, ...], delta: Fraction, share: float) -> _Side:
    try:
        with quiet_numerics():
            return _above(terms, delta, share)
    except NumericFailure:
        return _Side(None)


def _above(terms: tuple[Term, ...], delta: Fraction, share: float) -> _Side:
    """The dearer direction: a rough look at both tells which one is to be looked at closely."""
    found = pairs_of(terms, spender=False)
    if not found or len(found) < len(terms) or orientation_is_unknown(terms) or below(delta) <= 0:
        return _Side(None)
    rough = [(_rough(one, share, above=True), one) for one in directions_of(found, below(delta), share)]
    worst, points, finest = 0.0, sum(first.points for first, _ in rough), True
    for first, direction in sorted(rough, key=lambda pair: -pair[0].epsilon):
        if first.epsilon <= worst:
            break
        fine = _fine(direction, share, first, above=True)
        worst, points, finest = (
            max(worst, min(first.epsilon, fine.epsilon)),
            points + fine.points,
            fine.finest,
        )
    return _Side(upper(worst), points, finest)


def _rough(direction: Direction, share: float, *, above: bool) -> CompositionSearch:
    return epsilon_of(direction, min(share * COARSE, 1e-3), None, above=above)


def _fine(direction: Direction, share: float, first: CompositionSearch, *, above: bool) -> CompositionSearch:
    """A close look around what a rough one found."""
    if first.epsilon == 0 and above:
        return first
    near = first.epsilon if 0 < first.epsilon < math.inf else None
    return epsilon_of(direction, share, near, above=above)


def orientation_is_unknown(terms: tuple[Term, ...]) -> bool:
    """Skewed noise leaks differently by the sign of a change, and signs may differ between queries."""
    skewed = [
        term
        for term in terms
        if isinstance(term, IntegerTerm) and term.kind == "binomial" and 2 * term.scale != 1
    ]
    return bool(skewed) and (len(terms) > 1 or skewed[0].count > 1)


def _lower_side(terms: tuple[Term, ...], delta: Fraction, share: float, high: float | None) -> _Side:
    """An ε below which the terms are not (ε, δ)-DP; 0 where none is known. `high` is an upper bound."""
    best = _Side(Fraction(0))
    for branch in _choices(terms):
        plain = tuple(term for term in branch if not isinstance(term, WorstTerm))
        try:
            with quiet_numerics():
                side = _below(plain, delta, share, high)
        except NumericFailure:
            continue
        bound = max(best.bound or Fraction(0), side.bound or Fraction(0))
        best = _Side(bound, best.points + side.points, best.finest and side.finest)
    return best


def _choices(terms: tuple[Term, ...]) -> list[tuple[Term, ...]]:
    """What one unit meets: any choice of branches is some unit's, so each gives a lower bound."""
    worst = [term for term in terms if isinstance(term, WorstTerm)]
    plain = tuple(term for term in terms if not isinstance(term, WorstTerm))
    if not worst:
        return [plain]
    first = worst[0]
    return [
        plain + tuple(repeat_term(term, first.count) for term in branch)
        for branch in first.branches[:MAX_BRANCHES]
    ]


def _below(terms: tuple[Term, ...], delta: Fraction, share: float, high: float | None) -> _Side:
    """The direction that seems dearer, and the other one where the first stays far from `high`."""
    found = pairs_of(terms, spender=True)
    if not found:
        return _Side(Fraction(0))
    enough = math.inf if high is None else high * (1 - 4 * share)
    best, points, finest, near = 0.0, 0, True, high
    for direction in sorted(directions_of(found, above(delta), share), key=lambda one: -one.saddle.epsilon):
        if best >= enough:
            break
        first = (
            _rough(direction, share, above=False)
            if near is None
            else CompositionSearch(near, 0, finest=False)
        )
        fine = _fine(direction, share, first, above=False)
        best, points, near = max(best, fine.epsilon), points + first.points + fine.points, None
        finest = finest and fine.finest
    return _Side(lower(best), points, finest)


def pairs_of(terms: tuple[Term, ...], *, spender: bool) -> Pairs:
    if len(terms) > MAX_MECHANISMS:
        return ()
    found: list[tuple[Pair, int]] = []
    for term in terms:
        as_sampled = _as_sampled(term, spender=spender)
        pair = None if as_sampled is None else _pair(as_sampled, spender=spender)
        count = getattr(as_sampled, "count", 1)
        if pair is not None and count <= MAX_COMPOSITIONS:
            found.append((pair, count))
    return tuple(found)


def _pair(term: Term, *, spender: bool) -> Pair | None:
    if isinstance(term, TruncatedGaussianTerm):
        return None if spender else truncated_pair(term)
    return pair_of(term, spender=spender)


def _as_sampled(term: Term, *, spender: bool) -> Term | None:
    """A Gaussian is one that samples every record."""
    if not isinstance(term, GaussianTerm):
        return term
    if term.mu_squared == 0:
        return ClaimTerm(Fraction(0), Fraction(0), 1) if not spender else None
    mu_squared = below(term.mu_squared) if spender else above(term.mu_squared)
    if not 0 < mu_squared < math.inf:
        return None
    sigma = 1 / math.sqrt(mu_squared)
    sigma = math.nextafter(sigma, math.inf if spender else 0.0)
    return SampledGaussianTerm(Fraction(sigma), Fraction(1), 1, replaced=False, count=1)
