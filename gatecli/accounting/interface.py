"""What an accountant is asked and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from gatecli.model.budget import Bounds, Neighbouring
from gatecli.model.mechanism import Mechanism


@dataclass(frozen=True, slots=True)
class Question:
    """What does the sequential composition of `mechanisms` cost at `delta`, under `neighbouring`?

    `group` is the number of records that one unit of privacy contributes at most, where the
    mechanisms are stated per record (group privacy); 1 where they are stated per unit.

    `claim` is an ε that the answer is to decide: bounds between which it lies are refined, as far as a
    limit of work allows. It never changes whether a bound is valid.
    """

    mechanisms: tuple[Mechanism, ...]
    delta: Fraction
    neighbouring: Neighbouring
    group: int = 1
    claim: Fraction | None = None


@dataclass(frozen=True, slots=True)
class NoBound:
    """No valid upper bound is known; one sentence each on why. Never to be read as zero."""

    reasons: tuple[str, ...]


class Accountant(Protocol):
    """One way to bound the cost of a composition. A bound it cannot prove, it does not give."""

    name: str

    def bounds(self, question: Question) -> Bounds | NoBound:
        """Valid bounds: lower ≤ true ε ≤ upper, in exact numbers rounded against the spender."""
        ...
