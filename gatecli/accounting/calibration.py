"""Calibration: the least noise, or the most steps, whose accounted cost meets a target (ε, δ).

The accountant is a parameter: a value is returned only when the accountant's own upper bound on the
mechanisms exactly as they are returned is at most the target, so that the gate, which asks the same
accountant, verifies what is printed here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Literal

from gatecli.accounting.boundary import Grid, find_boundary
from gatecli.accounting.interface import NoBound, Question
from gatecli.model.budget import Bounds, Budget
from gatecli.model.mechanism import (
    MAX_COUNT,
    Composed,
    DiscreteGaussian,
    DiscreteLaplace,
    DpFtrl,
    DpSgd,
    Gaussian,
    Laplace,
    Mechanism,
    Parallel,
    RepeatAndSelect,
    Sampling,
    Subsampled,
)
from gatecli.model.number import show, show_up

Account = Callable[[Question], Bounds | NoBound]

NOISE_DIGITS = 4
"""Significant digits of a calibrated noise; the last one is rounded up."""

EVALUATIONS = 20
"""At most this many questions to the accountant; an ordinary search needs four to eight."""

_NOISE_SLOPE, _STEPS_SLOPE = -1.0, 0.6
"""First guesses of d ln ε / d ln value: ε ∝ 1/noise, and ε ∝ √steps or a little more."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """The mechanisms that meet a target, and what they cost.

    `parameter` is the key that was changed, and `value` its new value: the least noise (4 significant
    digits) or the most steps. Where several noises were changed, `parameter` is "noise factor" and
    `value` multiplies every one of them. `tight` says that the accountant refused the neighbouring
    value (0.1 % less noise at most, one step more), or that no larger count exists; where it is False
    the search ended early, and the value meets the target without being known to be the best.
    """

    parameter: str
    value: Fraction
    mechanisms: tuple[Mechanism, ...]
    bounds: Bounds
    tight: bool = True


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Nothing was found that meets the target; one sentence each on why."""

    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Knob:
    """One number that mechanisms depend on; `rest` are the mechanisms that do not."""

    name: str
    start: Fraction
    grid: Grid
    slope: float
    turn: Callable[[Fraction], tuple[Mechanism, ...]]
    rest: tuple[Mechanism, ...]


def calibrate(
    question: Question,
    target: Budget,
    parameter: Literal["noise", "steps"],
    account: Account,
    *,
    sketch: Account | None = None,
    limit: int = EVALUATIONS,
) -> Calibration | Unreachable:
    """The value of `parameter` at which `question.mechanisms` cost at most `target`, and barely so.

    `noise` multiplies every noise parameter of the mechanisms (nested ones too) by one factor; for
    one noise that is the parameter itself. `steps` is the number of steps of the one DP-SGD run, or
    else the `count` of the only mechanism. The question's own δ is replaced by the target's.

    `account` is asked at most `limit` times, and once more for the mechanisms that stay as they are
    where the first answer is above the target. `sketch`, a cheaper accountant, only chooses where
    `account` is asked first.
    """
    asked = replace(question, delta=target.delta, claim=None)
    if target.epsilon == 0:
        return Unreachable(("the target ε is 0, which no finite noise meets; give an epsilon above 0",))
    knob = _noise_knob(asked.mechanisms) if parameter == "noise" else _steps_knob(asked.mechanisms)
    if isinstance(knob, Unreachable):
        return knob
    start, slope = knob.grid.position(knob.start), knob.slope
    if sketch is not None:
        start, slope = _sketch_boundary(asked, target, knob, sketch)
    return _search(asked, target, knob, account, start=start, slope=slope, limit=limit)


def _sketch_boundary(asked: Question, target: Budget, knob: _Knob, sketch: Account) -> tuple[int, float]:
    """Where a cheap accountant sees the boundary; the knob's own start where it sees none."""

    def cost(position: int) -> Fraction | None:
        answer = sketch(replace(asked, mechanisms=knob.turn(knob.grid.value(position))))
        return answer.upper if isinstance(answer, Bounds) else None

    start = knob.grid.position(knob.start)
    seen = find_boundary(cost, knob.grid, target.epsilon, start=start, slope=knob.slope, limit=EVALUATIONS)
    return (start, knob.slope) if seen.passing is None else (seen.passing, seen.slope)


def _search(
    asked: Question, target: Budget, knob: _Knob, account: Account, *, start: int, slope: float, limit: int
) -> Calibration | Unreachable:
    answers: dict[int, Bounds | NoBound] = {}

    def cost(position: int) -> Fraction | None:
        if position not in answers:
            answers[position] = account(replace(asked, mechanisms=knob.turn(knob.grid.value(position))))
        answer = answers[position]
        return answer.upper if isinstance(answer, Bounds) else None

    spent = cost(start)
    if refusal := _refusal(asked, target, knob, account, answers[start], spent):
        return refusal
    seen = find_boundary(cost, knob.grid, target.epsilon, start=start, slope=slope, limit=limit)
    best = None if seen.passing is None else answers[seen.passing]
    if seen.passing is None or not isinstance(best, Bounds):
        return _nothing_found(target, knob, answers)
    value = knob.grid.value(seen.passing)
    largest_count = not knob.grid.digits and value == MAX_COUNT
    tight = seen.failing == seen.passing - 1 or largest_count
    return Calibration(knob.name, value, knob.turn(value), best, tight)


