"""Where two ledgers, or exports of them, say the same, and where not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from gatecli.model.ledger import Entry

Chains = Mapping[str, list[bytes]]
"""A digest of each entry of each dataset; not the hash, which names the ledger too."""


class Difference(StrEnum):
    """How the entries of a dataset stand to each other."""

    ONLY_HERE = "only here"
    ONLY_THERE = "only there"
    MORE_HERE = "more here"
    MORE_THERE = "more there"
    DIVERGE = "diverge"


@dataclass(frozen=True, slots=True)
class DatasetDifference:
    """A dataset that is not the same in both. `number` is of the first entry that both do not share."""

    dataset: str
    difference: Difference
    number: int
    here: int
    there: int

    def __str__(self) -> str:
        match self.difference:
            case Difference.ONLY_HERE:
                return f"{self.dataset}: only here, {self.here} entries"
            case Difference.ONLY_THERE:
                return f"{self.dataset}: only there, {self.there} entries"
            case Difference.MORE_HERE:
                return (
                    f"{self.dataset}: {self.here - self.there} more entries here, from number {self.number}"
                )
            case Difference.MORE_THERE:
                return (
                    f"{self.dataset}: {self.there - self.here} more entries there, from number {self.number}"
                )
            case _:
                return f"{self.dataset}: the ledgers diverge at entry {self.number}"


def chains_of(entries: Iterable[Entry]) -> Chains:
    """What is compared of a ledger; 32 bytes an entry."""
    chains: dict[str, list[bytes]] = {}
    for entry in entries:
        digest = hashlib.sha256(entry.content.encode("utf-8", "surrogatepass")).digest()
        chains.setdefault(entry.dataset, []).append(digest)
    return chains


def differences(here: Chains, there: Chains) -> Iterator[DatasetDifference]:
    """The datasets that are not the same in both, by name."""
    for dataset in sorted({*here, *there}):
        one, other = here.get(dataset, []), there.get(dataset, [])
        number = _shared_length(one, other)
        difference = _difference(one, other, number)
        if difference is not None:
            yield DatasetDifference(dataset, difference, number, len(one), len(other))


def _shared_length(one: list[bytes], other: list[bytes]) -> int:
    """How many entries at the beginning are the same."""
    shorter = min(len(one), len(other))
    return next((n for n in range(shorter) if one[n] != other[n]), shorter)


def _difference(one: list[bytes], other: list[bytes], number: int) -> Difference | None:
    if not other:
        return Difference.ONLY_HERE
    if not one:
        return Difference.ONLY_THERE
    if number < min(len(one), len(other)):
        return Difference.DIVERGE
    if len(one) == len(other):
        return None
    return Difference.MORE_HERE if len(one) > len(other) else Difference.MORE_THERE
