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

from gatecli.anonymity.hierarchies import ALL, Level, column_of, generalised_column, literal
from gatecli.anonymity.search.classes import Base, label_classes
from gatecli.anonymity.search.suppression import HiddenCells
from gatecli.anonymity.tables.functions import row_numbers
from gatecli.anonymity.tables.interface import Table

OURS = "gatecli "
"""Before the names of our own columns, which no join may take for the table's."""


def hide_rows(table: Any, levels: Mapping[str, Level], base: Base, hidden: HiddenCells) -> Table:
    """The table at `levels` of its quasi-identifiers with cells hidden and without the suppressed rows.

    `base` are the counts of the table.
    """
    return _join_places(table, levels, _places(base, hidden))


def _places(base: Base, hidden: HiddenCells) -> Any:
    """A line for each raw combination that changes: its values, and of which of its rows which columns are
    hidden, or that they go.
    """
    labels, _ = label_classes(base, base.classes, hidden.node)
    order = np.argsort(labels, kind="stable")
    starts = np.searchsorted(labels[order], np.arange(len(hidden.classes.sizes) + 1))
    by_class: dict[int, list[tuple[tuple[int, ...] | None, int]]] = {}
    for piece, stays in zip(hidden.pieces, hidden.kept[hidden.groups].tolist(), strict=True):
        by_class.setdefault(piece.row, []).append((piece.hidden if stays else None, piece.rows))
    lines: list[tuple[int, tuple[int, ...] | None, int, int]] = []
    for at, pieces in by_class.items():
        raws = order[starts[at] : starts[at + 1]]
        spread = _spread(
            [columns for columns, _ in pieces],
            [rows for _, rows in pieces],
            base.classes.sizes[raws].tolist(),
        )
        lines += [
            (int(raws[place]), columns, start, stop)
            for place, columns, start, stop in spread
            if columns is None or columns
        ]
    rows = np.array([line[0] for line in lines], np.int64)
    held: dict[str, Any] = {
        f"{OURS}value {at}": one.values.take(raw[rows])
        for at, (one, raw) in enumerate(zip(base.dimensions, base.classes.members, strict=True))
    }
    held |= {f"{OURS}hide {at}": [at in (line[1] or ()) for line in lines] for at in range(len(hidden.node))}
    held |= {f"{OURS}start": [line[2] for line in lines], f"{OURS}stop": [line[3] for line in lines]}
    held[f"{OURS}gone"] = [line[1] is None for line in lines]
    return pa.table(held)


def _spread(
    hidden: Sequence[tuple[int, ...] | None], rows: Sequence[int], sizes: Sequence[int]
) -> Iterator[tuple[int, tuple[int, ...] | None, int, int]]:
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


def _join_places(table: Any, levels: Mapping[str, Level], places: Any) -> Table:
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
    stays = ~joined[f"{OURS}gone"].fill_null(literal(value=False, kind="boolean"))
    return joined.filter(stays).select(**columns)


def alike(column: Any, fetched: Any) -> Any:
    """Whether a value is the one that was fetched; SQLite's instants come as they are written."""
    is_text_alone = fetched.type().is_string() and not column.type().is_string()
    return (column.cast("string") if is_text_alone else column).identical_to(fetched)
