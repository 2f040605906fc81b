"""What is drawn of one table's anonymity: aggregates alone, safe to publish beside the verdict.

A picture holds column names, counts and shares. It holds no value of a quasi-identifier, and a value of
a sensitive attribute only where at least `floor` records hold it, in the table and in every group of
classes that it is counted in; all others are pooled. No group is a class: each joins classes of similar
size, and no count in it but zero is below `floor`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

FLOOR = 5
"""The fewest records behind a shown value where no larger k is demanded: the cell size of five that
custodians of data commonly ask for (El Emam and Dankar, "Protecting Privacy Using k-Anonymity", JAMIA
15(5), 2008)."""


@dataclass(frozen=True, slots=True)
class SizeBin:
    """The classes of `least` to `most` records (None: no end), and the records they hold."""

    least: int
    most: int | None
    classes: int
    records: int


@dataclass(frozen=True, slots=True)
class ColumnEffect:
    """The share of records that are unique by one quasi-identifier alone, and by all the others without it.

    `without` is None where it is the only quasi-identifier.
    """

    column: str
    alone: Fraction
    without: Fraction | None


@dataclass(frozen=True, slots=True)
class CombinationRisk:
    """How well some columns together tell records apart (Motwani and Xu 2007).

    `unique` is the share of records with a combination of their own, `distinction` distinct combinations
    ÷ records, `separation` pairs of records told apart ÷ all pairs.
    """

    columns: tuple[str, ...]
    unique: Fraction
    distinction: Fraction
    separation: Fraction


class ValueKind(StrEnum):
    """What a line of a distribution stands for."""

    VALUE = "value"
    MISSING = "missing"
    OTHER = "other"
    """Everything that is not shown by itself."""


@dataclass(frozen=True, slots=True)
class ValueCount:
    """How many records hold a value, or lie in a range of values; 0 or at least the picture's floor.

    Only what is pooled (`ValueKind.OTHER`) of a whole table may be fewer.
    """

    kind: ValueKind
    label: str
    records: int


@dataclass(frozen=True, slots=True)
class ClassGroup:
    """The classes of `least` to `most` records (None: no end), joined, and what they hold."""

    least: int
    most: int | None
    records: int
    values: tuple[ValueCount, ...]


@dataclass(frozen=True, slots=True)
class SensitivePicture:
    """How the values of one sensitive attribute are distributed.

    `groups` is empty where too few records are left to compare; else all groups show the same values.
    `diversity` counts classes by their number of distinct values. `is_ordered` says that values stand in
    their own order; otherwise the most frequent comes first.
    """

    attribute: str
    is_ordered: bool
    values: tuple[ValueCount, ...]
    groups: tuple[ClassGroup, ...]
    diversity: tuple[tuple[int, int], ...]

    @property
    def records(self) -> int:
        return sum(value.records for value in self.values)


@dataclass(frozen=True, slots=True)
class Mending:
    """What one proposed generalisation does.

    `steps` are columns and the level each is generalised to, `suppressed` is a share of all records,
    `loss` Iyengar's loss metric (KDD 2002) from 0, nothing, to 1, everything: in thousandths, because
    exactly it tells the range of a column.
    """

    description: str
    steps: tuple[tuple[str, str], ...]
    k: int
    classes: int
    suppressed_records: int
    suppressed: Fraction
    loss: Fraction
    is_least: bool


@dataclass(frozen=True, slots=True)
class AnonymityPicture:
    """Everything that is drawn of one table; see the module for what it can never hold.

    `k` is the smallest class, `demanded_k` and `demanded_l` what the thresholds ask for. `counted` says
    what a class counts: records, or the units (persons) that were named.
    """

    records: int
    classes: int
    k: int
    unique: int
    floor: int
    demanded_k: int | None
    demanded_l: int | None
    counted: str
    sizes: tuple[SizeBin, ...]
    columns: tuple[ColumnEffect, ...]
    together: CombinationRisk
    discovered: tuple[CombinationRisk, ...]
    sensitive: tuple[SensitivePicture, ...]
    mendings: tuple[Mending, ...]

    @property
    def boundary(self) -> int:
        """The class size below which a class is drawn as too small."""
        return self.demanded_k or self.floor


def range_of(least: int, most: int | None) -> str:
    """`1`, `3–4`, `100+`."""
    if most is None:
        return f"{least:,}+"
    return f"{least:,}" if least == most else f"{least:,}–{most:,}"
