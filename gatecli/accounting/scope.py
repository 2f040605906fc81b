"""Under which relation a mechanism is asked about, and how far its own statement carries."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from gatecli.accounting.rounding import above, upper
from gatecli.accounting.terms import ClaimTerm, Term
from gatecli.model.budget import Neighbouring

ADD_REMOVE = Neighbouring.ADD_REMOVE
REPLACE_ONE = Neighbouring.REPLACE_ONE
ZERO_OUT = Neighbouring.ZERO_OUT


class Refusal(Exception):
    """A mechanism that no theorem here bounds; its text is one sentence for the user."""


@dataclass(frozen=True, slots=True)
class ScopedTerm:
    """A term, and whether some data and queries that fit the description attain its loss."""

    term: Term
    tight: bool


@dataclass(frozen=True, slots=True)
class QuestionScope:
    """What is asked (`target`, `group`) and what the mechanism says of itself (`stated`).

    `sgd_group` is the group of clipped sums, which attain the loss of all their records; `claimed`
    marks a black box, whose statement bounds its loss from above alone.
    """

    target: Neighbouring
    group: int
    sgd_group: int
    note: Callable[[str], None]
    stated: Neighbouring | None = None
    claimed: bool = False

    def widen_claim(self, epsilon: Fraction, delta: Fraction, distance: int) -> ClaimTerm:
        """An (ε, δ) claim about pairs at `distance` steps: (kε, δ (e^{kε} − 1)/(e^ε − 1))."""
        if distance == 1 or delta == 0:
            return ClaimTerm(distance * epsilon, delta, 1)
        power = above(epsilon) * (distance - 1)
        growth = upper(distance * math.exp(power)) if power < 700 else None
        if growth is None or (wide := growth * delta) >= 1:
            raise Refusal(
                f"an (ε, δ) claim says nothing about pairs {distance} steps apart here: its δ grows beyond 1"
            )
        return ClaimTerm(distance * epsilon, min(wide, _tight_growth(epsilon, distance, wide, delta)), 1)


def _tight_growth(epsilon: Fraction, distance: int, wide: Fraction, delta: Fraction) -> Fraction:
    """δ Σ_{i<k} e^{iε}, summed exactly while that is cheap."""
    if distance > 1000:
        return wide
    total = sum(math.exp(above(epsilon) * step) for step in range(distance))
    return (upper(total) or wide) * delta


def steps_between(scope: QuestionScope) -> tuple[int, bool]:
    """How many neighbouring steps of the mechanism's own relation a pair of the question is apart.

    The second value says whether the description still attains its loss. Raises Refusal where no
    theorem leads from the one relation to the other.
    """
    stated = scope.stated or scope.target
    if stated is scope.target:
        if scope.group > 1:
            scope.note(_group_note(scope.group))
        return scope.group, not scope.claimed and scope.group == 1
    if scope.target is not REPLACE_ONE:
        raise Refusal(
            f"a mechanism stated under {stated} has no known bound under {scope.target}: no theorem converts"
            f" it; state its parameters under {scope.target}"
        )
    way = "removing it and adding another" if stated is ADD_REMOVE else "zeroing it and filling it again"
    scope.note(f"replacing a unit is {way}: a mechanism stated under {stated} counts for two steps")
    if scope.group > 1:
        scope.note(_group_note(scope.group))
    return 2 * scope.group, False


def _group_note(group: int) -> str:
    return (
        f"group privacy: a unit contributes up to {group} records, and the mechanisms are stated per record"
    )
