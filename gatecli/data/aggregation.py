"""The exact sums of a question, by the table's own engine: one query for all sums, one for each quantile.

What this returns is not private. `session` adds noise to it before anything else sees it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, product
from typing import Any, TypeAlias

from gatecli.anonymity.tables.functions import row_numbers, rows
from gatecli.data.expressions import ColumnKind, compute_expression
from gatecli.data.statistics import CANDIDATES, GRID, Moment, Part, Rank, SumTerm
from gatecli.data.views import Derivation, Interval, Key, TableView, bounds_of

Cell: TypeAlias = tuple[Key, ...]

_LARGEST_KEY = 2.0**53
"""Beyond it doubles do not hold every whole number."""

_ORDER, _BIN, _PLACE = "gatecli order", "gatecli bin", "gatecli place"
"""Names of our own columns, beside those of the table."""


@dataclass(frozen=True, slots=True)
class Contributions:
    """How many rows of one unit are counted: `column` names the unit; None where each row is one."""

    column: str | None = None
    rows: int = 1


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
    columns = _columns(table)
    narrow = _bound_contributions(_prepare_rows(table, view, columns), view, parts, contributions)
    terms = [part for part in parts if isinstance(part, SumTerm)]
    named = {f"term{number}": term for number, term in enumerate(terms)}
    sums = {cell: dict.fromkeys(terms, 0) for cell in cells_of(view)}
    if terms:
        amounts = {name: _total(narrow, term, view) for name, term in named.items()}
        for row in rows(_by_groups(narrow, view).aggregate(**amounts)):
            sums[_cell(row, view)] = {term: int(row[name] or 0) for name, term in named.items()}
    ranked = dict.fromkeys(part.column for part in parts if isinstance(part, Rank))
    return ExactSums(sums, {column: _ladder(narrow, view, column) for column in ranked})


def count_values(table: Any, view: TableView, name: str, contributions: Contributions) -> dict[Key, int]:
    """The exact rows of each value of a column, text or whole numbers; each unit's rows bounded first."""
    part = SumTerm(Moment.PRESENT, name)
    plain = replace(view, groups=())
    data = _prepare_rows(table, plain, _columns(table))
    if view.kinds[name] is ColumnKind.NUMBER:
        value = data[name]
        data = data.filter(value == value.clip(-_LARGEST_KEY, _LARGEST_KEY).floor())
    narrow = _bound_contributions(data.filter(data[name].notnull()), plain, [part], contributions)
    counted = narrow.group_by([name]).aggregate(rows=narrow.count())
    found: dict[Key, int] = {}
    for row in rows(counted):  # an engine may tell 0.0 from −0.0
        key = int(row[name]) if isinstance(row[name], float) else row[name]
        found[key] = found.get(key, 0) + int(row["rows"])
    return found


def _columns(table: Any) -> dict[str, Any]:
    """The table's columns as expressions compute with them: numbers are floats, and NaN is missing."""
    kinds = kinds_in(table.schema())
    return {name: _clean(table[name], kind) for name, kind in kinds.items()}


def _clean(column: Any, kind: ColumnKind) -> Any:
    if kind is not ColumnKind.NUMBER:
        return column
    return _without_nan(column.cast("float64"))


def _without_nan(column: Any) -> Any:
    """NaN is missing: no engine makes a whole number of it, and an error would tell of a row."""
    is_number = hasattr(column, "type") and column.type().is_floating()
    return column.isnan().ifelse(None, column) if is_number else column


def _prepare_rows(table: Any, view: TableView, columns: dict[str, Any]) -> Any:
    """The rows of a view that are in one of its groups. Each step reads what those before it gave."""
    data = table.select(**columns)
    for step in view.steps:
        current = {name: data[name] for name in data.columns}
        if isinstance(step, Derivation):
            made = compute_expression(step.expression, current)
            data = data.mutate(**{step.name: _without_nan(made)})
        else:
            data = data.filter(compute_expression(step.condition, current))
    for name in view.groups:
        data = data.filter(data[name].isin([_constant(key) for key in view.keys[name]]))
    return data


def _constant(key: Key) -> Key | float:
    return float(key) if type(key) is int else key


def _bound_contributions(
    data: Any, view: TableView, parts: Sequence[Part], contributions: Contributions
) -> Any:
    """At most so many rows of each unit, chosen by a hash of what these rows hold; none without a unit.

    Whatever the other units hold, the same rows of a unit are chosen. Rows that are alike count alike, so
    that it does not matter which of them is.
    """
    if contributions.column is None:
        return data
    used = sorted({*view.groups, *(part.column for part in parts if part.column is not None)})
    whole = data[contributions.column].cast("string")
    data = data.filter(data[contributions.column].notnull())
    texts = [data[name].cast("string").fill_null("") for name in used]
    joined = whole
    for text in texts:
        joined = joined + "\x1f" + text
    placed = data.mutate(**{_ORDER: joined})
    order = [placed[_ORDER].hash(), placed[_ORDER]]
    numbered = placed.mutate(**{_PLACE: row_numbers([placed[contributions.column]], order)})
    return numbered.filter(numbered[_PLACE] < contributions.rows)


def _by_groups(data: Any, view: TableView) -> Any:
    return data.group_by(list(view.groups)) if view.groups else data


def _cell(row: Mapping[str, Any], view: TableView) -> Cell:
    return tuple(int(row[name]) if isinstance(row[name], float) else row[name] for name in view.groups)


def _total(data: Any, term: SumTerm, view: TableView) -> Any:
    """The sum of what rows add, a whole number from −sensitivity to sensitivity each; 0 without a value."""
    if term.column is None:
        return data.count()
    value = data[term.column]
    if term.moment is Moment.PRESENT:
        return value.count()
    bounds = bounds_of(view, term.column)
    share = _SHARES[term.moment](value.clip(float(bounds.lower), float(bounds.upper)), bounds)
    return (share * GRID).round().cast("int64").clip(-GRID, GRID).sum()


def _amount_share(value: Any, bounds: Interval) -> Any:
    return value / float(bounds.largest)


def _first_share(value: Any, bounds: Interval) -> Any:
    return (value - float(bounds.middle)) / float(bounds.half)


def _second_share(value: Any, bounds: Interval) -> Any:
    centred = _first_share(value, bounds)
    return centred * centred * 2 - 1


_SHARES = {Moment.AMOUNT: _amount_share, Moment.FIRST: _first_share, Moment.SECOND: _second_share}


def _ladder(data: Any, view: TableView, column: str) -> dict[Cell, list[int]]:
    """By group: how many values are below each of the steps of the bounds, the last one being all."""
    bounds = bounds_of(view, column)
    lower, width = float(bounds.lower), float(bounds.upper - bounds.lower) / CANDIDATES
    present = data.filter(data[column].notnull())
    clipped = present[column].clip(lower, float(bounds.upper))
    step = ((clipped - lower) / width).floor().cast("int64").clip(0, CANDIDATES - 1)
    binned = present.mutate(**{_BIN: step})
    counted = binned.group_by([*view.groups, _BIN]).aggregate(rows=binned.count())
    found: dict[Cell, list[int]] = {cell: [0] * CANDIDATES for cell in cells_of(view)}
    for row in rows(counted):
        found[_cell(row, view)][row[_BIN]] = int(row["rows"])
    return {cell: [0, *accumulate(steps)] for cell, steps in found.items()}
