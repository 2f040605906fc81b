"""Privacy budgets: what is promised (ε, δ) and what a computation was found to cost.

Source of the definitions: Dwork and Roth, "The Algorithmic Foundations of Differential Privacy"
(2014), definition 2.4; NIST SP 800-226 (2025), section 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal
from enum import StrEnum
from fractions import Fraction

_DIGITS = 40
_LARGEST_EXPONENT = 700
"""e^700 is above 1e300, and no δ but 0 is below 1e-300 (`gatecli.model.number`)."""


class Neighbouring(StrEnum):
    """Which pairs of datasets are neighbours: the relation every ε and δ is relative to."""

    ADD_REMOVE = "add-remove"
    """One unit is added or removed."""
    REPLACE_ONE = "replace-one"
    """One unit is replaced by another; the size of the dataset is public."""
    ZERO_OUT = "zero-out"
    """One unit is replaced by an empty record ("replace special")."""


class Variant(StrEnum):
    """The definition of privacy that a claim is made in."""

    PURE = "pure"
    APPROXIMATE = "approximate"
    ZCDP = "zcdp"
    RDP = "rdp"
    GDP = "gdp"


@dataclass(frozen=True, slots=True)
class Budget:
    """An (ε, δ) guarantee; both exact, ε ≥ 0 and 0 ≤ δ < 1."""

    epsilon: Fraction
    delta: Fraction

    def __post_init__(self) -> None:
        if self.epsilon < 0 or not 0 <= self.delta < 1:
            raise ValueError("a budget needs ε ≥ 0 and 0 ≤ δ < 1")


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a computation costs at `delta`: lower ≤ true ε ≤ upper.

    `upper` is None where no finite bound is known (never zero), `lower` is 0 where none is known.
    `accountant` names what gave `upper`, `lower_accountant` what gave `lower`; `notes` are theorems
    applied on the way (a conversion of neighbouring relations, group privacy), one sentence each.
    """

    delta: Fraction
    neighbouring: Neighbouring
    upper: Fraction | None
    lower: Fraction
    accountant: str
    lower_accountant: str = ""
    notes: tuple[str, ...] = ()


def budget_of_two(budget: Budget) -> Budget | None:
    """What a guarantee gives a group of two units: (2ε, (1 + e^ε)·δ), δ rounded up; None where δ reaches 1.

    P[x] ≤ e^ε·P[y] + δ ≤ e^ε·(e^ε·P[z] + δ) + δ: Vadhan, "The Complexity of Differential Privacy" (2017),
    lemma 2.2.
    """
    if budget.delta == 0:
        return Budget(2 * budget.epsilon, budget.delta)
    if budget.epsilon > _LARGEST_EXPONENT:
        return None
    context = Context(prec=_DIGITS)
    epsilon = context.divide(Decimal(budget.epsilon.numerator), Decimal(budget.epsilon.denominator))
    above = Fraction(context.exp(epsilon)) * (1 + Fraction(1, 10 ** (_DIGITS - 5)))
    delta = (1 + above) * budget.delta
    return Budget(2 * budget.epsilon, delta) if delta < 1 else None
