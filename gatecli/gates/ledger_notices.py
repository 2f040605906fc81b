"""What a run did to the ledger, in a line for each release."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gatecli.model.verdict import Verdict

_WORDS = {"reserved": "reserved", "wouldReserve": "would reserve"}


def told_of_ledger(verdict: Verdict) -> Iterator[str]:
    """`reserved churn-classifier 2.3.0: 0 % to 15 % of customers-2026`.

    Nothing where the gate is closed, since then nothing is reserved; nor of what stands in the ledger.
    """
    told: dict[str, None] = {}
    for item in verdict.checked if verdict.passed else ():
        said = item.measures.get("ledger")
        for key, word in _WORDS.items():
            shares = said.get(key) if isinstance(said, Mapping) else None
            if isinstance(said, Mapping) and isinstance(shares, Mapping):
                of = ", ".join(f"{share} of {dataset}" for dataset, share in shares.items())
                plan = said.get("plan")
                told[f"{word} {f'the plan {plan}' if plan else item.name}: {of}"] = None
    yield from told
