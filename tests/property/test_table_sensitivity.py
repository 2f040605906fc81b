"""The law that the noise rests on: one unit more or less moves every sum by no more than is declared."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from gatecli.anonymity.tables.frames import open_frame
from gatecli.data.aggregation import Contributions, ExactSums, add_up, kinds_in
from gatecli.data.expressions import column
from gatecli.data.statistics import CANDIDATES, Moment, Part, Rank, SumTerm
from gatecli.data.views import TableView, derive_column, filter_rows, group_by_keys, with_bounds, with_keys
from gatecli.model.number import read_exact
from tests.support.examples import share

TERMS = (SumTerm(Moment.ROWS), *(SumTerm(moment, "value") for moment in Moment if moment is not Moment.ROWS))
PARTS: tuple[Part, ...] = (*TERMS, Rank("value", read_exact("0.5")))
VALUES = st.one_of(
    st.none(), st.floats(width=64), st.floats(-2, 12), st.sampled_from([0.0, 10.0, -0.0, math.inf, 1e300])
)
ROWS = st.lists(
    st.tuples(st.sampled_from(["u", "v", "w", None]), st.sampled_from(["a", "b", "c", None]), VALUES),
    max_size=12,
)


def _exact(rows: Sequence[tuple[str | None, str | None, float | None]], limit: int) -> ExactSums:
    units, groups, values = zip(*rows, strict=True) if rows else ((), (), ())
    data = pa.table(
        {
            "unit": pa.array(units, pa.string()),
            "group": pa.array(groups, pa.string()),
            "value": pa.array(values, pa.float64()),
        }
    )
    with open_frame(data) as opened:
        view = with_bounds(TableView(kinds_in(opened.table.schema())), {"value": (-1, 10)})
        kept = filter_rows(derive_column(view, "twice", column("value") * 2), ~(column("twice") == 6))
        return add_up(
            opened.table,
            group_by_keys(with_keys(kept, {"group": ["a", "b"]}), ["group"]),
            PARTS,
            Contributions("unit", limit),
        )


@given(ROWS, st.integers(1, 3))
@settings(max_examples=share(60))
def test_a_unit_moves_sums_by_its_rows_times_the_sensitivity_at_most(rows: list[Any], limit: int) -> None:
    without = [row for row in rows if row[0] != "u"]
    one, other = _exact(rows, limit), _exact(without, limit)
    for term in TERMS:
        moved = sum(abs(one.sums[cell][term] - other.sums[cell][term]) for cell in one.sums)
        assert moved <= limit * term.sensitivity
    for cell, steps in one.ladders["value"].items():
        others = other.ladders["value"][cell]
        moves = [one_step - other_step for one_step, other_step in zip(steps, others, strict=True)]
        assert len(steps) == CANDIDATES + 1
        assert all(0 <= move <= limit for move in moves)
        assert moves == sorted(moves)


@given(ROWS)
@settings(max_examples=share(30))
def test_sums_do_not_depend_on_the_order_of_rows(rows: list[Any]) -> None:
    assert _exact(rows, 1) == _exact(rows[::-1], 1)
