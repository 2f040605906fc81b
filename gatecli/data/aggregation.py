"""The exact sums of a question, by the table's own engine: one query for all sums, one for each quantile.

What this returns is not private. `session` adds noise to it before anything else sees it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, product
from typing import Any, TypeAlias

from gatecli.anonymity.tables.functions import hash_together, row_numbers, rows
from gatecli.anonymity.tables.written import as_written
from gatecli.data.expressions import LARGEST_WHOLE, ColumnKind, compute_expression
from gatecli.data.statistics import CANDIDATES, GRID, Moment, Part, Rank, SumTerm
from gatecli.data.views import Derivation, Interval, Key, TableView, bounds_of

Cell: TypeAlias = tuple[Key, ...]

_UNIT, _ORDER, _BIN, _PLACE = "gatecli unit", "gatecli order", "gatecli bin", "gatecli place"
_ROWS = "gatecli rows"

_MICROSECONDS = "timestamp(6)"
_CONVERTED_SCALES = (0, 3, 9)
"""Seconds, milliseconds and nanoseconds: engines compute with microseconds, and fail beyond their range."""


@dataclass(frozen=True, slots=True)
class Contributions:
    """How many rows of one unit are counted: `column` names the unit; None where each row is one."""

    column: str | None = None
    rows: int = 1


@dataclass(frozen=True, slots=True)
class PreparedRows:
    """Rows in the engine; `names` says which of its columns holds which column of the view.

    All names in the engine are ours: a table could use the names of our own columns, and engines fold case.
    """

    data: Any
    names: Mapping[str, str]

    def __getitem__(self, name: str) -> Any:
        return self.data[self.names[name]]

    def filter_rows(self, condition: Any) -> PreparedRows:
        """The rows for which a condition holds."""
        return replace(self, data=self.data.filter(condition))

    def add_columns(self, **columns: Any) -> PreparedRows:
        """The rows with more columns, by their names in the engine."""
        return replace(self, data=self.data.mutate(**columns))

    def group_names(self, view: TableView) -> list[str]:
        """The columns that the view is grouped by, as the engine names them."""
        return [self.names[name] for name in view.groups]


@dataclass(frozen=True, slots=True)
class ExactSums:
    """By group: each sum; and of each ranked column how many values are below each step of its bounds."""

    sums: Mapping[Cell, Mapping[SumTerm, int]]
    ladders: Mapping[str, Mapping[Cell, list[int]]]


def kinds_in(schema: Any) -> dict[str, ColumnKind]:
    """What the columns of a table hold; those of other types cannot be asked about."""
    found = {name: _kind_of_type(kind) for name, kind in schema.items()}
    return {name: kind for name, kind in found.items() if kind is not None}


def _kind_of_type(kind: Any) -> ColumnKind | None:
    tests = (
        (kind.is_boolean, ColumnKind.TRUTH),
        (kind.is_numeric, ColumnKind.NUMBER),
        (kind.is_string, ColumnKind.TEXT),
        (kind.is_date, ColumnKind.DATE),
        (kind.is_timestamp, ColumnKind.DATE),
    )
    return next((meant for test, meant in tests if test()), None)


def cells_of(view: TableView) -> list[Cell]:
    """All groups that are answered: every combination of the public keys; one without columns to group by."""
    return list(product(*(view.keys[name] for name in view.groups)))


def add_up(table: Any, view: TableView, parts: Sequence[Part], contributions: Contributions) -> ExactSums:
    """The exact sums of a view of the table, each unit's contribution bounded first."""
    narrow = _bound_contributions(_prepare_rows(table, view, contributions), view, parts, contributions)
    terms = [part for part in parts if isinstance(part, SumTerm)]
    named = {f"term{number}": term for number, term in enumerate(terms)}
    sums = {cell: dict.fromkeys(terms, 0) for cell in cells_of(view)}
    if terms:
        amounts = {name: _total(narrow, term, view) for name, term in named.items()}
        for row in _count_by_group(narrow, view, **amounts):
            cell = _cell(row, narrow.group_names(view))  # an engine may tell 0.0 from −0.0
            sums[cell] = {term: sums[cell][term] + int(row[name] or 0) for name, term in named.items()}
    ranked = dict.fromkeys(part.column for part in parts if isinstance(part, Rank))
    return ExactSums(sums, {column: _ladder(narrow, view, column) for column in ranked})


