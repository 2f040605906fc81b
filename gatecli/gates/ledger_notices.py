"""What a run did to the ledger, in a line for each release."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gatecli.model.ledger import ReservationState
from gatecli.model.verdict import Verdict

_WORDS = {"reserved": "reserved", "wouldReserve": "would reserve"}
_STATES = {ReservationState.HELD: "reserved", ReservationState.COMMITTED: "committed"}


def told_of_ledger(verdict: Verdict) -> Iterator[str]:
    """`reserved churn-classifier 2.3.0: 0 % to 15 % of customers-2026`.

    Nothing where the gate is closed, since then nothing is reserved. A plan is told once.
    """
    told: dict[str, None] = {}
    for item in verdict.checked if verdict.passed else ():
        said = item.measures.get("ledger")
        if isinstance(said, Mapping):
            plan = said.get("plan")
            told |= dict.fromkeys(_lines(f"the plan {plan}" if plan else item.name, said))
    yield from told


def _lines(name: str, said: Mapping[str, object]) -> Iterator[str]:
    for key, word in _WORDS.items():
        shares = said.get(key)
        if isinstance(shares, Mapping):
            yield f"{word} {name}: {', '.join(f'{share} of {dataset}' for dataset, share in shares.items())}"
    for state, word in _STATES.items():
        if said.get("state") == state:
            yield f"{name} is {word} already: nothing was charged"
