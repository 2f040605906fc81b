"""Local recoding: what boxes of rows lose, and the table with each box recoded, in its own engine.

Derivation. A box shows of an ordered quasi-identifier the interval of the values between its least and its
greatest; of another the finest level of the hierarchy at which its rows agree. So two boxes that a cut
parted never show the same, and the classes of the new table are the boxes. An interval is half open. Each of
its bounds is the roundest number, or the first day of the longest period, that parts it from the next value
of the column: no bound is a value of a row but by chance, and the ends are open. A box of missing and other
values, or of all values, shows `*`.

Example. Between the ages 18, 19 and 31, 34:

>>> _bounds([Fraction(18), Fraction(19), Fraction(31), Fraction(34)])(2)
'20'
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gatecli.anonymity.calendar_dates import iso_text, own_text
from gatecli.anonymity.hierarchies import (
    Bands,
    Cuts,
    Mapped,
    Prefix,
    Tails,
    column_of,
    day_format,
    generalised_column,
    interval_text,
    is_calendar,
    plain,
)
from gatecli.anonymity.quantile_bands import roundest
from gatecli.anonymity.search.classes import Base, Dimension, Integers, Reals, sum_by_label
from gatecli.anonymity.search.counts import finite_numbers
from gatecli.anonymity.search.criteria import least_size
from gatecli.anonymity.search.hidden_cells import OURS, alike
from gatecli.anonymity.search.mondrian import Axis, box_widths, cut_into_boxes, shown_levels
from gatecli.anonymity.tables.functions import first_case
from gatecli.anonymity.tables.interface import Table
from gatecli.anonymity.value_formats import number_text
from gatecli.model.anonymity import Thresholds, ValueFormat
from gatecli.model.generalisation import Loss

INTERVAL = -1
"""In place of a level: what is shown is an interval."""


@dataclass(frozen=True, slots=True)
class Recoding:
    """The box of each raw class; by column, what each box shows; the rows of each box, and the loss."""

    boxes: Integers
    shown: tuple[Integers, ...]
    low: tuple[Integers, ...]
    high: tuple[Integers, ...]
    sizes: Integers
    loss: Loss

    @property
    def has_changes(self) -> tuple[bool, ...]:
        """By column, whether any box shows another thing than its value."""
        return tuple(bool(levels.any()) for levels in self.shown)


def recode(base: Base, thresholds: Thresholds) -> Recoding | None:
    """The boxes that keep every demand without suppression; None where the whole table breaks one."""
    axes = [axis_of(dimension) for dimension in base.dimensions]
    boxes = cut_into_boxes(base, axes, thresholds)
    if boxes is None:
        return None
    order = np.argsort(boxes, kind="stable")
    sizes = sum_by_label(boxes, base.classes.sizes, int(boxes.max()) + 1)
    starts = np.searchsorted(boxes[order], np.arange(len(sizes)))
    raws = [raw[order] for raw in base.classes.members]
    shown, low, high = zip(
        *(_what_is_shown(axis, raw, starts) for axis, raw in zip(axes, raws, strict=True)), strict=True
    )
    costs = [
        _costs(dimension, axis, raw, starts, level)
        for dimension, axis, raw, level in zip(base.dimensions, axes, raws, shown, strict=True)
    ]
    return Recoding(boxes, shown, low, high, sizes, _loss(base, costs, sizes, least_size(thresholds)))


def axis_of(dimension: Dimension) -> Axis:
    """How a quasi-identifier is cut: in the order of its values, unless a hierarchy says otherwise."""
    ranks = _ranks(dimension)
    places = np.zeros(0)
    if ranks is not None:
        numbers = finite_numbers(dimension.values, dimension.hierarchy)
        if numbers is None or len(numbers) < 2:
            places = (ranks - ranks.min()) / max(len(ranks) - 1, 1)
        else:
            places = (numbers - numbers.min()) / (numbers.max() - numbers.min())
    return Axis(np.array(dimension.codes), np.array(dimension.extent), ranks, places)


def _ranks(dimension: Dimension) -> Integers | None:
    """The rank of each value from 1, 0 for a missing one; None where values have no order of their own."""
    values = _ordered_values(dimension)
    if values is None:
        return None
    distinct = sorted({value for value in values if value is not None})
    rank = {value: place for place, value in enumerate(distinct, 1)}
    return np.array([0 if value is None else rank[value] for value in values], np.int64)


def _ordered_values(dimension: Dimension) -> list[Any] | None:
    """The raw values as numbers or as texts of instants, which sort alike; None for others."""
    kind, levels = dimension.values.type, dimension.hierarchy.levels[1:-1]
    if any(isinstance(level, Mapped | Prefix) for level in levels):
        return None
    if pa.types.is_temporal(kind):
        return list(pc.cast(dimension.values, pa.string()).to_pylist())
    if is_calendar(dimension.hierarchy):
        return _dates(dimension)
    is_written = _is_text(kind) and levels and all(isinstance(each, Bands | Cuts | Tails) for each in levels)
    return _numbers(dimension) if is_written or _is_number(kind) else None


def _numbers(dimension: Dimension) -> list[Fraction | None] | None:
    """Exact numbers; None where one has no end."""
    values, written = dimension.values.to_pylist(), _number_format(dimension)
    if written is not None:
        return [None if value is None else Fraction(number_text(value, written)) for value in values]
    if not np.isfinite([float(value) for value in values if value is not None]).all():
        return None
    return [None if value is None else Fraction(str(value).strip()) for value in values]


def _dates(dimension: Dimension) -> list[str | None] | None:
    """Dates in ISO 8601; None where the order of day and month is in doubt, so that no day is shown."""
    written = day_format(dimension.hierarchy)
    if written is None:
        return None
    return [None if value is None else iso_text(value, written) for value in _own_texts(dimension)]


def _own_texts(dimension: Dimension) -> list[str | None]:
    values = dimension.values
    if _is_number(values.type):
        values = values.cast(pa.int64())
    return list(values.cast(pa.string()).to_pylist())


def _number_format(dimension: Dimension) -> ValueFormat | None:
    levels = dimension.hierarchy.levels
    return next((each.written for each in levels if isinstance(each, Bands | Cuts | Tails)), None)


def _is_text(kind: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_number(kind: Any) -> bool:
    tests = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)
    return any(test(kind) for test in tests)


def _what_is_shown(axis: Axis, raw: Integers, starts: Integers) -> tuple[Integers, Integers, Integers]:
    """By box, the level or `INTERVAL`, and the least and the greatest rank."""
    if axis.ranks is None:
        none = np.zeros(len(starts), np.int64)
        return shown_levels(axis.levels, raw, starts), none, none
    ranks = axis.ranks[raw]
    low, high = np.minimum.reduceat(ranks, starts), np.maximum.reduceat(ranks, starts)
    is_one = np.minimum.reduceat(raw, starts) == np.maximum.reduceat(raw, starts)
    is_all = ((low == 0) & (high > 0)) | ((low == 1) & (high == axis.ranks.max()))
    levels = np.where(is_all, len(axis.levels) - 1, INTERVAL)
    return np.where(is_one, 0, levels), low, high


@dataclass(frozen=True, slots=True)
class _Costs:
    """What each box loses in one column: what it covers, NCP's share, and the rows that it is alike with."""

    extent: Reals
    certainty: Reals
    alike: Reals