def count_values(table: Any, view: TableView, name: str, contributions: Contributions) -> dict[Key, int]:
    """The exact rows of each value of a column, text or whole numbers; each unit's rows bounded first."""
    part = SumTerm(Moment.PRESENT, name)
    plain = replace(view, groups=())
    prepared = _prepare_rows(table, plain, contributions)
    if view.kinds[name] is ColumnKind.NUMBER:
        value = prepared[name]
        prepared = prepared.filter_rows(value == value.clip(-LARGEST_WHOLE, LARGEST_WHOLE).floor())
    present = prepared.filter_rows(prepared[name].notnull())
    narrow = _bound_contributions(present, plain, [part], contributions)
    label = narrow.names[name]
    counted = narrow.data.group_by([label]).aggregate(**{_ROWS: narrow.data.count()})
    found: dict[Key, int] = {}
    for row in rows(counted):  # an engine may tell 0.0 from −0.0
        (key,) = _cell(row, [label])
        found[key] = found.get(key, 0) + int(row[_ROWS])
    return found


def _unit_column(table: Any, contributions: Contributions) -> dict[str, Any]:
    """Whom a row is about, as the table has it: a float would take neighbouring large numbers for one unit,
    and a column of the same name may be derived. NaN is nobody.
    """
    if contributions.column is None:
        return {}
    return {_UNIT: _without_nan(table[contributions.column])}


def clean_column(column: Any, kind: ColumnKind) -> Any:
    """A column as expressions compute with it: numbers are floats, NaN and dates out of range are missing."""
    match kind:
        case ColumnKind.NUMBER:
            return _without_nan(column.cast("float64"))
        case ColumnKind.DATE:
            return _within_calendar(column)
    return column


def _within_calendar(column: Any) -> Any:
    """Dates of the years 1 to 9999, which engines convert to any other type of dates without an error."""
    kind = column.type()
    is_converted = kind.is_timestamp() and kind.scale in _CONVERTED_SCALES
    moment = column.try_cast(_MICROSECONDS) if is_converted else column
    return moment.year().between(1, 9999).ifelse(moment, None)


def _without_nan(column: Any) -> Any:
    """NaN is missing: no engine makes a whole number of it, and an error would tell of a row."""
    is_number = hasattr(column, "type") and column.type().is_floating()
    return column.isnan().ifelse(None, column) if is_number else column


def _prepare_rows(table: Any, view: TableView, contributions: Contributions) -> PreparedRows:
    """The rows of a view, and whom each is about. Each step reads what those before it gave."""
    written = as_written(table)
    kinds = kinds_in(written.schema())
    names = {name: f"column{number}" for number, name in enumerate(kinds)}
    columns = {names[name]: clean_column(written[name], kind) for name, kind in kinds.items()}
    prepared = PreparedRows(written.select(**columns, **_unit_column(written, contributions)), names)
    for number, step in enumerate(view.steps):
        current = {name: prepared[name] for name in prepared.names}
        if isinstance(step, Derivation):
            made, label = compute_expression(step.expression, current), f"derived{number}"
            prepared = prepared.add_columns(**{label: _without_nan(made)})
            prepared = replace(prepared, names={**prepared.names, step.name: label})
        else:
            prepared = prepared.filter_rows(compute_expression(step.condition, current))
    return prepared


def _is_declared(view: TableView, keys: Mapping[str, Any]) -> list[Any]:
    """Conditions that rows have declared keys; `keys` are expressions of them."""
    return [keys[name].isin([_constant(key) for key in view.keys[name]]) for name in view.groups]


