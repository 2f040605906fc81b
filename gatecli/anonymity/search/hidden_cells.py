"""A table with single cells hidden: the choice of `hide_at` as an expression of the table's engine.

Derivation. Rows with the same quasi-identifiers differ in nothing that the choice looks at. Which of them
have their cells hidden is decided by their place in the order of all columns: rows that tie there are alike.

Example. Of a class of rows with raw values of 2, 1 and 4 rows, the first three rows stay, the rest is hidden:

>>> list(_spread([(), (0,)], [3, 4], [2, 1, 4]))
[(0, (), 0, 2), (1, (), 0, 1), (2, (0,), 0, 4)]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from gatecli.anonymity.hierarchies import ALL, Exact, Hierarchy, Level, column_of, generalised_column, literal
from gatecli.anonymity.search.classes import Base, Node, label_classes
from gatecli.anonymity.search.counts import fetch
from gatecli.anonymity.search.suppression import HiddenCells, hide_at
from gatecli.anonymity.tables.functions import row_numbers
from gatecli.anonymity.tables.interface import Table
from gatecli.model.anonymity import Scale, Thresholds

OURS = "gatecli "
"""Before the names of our own columns, which no join may take for the table's."""


def hide_in(
    table: Table,
    levels: Mapping[str, Level],
    scales: Mapping[str, Scale],
    thresholds: Thresholds,
    most: int,
) -> Table | None:
    """The table at `levels` of its quasi-identifiers with cells hidden, before rows are suppressed.

    `scales` has all sensitive columns. None where more than `most` rows would have to be suppressed.
    """
    names = list(levels)
    exact = Exact()
    ladders = [
        Hierarchy(name, (exact,) if level == exact else (exact, level)) for name, level in levels.items()
    ]
    base = fetch(table, ladders, list(scales), scales)
    node = tuple(len(ladder.levels) - 1 for ladder in ladders)
    hidden = hide_at(base, node, thresholds, most)
    return None if hidden is None else _hide_rows(table, levels, _places(base, node, hidden, names))


def _places(base: Base, node: Node, hidden: HiddenCells, names: Sequence[str]) -> Any:
    """A line for each raw combination with hidden cells: its values, which columns, and which of its rows."""
    labels, _ = label_classes(base, base.classes, node)
    order = np.argsort(labels, kind="stable")
    starts = np.searchsorted(labels[order], np.arange(len(hidden.classes.sizes) + 1))
    by_class: dict[int, list[tuple[tuple[int, ...], int]]] = {}
    for piece in hidden.pieces:
        by_class.setdefault(piece.row, []).append((piece.hidden, piece.rows))
    lines = []
    for at, pieces in by_class.items():
        raws = order[starts[at] : starts[at + 1]]
        spread = _spread(
            [columns for columns, _ in pieces],
            [rows for _, rows in pieces],
            base.classes.sizes[raws].tolist(),
        )
        lines += [
            (int(raws[place]), columns, start, stop) for place, columns, start, stop in spread if columns
        ]
    rows = np.array([line[0] for line in lines], np.int64)
    held: dict[str, Any] = {
        f"{OURS}value {at}": one.values.take(raw[rows])
        for at, (one, raw) in enumerate(zip(base.dimensions, base.classes.members, strict=True))
    }
    held |= {f"{OURS}hide {at}": [at in line[1] for line in lines] for at in range(len(names))}
    held |= {f"{OURS}start": [line[2] for line in lines], f"{OURS}stop": [line[3] for line in lines]}
    return pa.table(held)


def _spread(
    hidden: Sequence[tuple[int, ...]], rows: Sequence[int], sizes: Sequence[int]
) -> Iterator[tuple[int, tuple[int, ...], int, int]]:
    """Pieces of a class laid over its raw combinations in order: which, what is hidden, from row to row."""
    place, start = 0, 0
    for columns, number in zip(hidden, rows, strict=True):
        left = number
        while left:
            taken = min(left, sizes[place] - start)
            yield place, columns, start, start + taken
            left, start = left - taken, start + taken
            if start == sizes[place]:
                place, start = place + 1, 0


def _hide_rows(table: Any, levels: Mapping[str, Level], places: Any) -> Table:
    import ibis  # noqa: PLC0415 - half a second that only tables need

    hiding = ibis.memtable(places)
    raw = [column_of(table, name) for name in levels]
    shown = {
        f"{OURS}shown {at}": generalised_column(column, level)
        for at, (column, level) in enumerate(zip(raw, levels.values(), strict=True))
    }
    ours = {f"{OURS}raw {at}": column for at, column in enumerate(raw)}
    wide = table.mutate(**shown, **ours)
    place = {
        f"{OURS}place": row_numbers([wide[name] for name in ours], [wide[name] for name in table.columns])
    }
    wide = wide.mutate(**place)
    same = [alike(wide[f"{OURS}raw {at}"], hiding[f"{OURS}value {at}"]) for at in range(len(raw))]
    within = [wide[f"{OURS}place"] >= hiding[f"{OURS}start"], wide[f"{OURS}place"] < hiding[f"{OURS}stop"]]
    joined = wide.left_join(hiding, [*same, *within])
    hidden = {at for at in range(len(raw)) if any(places[f"{OURS}hide {at}"].to_pylist())}
    columns = {name: joined[name] for name in table.columns}
    for at, name in enumerate(levels):
        coarse = joined[f"{OURS}shown {at}"]
        gone = joined[f"{OURS}hide {at}"].fill_null(literal(value=False, kind="boolean"))
        columns[name] = gone.ifelse(literal(ALL), coarse.cast("string")) if at in hidden else coarse
    return joined.select(**columns).view()  # else a join with it would be one more of the same chain


def alike(column: Any, fetched: Any) -> Any:
    """Whether a value is the one that was fetched; SQLite's instants come as they are written."""
    is_text_alone = fetched.type().is_string() and not column.type().is_string()
    return (column.cast("string") if is_text_alone else column).identical_to(fetched)
