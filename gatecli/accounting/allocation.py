"""Allocation: a total budget split over named steps, as mechanisms ready to write.

Two compositions are used, each where it is a theorem:

- `basic`: ε adds up (Dwork and Roth 2014, theorem 3.16). Used where every step is Laplace; what is
  split is ε, and δ stays unspent.
- `zcdp`: ρ adds up (Bun and Steinke 2016). Used where a step is Gaussian, which costs
  ρ = Δ²/2σ² (proposition 1.6); Laplace costs ρ = (Δ/b)²/2 (proposition 1.4). What is split is the
  largest ρ that the accountant converts to the total.

Everything after the weights is exact: noise is rounded up to what is written, and a step's share is
what the written mechanism costs, so that shares can never add up to more than the total.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from typing import Literal

from gatecli.accounting.boundary import Grid, find_boundary
from gatecli.accounting.calibration import EVALUATIONS, Account, Unreachable, rounded_up
from gatecli.accounting.interface import Question
from gatecli.accounting.rounding import log_of
from gatecli.model.budget import Bounds, Budget, Neighbouring
from gatecli.model.mechanism import (
    MAX_COUNT,
    DiscreteGaussian,
    DiscreteLaplace,
    Gaussian,
    Laplace,
    Mechanism,
    ZeroConcentrated,
)
from gatecli.model.number import show, show_up

NoiseKind = Literal["laplace", "discrete-laplace", "gaussian", "discrete-gaussian"]
Method = Literal["weights", "sensitivity", "variance"]
Composition = Literal["basic", "zcdp"]

DIGITS = 6
"""Significant digits of an allocated noise; at most 1 part in 10⁵ of a step's share is lost to them."""


@dataclass(frozen=True, slots=True)
class QueryStep:
    """A query to be answered `count` times with noise.

    `sensitivity` is that of one answer to one unit of privacy: L1 for Laplace, L2 for Gaussian kinds.
    `weight` is the step's part of the budget (method `weights`), or how much the variance of its
    answers matters (method `variance`).
    """

    name: str
    kind: NoiseKind
    sensitivity: Fraction = Fraction(1)
    weight: Fraction = Fraction(1)
    count: int = 1


@dataclass(frozen=True, slots=True)
class Share:
    """One step's part: `spent` (ε under `basic`, ρ under `zcdp`) is exactly what `mechanism` costs.

    `variance` is that of the noise on one answer; for the discrete kinds an upper bound of it.
    """

    name: str
    spent: Fraction
    variance: Fraction
    mechanism: Mechanism


@dataclass(frozen=True, slots=True)
class Allocation:
    """A total, split. `available` is what `composition` could split: ε itself, or the largest ρ.

    `bounds` is the accountant's own answer for all mechanisms together; its upper bound is at most
    the total, and often well below it where that accountant is tighter than `composition`.
    """

    rows: tuple[Share, ...]
    composition: Composition
    total: Budget
    available: Fraction
    bounds: Bounds

    @property
    def mechanisms(self) -> tuple[Mechanism, ...]:
        return tuple(row.mechanism for row in self.rows)


def allocate(
    total: Budget,
    steps: tuple[QueryStep, ...],
    method: Method,
    account: Account,
    *,
    neighbouring: Neighbouring = Neighbouring.ADD_REMOVE,
) -> Allocation | Unreachable:
    """`total` split over `steps`, verified with `account`.

    `weights`: shares proportional to the weights. `sensitivity`: every answer gets noise of the same
    scale, so shares grow with sensitivity. `variance`: the sum over all answers of weight × variance is
    the smallest that the composition allows.
    """
    if reasons := _refusals(total, steps, method):
        return Unreachable(reasons)
    composition: Composition = "basic" if all("laplace" in step.kind for step in steps) else "zcdp"
    available = total.epsilon if composition == "basic" else _largest_rho(total, neighbouring, account)
    if available is None:
        return Unreachable((f"no ρ of zCDP is known to meet {_budget_text(total)}",))
    parts = [_PARTS[composition, method](step) for step in steps]
    whole = sum(parts, Fraction(0))
    pairs = zip(steps, parts, strict=True)
    rows = tuple(_share(step, composition, available * part / whole) for step, part in pairs)
    return _verify_total(rows, composition, total, available, account, neighbouring)


def _verify_total(
    rows: tuple[Share, ...],
    composition: Composition,
    total: Budget,
    available: Fraction,
    account: Account,
    neighbouring: Neighbouring,
) -> Allocation | Unreachable:
    bounds = account(Question(tuple(row.mechanism for row in rows), total.delta, neighbouring))
    if not isinstance(bounds, Bounds):
        return Unreachable(bounds.reasons)
    if bounds.upper is None or bounds.upper > total.epsilon:
        cost = "no finite ε" if bounds.upper is None else f"ε = {show_up(bounds.upper)}"
        return Unreachable((f"the accountant {bounds.accountant} finds {cost}, not {_budget_text(total)}",))
    return Allocation(rows, composition, total, available, bounds)


def _budget_text(total: Budget) -> str:
    return f"ε = {show(total.epsilon)} at δ = {show(total.delta)}"


def _refusals(total: Budget, steps: tuple[QueryStep, ...], method: Method) -> tuple[str, ...]:
    """One sentence for each thing that makes a split meaningless."""
    if not steps:
        return ("there is no step that could get a budget",)
    general = []
    if total.epsilon == 0:
        general.append("the total ε is 0, so no step can get more than 0")
    if total.delta == 0 and any("gaussian" in step.kind for step in steps):
        general.append("the total δ is 0, and Gaussian noise needs a δ above 0; use Laplace noise")
    names = [step.name for step in steps]
    general += [f"two steps have the name {name!r}" for name in sorted(_repeated_names(names))]
    return (*general, *(sentence for step in steps for sentence in _step_refusals(step, method)))