def _count_by_group(
    prepared: PreparedRows, view: TableView, *more: str, **amounts: Any
) -> list[dict[str, Any]]:
    """The sums of each declared group, and of the columns beside them, that has rows.

    Other groups are left out once they are added up: to look for each row's key among the declared ones takes
    Spark half as long again. The condition names a sum, since engines filter rows first where they can.
    """
    data, labels = prepared.data, prepared.group_names(view)
    columns = [*labels, *more]
    if not columns:
        return rows(data.aggregate(**amounts))
    counted = data.group_by(columns).aggregate(**amounts, **{_ROWS: data.count()})
    keys = {
        name: (counted[_ROWS] > 0).ifelse(counted[label], None)
        for name, label in zip(view.groups, labels, strict=True)
    }
    conditions = _is_declared(view, keys)
    return rows(counted.filter(*conditions) if conditions else counted)


def _constant(key: Key) -> Key | float:
    return float(key) if type(key) is int else key


def _bound_contributions(
    prepared: PreparedRows, view: TableView, parts: Sequence[Part], contributions: Contributions
) -> PreparedRows:
    """At most so many rows of each unit, chosen by a hash of what these rows hold; none without a unit.

    Whatever the other units hold, the same rows of a unit are chosen. Rows that are alike count alike, so
    that it does not matter which of them is.
    """
    if contributions.column is None:
        return prepared
    used = sorted({*view.groups, *(part.column for part in parts if part.column is not None)})
    keys = {name: prepared[name] for name in view.groups}
    kept = prepared.filter_rows([prepared.data[_UNIT].notnull(), *_is_declared(view, keys)])
    order = {f"used{number}": kept[name] for number, name in enumerate(used)}
    placed = kept.add_columns(**{_ORDER: hash_together({"unit": kept.data[_UNIT], **order})})
    place = row_numbers([placed.data[_UNIT]], [placed.data[_ORDER], *(placed[name] for name in used)])
    numbered = placed.add_columns(**{_PLACE: place})
    return numbered.filter_rows(numbered.data[_PLACE] < contributions.rows)


def _cell(row: Mapping[str, Any], labels: Sequence[str]) -> Cell:
    return tuple(int(row[label]) if isinstance(row[label], float) else row[label] for label in labels)


def _total(prepared: PreparedRows, term: SumTerm, view: TableView) -> Any:
    """The sum of what rows add, a whole number from −sensitivity to sensitivity each; 0 without a value."""
    if term.column is None:
        return prepared.data.count()
    value = prepared[term.column]
    if term.moment is Moment.PRESENT:
        return value.count()
    share = _SHARES[term.moment](value, bounds_of(view, term.column))
    return (share * GRID + 0.5).floor().cast("int64").sum()


def _amount_share(value: Any, bounds: Interval) -> Any:
    largest = bounds.largest
    return _clip(value / float(largest), float(bounds.lower / largest), float(bounds.upper / largest))


def _first_share(value: Any, bounds: Interval) -> Any:
    return _clip((value - float(bounds.middle)) / float(bounds.half), -1.0, 1.0)


def _second_share(value: Any, bounds: Interval) -> Any:
    centred = _first_share(value, bounds)
    return centred * centred * 2 - 1


def _clip(value: Any, lower: float, upper: float) -> Any:
    """From `lower` to `upper`, whatever floats make of bounds that are close; a missing value stays missing.

    Shorter in SQL than the engines' own least and greatest, which do not agree about missing values.
    """
    return (value > upper).ifelse(upper, (value < lower).ifelse(lower, value))


_SHARES = {Moment.AMOUNT: _amount_share, Moment.FIRST: _first_share, Moment.SECOND: _second_share}


def _ladder(prepared: PreparedRows, view: TableView, column: str) -> dict[Cell, list[int]]:
    """By group: how many values are below each of the steps of the bounds, the last one being all."""
    bounds = bounds_of(view, column)
    lower, width = float(bounds.lower), float(bounds.upper - bounds.lower) / CANDIDATES
    present = prepared.filter_rows(prepared[column].notnull())
    step = _clip((present[column] - lower) / width, 0.0, float(CANDIDATES - 1)).floor().cast("int64")
    binned = present.add_columns(**{_BIN: step})
    found: dict[Cell, list[int]] = {cell: [0] * CANDIDATES for cell in cells_of(view)}
    for row in _count_by_group(binned, view, _BIN):
        found[_cell(row, binned.group_names(view))][row[_BIN]] += int(row[_ROWS])
    return {cell: [0, *accumulate(steps)] for cell, steps in found.items()}