def _costs(dimension: Dimension, axis: Axis, raw: Integers, starts: Integers, shown: Integers) -> _Costs:
    first = raw[starts]
    widths = box_widths(axis, raw, starts)
    if axis.ranks is None:
        certainty = np.array(dimension.certainty)[shown, first]
        return _Costs(widths, certainty, np.array(dimension.rows_alike)[shown, first])
    ranks = axis.ranks
    low = np.minimum.reduceat(ranks[raw], starts)
    high = np.where(widths == 1.0, ranks.max(), np.maximum.reduceat(ranks[raw], starts))
    low = np.where(widths == 1.0, 0, low)
    rows = np.bincount(ranks, weights=dimension.rows_alike[0])
    reached = np.concatenate(([0.0], np.cumsum(rows)))
    is_counted = finite_numbers(dimension.values, dimension.hierarchy) is None
    held = np.concatenate(([0], np.cumsum(np.bincount(ranks))))
    covered = held[high + 1] - held[low]
    certainty = np.where(covered > 1, covered / len(ranks), 0.0) if is_counted else widths
    return _Costs(widths, certainty, np.maximum(reached[high + 1] - reached[low], 1.0))


def _loss(base: Base, costs: Sequence[_Costs], sizes: Integers, k: int) -> Loss:
    cells = base.rows * len(costs)
    raw_bits = float(base.classes.surprise.sum())
    most = float(np.log2(base.rows)) * cells - raw_bits
    bits = sum(float((sizes * np.log2(cost.alike)).sum()) for cost in costs) - raw_bits
    return Loss(
        generalised=sum(float((sizes * cost.extent).sum()) for cost in costs) / cells,
        certainty=sum(float((sizes * cost.certainty).sum()) for cost in costs) / cells,
        entropy=min(max(bits / most, 0.0), 1.0) if most > 0 else 0.0,
        discernibility=sum(int(size) ** 2 for size in sizes),
        average_class=Fraction(base.rows, len(sizes) * k),
    )


