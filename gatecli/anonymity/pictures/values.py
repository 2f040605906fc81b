"""How the values of a sensitive attribute are distributed, in the table and in groups of classes.

Few values are rare and many are: those that fewer than a floor of records hold never leave the engine.
Numbers of many values are counted in ranges whose bounds are round, not taken from the data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gatecli.anonymity.contingency import count_cells
from gatecli.anonymity.dictionary_encoding import EncodedTable, SensitiveCode
from gatecli.anonymity.pictures.ranges import ranges_of
from gatecli.anonymity.tables.functions import constant, keep_table, rows
from gatecli.anonymity.tables.interface import Column, Table
from gatecli.model.anonymity import Scale
from gatecli.model.picture import ClassGroup, SensitivePicture, ValueCount, ValueKind

SHOWN_VALUES = 12
LONGEST_LABEL = 80

Counts = dict[int | None, list[int]]
"""By label code (None: a missing value), a count for each group."""


@dataclass(frozen=True, slots=True)
class Groups:
    """Classes joined by size: where each group starts, and the size `n` of every class."""

    edges: tuple[int, ...]
    sized: Table | None

    @property
    def bounds(self) -> list[tuple[int, int | None]]:
        ends = [edge - 1 for edge in self.edges[1:]]
        return list(zip(self.edges, [*ends, None], strict=True))


@dataclass(frozen=True, slots=True)
class _LabelledCodes:
    """The codes of an attribute (`c`) with the number (`g`) of the line they are counted in."""

    dimension: Table
    is_ordered: bool
    labels: Callable[[Sequence[int]], Mapping[int, str]]


def drawn_values(
    codes: EncodedTable,
    code: SensitiveCode,
    groups: Groups,
    floor: int,
    diversity: tuple[tuple[int, int], ...],
) -> SensitivePicture:
    """The picture of one attribute. No count in it but zero is below `floor`, and none follows from it."""
    labelled = _label_lines(codes, code)
    table = _lines(codes, code, labelled, groups)
    by_line = keep_table(count_cells(table, ["g"], codes.unit))
    frequent = by_line.filter(by_line["n"] >= floor).order_by([by_line["n"].desc(), by_line["g"]])
    found = {_int(row["g"]): int(row["n"]) for row in rows(frequent.limit(SHOWN_VALUES))}
    total = _total(by_line)
    candidates: Counts = {line: [count] for line, count in _sort_lines(found, labelled)}
    shown, (rest,) = pool_lines(candidates, [total], floor)
    labels = labelled.labels([line for line in shown if line is not None])
    values = _values({line: candidates[line][0] for line in shown}, rest, labels)
    parts = _group_classes(table, codes, groups, shown, labels, floor)
    return SensitivePicture(code.attribute, labelled.is_ordered, values, parts, diversity)


def pool_lines(
    counts: Counts, totals: Sequence[int], floor: int
) -> tuple[tuple[int | None, ...], tuple[int, ...]]:
    """Which lines of a table of counts (values by groups) may be shown, and what is pooled of each group.

    `totals` are the counts of all values by group, of which `counts` may leave some out. A line is shown
    where each of its counts reaches `floor`; the smallest are pooled with the others until what is pooled
    reaches `floor` in every group, or nothing is pooled: so no count below `floor` follows from the rest.
    """
    large = [line for line, found in counts.items() if min(found) >= floor]
    by_size = sorted(large, key=lambda line: sum(counts[line]), reverse=True)
    rest = [total - sum(counts[line][at] for line in large) for at, total in enumerate(totals)]
    while by_size and any(rest) and min(rest) < floor:
        rest = [more + count for more, count in zip(rest, counts[by_size.pop()], strict=True)]
    enough = set(by_size)
    return tuple(line for line in counts if line in enough), tuple(rest)


def _group_classes(
    table: Table,
    codes: EncodedTable,
    groups: Groups,
    lines: Sequence[int | None],
    labels: Mapping[int, str],
    floor: int,
) -> tuple[ClassGroup, ...]:
    """The groups of classes, joined with their neighbours until something of each may be shown."""
    cells = keep_table(count_cells(table, ["b", "g"], codes.unit))
    totals = {int(row["b"]): int(row["n"]) for row in rows(_sum_cells(cells, ["b"]))}
    known = cells.filter(_is_one_of(cells["g"], lines))
    counts: Counts = {line: [0] * len(groups.edges) for line in lines}
    for row in rows(known):
        counts[_int(row["g"])][int(row["b"])] += int(row["n"])
    bounds = groups.bounds
    sums = [totals.get(at, 0) for at in range(len(bounds))]
    while len(bounds) > 1:
        shown, rest = pool_lines(counts, sums, floor)
        if shown and min(sums) >= floor:
            return tuple(
                ClassGroup(
                    *bound, sums[at], _values({line: counts[line][at] for line in shown}, rest[at], labels)
                )
                for at, bound in enumerate(bounds)
            )
        smallest = sums.index(min(sums))
        at = max(smallest - 1, 0)
        bounds[at : at + 2] = [(bounds[at][0], bounds[at + 1][1])]
        for each in (sums, *counts.values()):
            each[at : at + 2] = [each[at] + each[at + 1]]
    return ()


def _values(counts: Mapping[int | None, int], rest: int, labels: Mapping[int, str]) -> tuple[ValueCount, ...]:
    values = [
        ValueCount(ValueKind.MISSING, "", count)
        if line is None
        else ValueCount(ValueKind.VALUE, labels[line], count)
        for line, count in counts.items()
    ]
    return (*values, ValueCount(ValueKind.OTHER, "", rest)) if rest else tuple(values)


def _sort_lines(found: Mapping[int | None, int], labelled: _LabelledCodes) -> list[tuple[int | None, int]]:
    """In their own order, or the most frequent first; a missing value last."""
    if labelled.is_ordered:
        return sorted(found.items(), key=lambda item: (item[0] is None, item[0] or 0))
    return sorted(found.items(), key=lambda item: (item[0] is None, -item[1], item[0] or 0))


def _lines(codes: EncodedTable, code: SensitiveCode, labelled: _LabelledCodes, groups: Groups) -> Table:
    """Every record with its line `g`, the group `b` of its class, and its unit."""
    dimension = labelled.dimension
    unit = () if codes.unit is None else (codes.unit,)
    table = codes.table.select(*codes.keys, *unit, code=codes.table[code.column])
    joined = table.left_join(dimension, table["code"] == dimension["c"])
    flat = joined.select(*codes.keys, *unit, "g")
    if groups.sized is None:
        raise ValueError("groups of classes need their sizes")
    sized = groups.sized
    band = constant(0)
    for edge in groups.edges[1:]:
        band += (sized["n"] >= edge).ifelse(1, 0)
    bands = sized.select(*codes.keys, b=band.cast("int64"))
    return flat.join(bands, list(codes.keys)).select("b", "g", *unit)


def _label_lines(codes: EncodedTable, code: SensitiveCode) -> _LabelledCodes:
    dimension, value = code.dimension, code.dimension[f"v_{code.column}"]
    kind = value.type()
    line = dimension[f"c_{code.column}"]
    if code.scale is not Scale.NUMERIC or kind.is_boolean():
        return _labelled_by(dimension, line, line, is_ordered=False, labels=_texts(code))
    if kind.is_temporal():
        years = value.hour() if kind.is_time() else value.year()
        return _labelled_by(dimension, line, years, is_ordered=True, labels=_numbers)
    if code.values <= SHOWN_VALUES:
        return _labelled_by(dimension, line, line, is_ordered=True, labels=_texts(code))
    ranges = ranges_of(_weigh_values(codes, code), SHOWN_VALUES - 2)
    number = value.cast("float64")
    return _labelled_by(dimension, line, ranges.index(number), is_ordered=True, labels=ranges.labels)


def _labelled_by(
    dimension: Table,
    code: Column,
    line: Column,
    *,
    is_ordered: bool,
    labels: Callable[[Sequence[int]], Mapping[int, str]],
) -> _LabelledCodes:
    return _LabelledCodes(dimension.select(c=code, g=line.cast("int64")), is_ordered, labels)


def _weigh_values(codes: EncodedTable, code: SensitiveCode) -> Table:
    """Every value `v` of a number, and how many (`n`) records or units hold it."""
    table = codes.table.mutate(s=codes.table[code.column])
    counts = count_cells(table, ["s"], codes.unit)
    dimension = code.dimension
    joined = counts.join(dimension, counts["s"] == dimension[f"c_{code.column}"])
    return keep_table(joined.select(v=joined[f"v_{code.column}"].cast("float64"), n=joined["n"]))


def _texts(code: SensitiveCode) -> Callable[[Sequence[int]], Mapping[int, str]]:
    """What fetches the values behind a few codes."""

    def labels(wanted: Sequence[int]) -> Mapping[int, str]:
        dimension = code.dimension.select(c=f"c_{code.column}", v=f"v_{code.column}")
        known = rows(dimension.filter(_is_one_of(dimension["c"], wanted)))
        return {int(row["c"]): _text(row["v"]) for row in sorted(known, key=lambda row: _text(row["v"]))}

    return labels


def _text(value: Any) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= LONGEST_LABEL else text[: LONGEST_LABEL - 1] + "…"


def _numbers(wanted: Sequence[int]) -> Mapping[int, str]:
    return {number: str(number) for number in wanted}


def _is_one_of(column: Column, lines: Sequence[int | None]) -> Column:
    known = [line for line in lines if line is not None]
    among = column.isin(known) if known else constant(0) == constant(1)
    return among | column.isnull() if None in lines else among


def _sum_cells(cells: Table, by: Sequence[str]) -> Table:
    return cells.group_by(list(by)).aggregate(n=cells["n"].sum().cast("int64"))


def _total(cells: Table) -> int:
    return sum(int(row["n"]) for row in rows(cells.aggregate(n=cells["n"].sum().cast("int64"))))


def _int(value: Any) -> int | None:
    return None if value is None else int(value)
