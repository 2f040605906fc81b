"""Small tables behind a budget, and engines of noise that add none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import pyarrow as pa

from gatecli.anonymity.tables.frames import open_frame
from gatecli.data import open_table
from gatecli.data.aggregation import Contributions, kinds_in
from gatecli.data.session import OpenedRows, TableSession
from gatecli.data.spending import SessionPurse
from gatecli.data.table import PrivateTable
from gatecli.data.views import TableView, with_bounds, with_keys
from gatecli.model.budget import Budget
from gatecli.model.mechanism import Mechanism

ROWS: Mapping[str, Sequence[Any]] = {
    "pid": [1, 1, 2, 3, 4, None],
    "age": [20.0, 30.0, 40.0, 50.0, None, 60.0],
    "ward": ["a", "b", "a", "a", "c", "a"],
}
BOUNDS = {"age": (0, 100)}
KEYS = {"ward": ["a", "b", "d"]}
ROWS_ALONE = Contributions()


class UnsafeExactEngine:
    """Adds no noise, so that what is added up can be seen in a test."""

    name = "exact"
    version = "0"
    reason = "a test asks it"

    def require_drawable(self, mechanism: Mechanism) -> None:
        """It draws anything, and nothing of each."""

    def add_laplace(self, values: Sequence[int], scale: Fraction) -> list[int]:  # noqa: ARG002 - the interface's
        """The values."""
        return list(values)

    def add_gaussian(self, values: Sequence[int], deviation: Fraction) -> list[int]:  # noqa: ARG002 - the interface's
        """The values."""
        return list(values)

    def add_laplace_above(
        self,
        counts: Sequence[int],
        scale: Fraction,  # noqa: ARG002 - the interface's
        threshold: int,
    ) -> dict[int, int]:
        """The counts that reach the threshold."""
        return {place: count for place, count in enumerate(counts) if count >= threshold}

    def choose_least(
        self,
        scores: Sequence[int],
        sensitivity: int,  # noqa: ARG002 - the interface's
        epsilon: Fraction,  # noqa: ARG002 - the interface's
    ) -> int:
        """The first of the least scores."""
        return min(range(len(scores)), key=lambda place: scores[place])


def frame(columns: Mapping[str, Sequence[Any]] = ROWS) -> pa.Table:
    """An Arrow table."""
    return pa.table({name: list(values) for name, values in columns.items()})


def small_table(
    columns: Mapping[str, Sequence[Any]] = ROWS, epsilon: Any = 10, **options: Any
) -> PrivateTable:
    """A table behind a session's budget, with OpenDP's noise."""
    given = {"bounds": BOUNDS, "keys": KEYS, **options}
    return open_table(frame(columns), budget={"epsilon": epsilon, "delta": "1e-6"}, **given)


def exact(
    columns: Mapping[str, Sequence[Any]] = ROWS,
    *,
    bounds: Mapping[str, Any] = BOUNDS,
    keys: Mapping[str, Any] = KEYS,
    contributions: Contributions = ROWS_ALONE,
) -> PrivateTable:
    """A table whose answers have no noise."""
    source = open_frame(frame(columns))
    purse = SessionPurse("a table", "row", Budget(Fraction(10**4), Fraction(1, 10**6)))
    session = TableSession(OpenedRows(source, lambda: None), contributions, purse, UnsafeExactEngine())
    view = TableView(kinds_in(source.table.schema()))
    return PrivateTable(with_keys(with_bounds(view, bounds), keys), session)