def write_boxes(table: Any, base: Base, found: Recoding) -> Table:
    """The table with each box recoded; `base` are its counts."""
    import ibis  # noqa: PLC0415 - half a second that only tables need

    ladders = [dimension.hierarchy for dimension in base.dimensions]
    held: dict[str, Any] = {}
    for at, (one, raw) in enumerate(zip(base.dimensions, base.classes.members, strict=True)):
        held[f"{OURS}value {at}"] = one.values.take(raw)
        held[f"{OURS}level {at}"] = found.shown[at][found.boxes]
        held[f"{OURS}text {at}"] = _texts(one, found, at).take(found.boxes)
    recoded = ibis.memtable(pa.table(held))
    raws = {f"{OURS}raw {at}": column_of(table, ladder.column) for at, ladder in enumerate(ladders)}
    wide = table.mutate(**raws)
    joined = wide.left_join(
        recoded, [alike(wide[f"{OURS}raw {at}"], recoded[f"{OURS}value {at}"]) for at in range(len(ladders))]
    )
    columns = {name: joined[name] for name in table.columns}
    for at, ladder in enumerate(ladders):
        if found.has_changes[at]:
            raw, level = joined[f"{OURS}raw {at}"], joined[f"{OURS}level {at}"]
            cases = [
                (level == number, generalised_column(raw, ladder.levels[number]).cast("string"))
                for number in np.unique(found.shown[at]).tolist()
                if number != INTERVAL
            ]
            text = joined[f"{OURS}text {at}"]
            columns[ladder.column] = first_case(cases, text) if cases else text
    return joined.select(**columns)


def _texts(dimension: Dimension, found: Recoding, at: int) -> Any:
    """What each box shows of an ordered column where it shows an interval, else nothing."""
    values = _ordered_values(dimension)
    if values is None or not (found.shown[at] == INTERVAL).any():
        return pa.nulls(len(found.sizes), pa.string())
    distinct = sorted({value for value in values if value is not None})
    bound = _own_bounds(dimension, _bounds(distinct))
    written = _number_format(dimension)
    return pa.array(
        [
            _interval(bound, low, high, len(distinct), written) if level == INTERVAL else None
            for level, low, high in zip(
                found.shown[at].tolist(), found.low[at].tolist(), found.high[at].tolist(), strict=True
            )
        ],
        pa.string(),
    )


def _own_bounds(dimension: Dimension, bound: Callable[[int], str]) -> Callable[[int], str]:
    """Bounds as the column writes its values: local dates, decimal commas."""
    number, day = _number_format(dimension), day_format(dimension.hierarchy)
    if number is ValueFormat.DECIMAL_COMMA:
        return lambda place: bound(place).replace(".", ",")
    if day is None or pa.types.is_temporal(dimension.values.type):
        return bound
    like = next(text for text in _own_texts(dimension) if text is not None)
    return lambda place: own_text(bound(place), like, day)


def _interval(
    bound: Callable[[int], str], low: int, high: int, number: int, written: ValueFormat | None
) -> str:
    """From the rank `low` up to `high`, of `number` ranks from 1."""
    if low == 1:
        return f"<{bound(high)}"
    below = bound(low - 1)
    return f">={below}" if high == number else interval_text(below, bound(high), written)


def _bounds(values: Sequence[Any]) -> Callable[[int], str]:
    """What parts the value at a place from the one before it."""

    @cache
    def text_before(place: int) -> str:
        below, above = values[place - 1], values[place]
        if isinstance(above, str):
            starts = (f"{above[:4]}-01-01", f"{above[:7]}-01", above[:10])
            return next((start for start in starts if below < start <= above), above)
        return plain(roundest(below, above))

    return text_before