def _repeated_names(names: list[str]) -> set[str]:
    return {name for name in names if names.count(name) > 1}


def _step_refusals(step: QueryStep, method: Method) -> list[str]:
    who = f"the step {step.name!r}"
    whole = step.sensitivity.denominator == 1
    broken = {
        f"{who} has weight {show(step.weight)}; a step without budget cannot run, so leave it out": (
            step.weight <= 0
        ),
        f"{who} has sensitivity {show(step.sensitivity)}; it must be above 0": step.sensitivity <= 0,
        f"{who} has a count of {step.count}; it must be 1 to {MAX_COUNT}": not 1 <= step.count <= MAX_COUNT,
        f"{who} has weight {show(step.weight)}, which a split by sensitivity would ignore; leave it out": (
            method == "sensitivity" and step.weight > 0 and step.weight != 1
        ),
        f"{who} answers in integers, so its sensitivity {show(step.sensitivity)} must be an integer": (
            "discrete" in step.kind and not whole
        ),
    }
    return [sentence for sentence, is_broken in broken.items() if is_broken]


def _power(number: Fraction, exponent: float) -> Fraction:
    """A weight need not be exact: shares are normalised by the exact sum of whatever they are."""
    return Fraction(math.exp(min(max(exponent * log_of(number), -700.0), 700.0)))


def _unit_variance(step: QueryStep) -> int:
    """The variance of noise of scale 1: 2b² of Laplace, σ² of Gaussian; the discrete have no more."""
    return 2 if "laplace" in step.kind else 1


def _importance(step: QueryStep) -> Fraction:
    """What counts of a step in the sum to be minimised: weight × variance, in squared scales."""
    return step.weight * _unit_variance(step) * step.sensitivity**2


# Least Σ count·weight·variance at a fixed sum, by Lagrange. basic: variance ∝ Δ²/ε², so ε ∝ (w·Δ²)^⅓;
# zCDP: variance ∝ Δ²/ρ, so ρ ∝ √(w·Δ²). Both are for one answer; a step's part is count times that.
_PARTS: Mapping[tuple[Composition, Method], Callable[[QueryStep], Fraction]] = {
    ("basic", "weights"): lambda step: step.weight,
    ("zcdp", "weights"): lambda step: step.weight,
    ("basic", "sensitivity"): lambda step: step.sensitivity * step.count,
    ("zcdp", "sensitivity"): lambda step: step.sensitivity**2 * step.count,
    ("basic", "variance"): lambda step: _power(_importance(step), 1 / 3) * step.count,
    ("zcdp", "variance"): lambda step: _power(_importance(step), 1 / 2) * step.count,
}


def _largest_rho(total: Budget, neighbouring: Neighbouring, account: Account) -> Fraction | None:
    """The largest ρ (6 digits) that `account` converts to at most the total; None where there is none."""

    def cost(position: int) -> Fraction | None:
        rho = ZeroConcentrated(rho=grid.value(position))
        answer = account(Question((rho,), total.delta, neighbouring))
        return answer.upper if isinstance(answer, Bounds) else None

    simple = _simple_rho(total)
    grid = Grid(DIGITS, falling=True, lowest=simple / 10, highest=simple * 100)
    start = grid.position(simple)
    seen = find_boundary(cost, grid, total.epsilon, start=start, slope=0.6, limit=EVALUATIONS)
    return None if seen.passing is None else grid.value(seen.passing)


def _simple_rho(total: Budget) -> Fraction:
    """Where to look first: ε = ρ + 2√(ρ ln 1/δ) (Bun and Steinke 2016, proposition 1.3), solved."""
    log_delta = -log_of(total.delta)
    roots = math.sqrt(log_delta + float(total.epsilon)) + math.sqrt(log_delta)
    return (total.epsilon / Fraction(roots)) ** 2


def _share(step: QueryStep, composition: Composition, part: Fraction) -> Share:
    """The mechanism that costs at most `part`, and what it really costs."""
    if composition == "basic":
        noise = rounded_up(step.sensitivity * step.count / part, DIGITS)
        spent = step.sensitivity * step.count / noise
    else:
        noise = _root_up(step.sensitivity**2 * step.count / (2 * part))
        spent = step.sensitivity**2 * step.count / (2 * noise**2)
    return Share(step.name, spent, noise**2 * _unit_variance(step), _mechanism(step, noise))


def _root_up(square: Fraction) -> Fraction:
    """The least number of 6 significant digits whose square is at least `square`."""
    context = Context(prec=50)
    near = context.sqrt(context.divide(Decimal(square.numerator), Decimal(square.denominator)))
    root = rounded_up(Fraction(near), DIGITS)
    return root if root**2 >= square else rounded_up(root * (1 + Fraction(1, 10**20)), DIGITS)


def _mechanism(step: QueryStep, noise: Fraction) -> Mechanism:
    match step.kind:
        case "laplace":
            return Laplace(name=step.name, count=step.count, sensitivity=step.sensitivity, scale=noise)
        case "discrete-laplace":
            return DiscreteLaplace(
                name=step.name, count=step.count, sensitivity=int(step.sensitivity), scale=noise
            )
        case "gaussian":
            return Gaussian(
                name=step.name, count=step.count, sensitivity=step.sensitivity, standard_deviation=noise
            )
        case "discrete-gaussian":
            return DiscreteGaussian(
                name=step.name, count=step.count, sensitivity=int(step.sensitivity), standard_deviation=noise
            )