def _refusal(
    asked: Question,
    target: Budget,
    knob: _Knob,
    account: Account,
    first: Bounds | NoBound,
    spent: Fraction | None,
) -> Unreachable | None:
    """Why searching is pointless: the composition has no accountant, or the rest spends it all."""
    if isinstance(first, NoBound):
        return Unreachable(first.reasons)
    if not knob.rest or (spent is not None and spent <= target.epsilon):
        return None
    others = account(replace(asked, mechanisms=knob.rest))
    if isinstance(others, NoBound):
        return Unreachable(others.reasons)
    if others.upper is None or others.upper > target.epsilon:
        cost = "no finite ε" if others.upper is None else f"ε = {show_up(others.upper)}"
        return Unreachable((f"the mechanisms without this parameter already cost {cost}; {_aim(target)}",))
    return None


def _aim(target: Budget) -> str:
    return f"the target is ε = {show(target.epsilon)} at δ = {show(target.delta)}"


def _nothing_found(target: Budget, knob: _Knob, answers: dict[int, Bounds | NoBound]) -> Unreachable:
    position = max(answers)
    value, answer = show(knob.grid.value(position)), answers[position]
    if isinstance(answer, NoBound):
        return Unreachable(answer.reasons)
    if answer.upper is not None:
        sentence = f"even {knob.name} {value} costs ε = {show_up(answer.upper)}; {_aim(target)}"
    elif target.delta == 0:
        sentence = (
            f"no finite ε is known at δ = 0, whatever the {knob.name}: Gaussian noise needs a delta above 0"
        )
    else:
        sentence = f"no finite ε is known up to {knob.name} {value}; {_aim(target)}"
    return Unreachable((sentence,))


def _noise_knob(mechanisms: tuple[Mechanism, ...]) -> _Knob | Unreachable:
    noises = list(_noises(mechanisms))
    if not noises:
        return Unreachable(
            ("none of the mechanisms has a noise parameter (scale, standardDeviation or noiseMultiplier)",)
        )
    rest = tuple(one for one in mechanisms if not list(_noises((one,))))
    one = len(noises) == 1
    name, start = noises[0] if one else ("noise factor", Fraction(1))
    unit = start if one else Fraction(1)

    def turn(value: Fraction) -> tuple[Mechanism, ...]:
        return tuple(_scale_noise(mechanism, value / unit) for mechanism in mechanisms)

    grid = Grid(NOISE_DIGITS, falling=False, lowest=start / 10**9, highest=start * 10**9)
    return _Knob(name, start, grid, _NOISE_SLOPE, turn, rest)


def _steps_knob(mechanisms: tuple[Mechanism, ...]) -> _Knob | Unreachable:
    runs = [index for index, one in enumerate(mechanisms) if isinstance(one, DpSgd)]
    if len(runs) != 1 and len(mechanisms) != 1:
        return Unreachable(
            ("steps can be calibrated for one DP-SGD run, or for one mechanism alone; here it is ambiguous",)
        )
    index = runs[0] if runs else 0
    chosen = mechanisms[index]
    if isinstance(chosen, DpSgd) and chosen.sampling is Sampling.SHUFFLE:
        return Unreachable(("a shuffled run costs by its epochs, not by its steps; calibrate its noise",))
    field = "steps" if isinstance(chosen, DpSgd) else "count"
    before, after = mechanisms[:index], mechanisms[index + 1 :]

    def turn(value: Fraction) -> tuple[Mechanism, ...]:
        return (*before, chosen.model_copy(update={field: int(value)}), *after)

    grid = Grid(0, falling=True, lowest=Fraction(1), highest=Fraction(MAX_COUNT))
    start = Fraction(getattr(chosen, field))
    return _Knob(field, start, grid, _STEPS_SLOPE, turn, before + after)


def _noises(mechanisms: Iterable[Mechanism]) -> Iterator[tuple[str, Fraction]]:
    """Every noise parameter, nested ones too, by its key in a file."""
    for mechanism in mechanisms:
        yield from _noises(_inside(mechanism))
        if field := _noise_field(mechanism):
            yield str(type(mechanism).model_fields[field].alias), getattr(mechanism, field)


def _inside(mechanism: Mechanism) -> tuple[Mechanism, ...]:
    match mechanism:
        case Composed():
            return mechanism.mechanisms
        case Parallel():
            return mechanism.partitions
        case Subsampled() | RepeatAndSelect():
            return (mechanism.mechanism,)
        case _:
            return ()


def _noise_field(mechanism: Mechanism) -> str | None:
    match mechanism:
        case Laplace() | DiscreteLaplace():
            return "scale"
        case Gaussian(noise_multiplier=None) | DiscreteGaussian():
            return "standard_deviation"
        case Gaussian() | DpSgd() | DpFtrl():
            return "noise_multiplier"
        case _:
            return None


def _scale_noise(mechanism: Mechanism, factor: Fraction) -> Mechanism:
    """The mechanism with every noise in it times `factor`, rounded up to what is written."""
    change: dict[str, Any] = {}
    if field := _noise_field(mechanism):
        change = {field: rounded_up(getattr(mechanism, field) * factor, NOISE_DIGITS)}
    inside = tuple(_scale_noise(one, factor) for one in _inside(mechanism))
    match mechanism:
        case Composed():
            change = {"mechanisms": inside}
        case Parallel():
            change = {"partitions": inside}
        case Subsampled() | RepeatAndSelect():
            change = {"mechanism": inside[0]}
        case _:
            pass
    return mechanism.model_copy(update=change)


def rounded_up(number: Fraction, digits: int) -> Fraction:
    """The least number of `digits` significant digits that is at least `number` (above 0)."""
    grid = Grid(digits, falling=False, lowest=number, highest=number)
    return grid.value(grid.position(number))
