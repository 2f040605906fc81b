"""The audit of one training run: each canary was put in or left out by a fair coin of its own.

Source: Steinke, Nasr, Jagielski, "Privacy Auditing with One (1) Training Run" (2305.08846), theorem 5.2.
Let S be m fair coins, M the training on the canaries whose coin fell on heads, T any guesses that are
computed from M's output, with r guesses at most, the rest abstaining. If M is (ε, δ)-private under adding or
removing one canary, the number W of right guesses obeys, for every v,

    P[W ≥ v]  ≤  P[B ≥ v] + 2mδ · max over i = 1 … v of P[v > B ≥ v - i] / i

with B ~ Binomial(r, e^ε/(1 + e^ε)).

Why for δ = 0: given the output, each coin is right to guess with odds e^ε at most, so W is dominated by B.
δ is paid once for each canary: with probability 2mδ in all, some guess comes for free.

Which guesses. A guess may depend on the scores of all canaries, since scores are computed from the model;
it may not depend on the coins. So "in" is guessed for the highest scores and "out" for the lowest, in
numbers that are fixed by m alone (`shapes`). Choosing the best of several numbers afterwards does look at
the coins: each shape is tested at its own share of α, and the shares add up to α (union bound). Among equal
scores a cut would have to choose, and the order in a file may follow the coins; so equal scores are guessed
alike or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gatecli.audit.binomial import tail
from gatecli.audit.bisection import first_true, last_true

LEAST_GUESSES = 8
"""Fewer right guesses refute next to nothing at any α in use."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How many canaries are guessed: so many "in" from the top, so many "out" from the bottom."""

    inside: int
    outside: int
    share: float

    @property
    def guesses(self) -> int:
        return self.inside + self.outside


@dataclass(frozen=True, slots=True)
class Guesses:
    """What was guessed of `canaries`, `most` at most, and how many were right."""

    canaries: int
    most: int
    right: int


def shapes(canaries: int, guesses: int | None = None) -> tuple[Shape, ...]:
    """The shapes that are tried, by the number of canaries alone.

    Half of α goes to a guess for every canary, the rest in equal parts to guesses for a half, a quarter, …
    of them: from both ends, and from the top alone. With `guesses` there is that one shape.
    """
    if guesses is not None:
        return (Shape(guesses - guesses // 2, guesses // 2, 1.0),)
    sizes = [size for power in range(1, 6) if (size := canaries >> power) >= LEAST_GUESSES]
    rest = [(size - size // 2, size // 2) for size in sizes] + [(size, 0) for size in sizes]
    whole = Shape(canaries - canaries // 2, canaries // 2, 0.5 if rest else 1.0)
    return (whole, *(Shape(top, bottom, 0.5 / len(rest)) for top, bottom in rest))


Ranking = Sequence[tuple[float, bool]]
"""Scores in ascending order, each with whether its canary was in."""


def rank(inside: Sequence[float], outside: Sequence[float]) -> Ranking:
    """All scores in order: of canaries in, and of canaries out."""
    return sorted([(score, True) for score in inside] + [(score, False) for score in outside])


def guess(ordered: Ranking, shape: Shape) -> Guesses:
    """What a shape guesses, and how much of it is right."""
    count = len(ordered)
    if shape.guesses == count:
        low = top = _nearest_cut(ordered, shape.outside)
    else:
        low, top = _cut_below(ordered, shape.outside), _cut_above(ordered, count - shape.inside)
    right = sum(member for _, member in ordered[top:]) + sum(not member for _, member in ordered[:low])
    return Guesses(count, shape.guesses, right)


def _is_cut(ordered: Ranking, at: int) -> bool:
    """Whether no two equal scores stand on both sides of a place."""
    return at in {0, len(ordered)} or ordered[at - 1][0] != ordered[at][0]


def _cut_below(ordered: Ranking, at: int) -> int:
    while not _is_cut(ordered, at):
        at -= 1
    return at


def _cut_above(ordered: Ranking, at: int) -> int:
    while not _is_cut(ordered, at):
        at += 1
    return at


def _nearest_cut(ordered: Ranking, at: int) -> int:
    below, above = _cut_below(ordered, at), _cut_above(ordered, at)
    return below if at - below <= above - at else above


def p_value(guesses: Guesses, epsilon: float, delta: float) -> float:
    """How probable so many right guesses are at most, if the training is (ε, δ)-private (theorem 5.2)."""
    import numpy as np  # noqa: PLC0415 - few commands need numpy and scipy
    from scipy.special import bdtrc, expit  # noqa: PLC0415 - as above

    if guesses.right <= 0:
        return 1.0
    rate = float(expit(epsilon))
    plain = tail(guesses.right, guesses.most, rate)
    if delta == 0 or plain >= 1:
        return plain
    # The mean of the probabilities below v grows until past their mode; ten deviations on, all are nothing.
    mean, deviation = guesses.most * rate, (guesses.most * rate * (1 - rate)) ** 0.5
    reach = int(max(0.0, guesses.right - mean) + 10 * deviation + 10)
    steps = np.arange(1, min(guesses.right, reach) + 1, dtype=float)
    below = guesses.right - steps - 1
    sums = np.where(below < 0, 1.0, bdtrc(np.maximum(below, 0), guesses.most, rate)) - plain
    free = float(np.max(sums / steps))
    return min(1.0, plain + 2 * guesses.canaries * delta * free)


def lower_bound(guesses: Guesses, delta: float, alpha: float, least: float = 0.0) -> float:
    """The largest ε that so many right guesses refute at level alpha; `least` where they refute no more.

    While v is above the mean of B, both terms of the p-value grow with ε, and it is there that the p-value is
    below alpha: so the search ends where that ends.
    """
    return last_true(lambda epsilon: p_value(guesses, epsilon, delta) <= alpha, least=least)


def highest_bound(canaries: int, delta: float, alpha: float, guesses: int | None = None) -> float:
    """The largest ε that so many canaries could ever refute: a guess for each, and every guess right.

    With one shape of all m canaries and δ = 0 it is ln(a/(1 - a)) with a = α^(1/m): about ln(m/3 - 1) at
    α = 0.05, since ln 20 is about 3.
    """
    shape = shapes(canaries, guesses)[0]
    return lower_bound(Guesses(canaries, shape.guesses, shape.guesses), delta, alpha * shape.share)


def detectable(
    canaries: int, claim: tuple[float, float], alpha: float, power: float, guesses: int | None = None
) -> float | None:
    """The least leak ε' that would have refuted the claim (ε, δ) with probability `power`.

    The leak is randomised response of each canary: a guess is right with probability e^ε'/(1 + e^ε'). None
    where even a full leak refutes nothing.
    """
    from scipy.special import expit  # noqa: PLC0415 - as above

    shape = shapes(canaries, guesses)[0]
    needed = _least_right(canaries, shape, claim, alpha)
    if needed is None:
        return None
    return first_true(lambda leak: tail(needed, shape.guesses, float(expit(leak))) >= power)


def _least_right(canaries: int, shape: Shape, claim: tuple[float, float], alpha: float) -> int | None:
    """The least number of right guesses that refutes a claim."""
    low, high = 0, shape.guesses + 1
    while low < high:
        middle = (low + high) // 2
        if p_value(Guesses(canaries, shape.guesses, middle), *claim) <= alpha * shape.share:
            high = middle
        else:
            low = middle + 1
    return low if low <= shape.guesses else None
