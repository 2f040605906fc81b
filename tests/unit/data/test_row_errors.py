"""No row can make a question fail: an error that depends on a row would tell of it, for next to no ε."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatecli.anonymity.tables.frames import open_frame
from gatecli.data import column
from gatecli.data.aggregation import Contributions, add_up, kinds_in
from gatecli.data.statistics import Moment, Part, Rank, SumTerm
from gatecli.data.table import PrivateTable
from gatecli.data.views import TableView, group_by_keys, with_bounds, with_keys
from gatecli.errors import UsageError
from tests.support.private_tables import exact, small_table

ODD = (math.inf, -math.inf, math.nan, 1e308, -1e308, 0.0, None, 5e-324, 2.0**53, 1e100, -1e100)

CLOSEST: list[tuple[Any, Any]] = [
    (10**16, 10**16 + 8),
    ("-1e100", "1e100"),
    (0, "1e-99"),
    (1, "1.000000000000001"),
]


@pytest.mark.parametrize(
    "bounds",
    [
        ("1", "1." + "0" * 390 + "1"),
        ("1e16", "10000000000000001"),
        (0, "1e-300"),
        (0, "1e300"),
        ("-1.1e100", 0),
        "19",
        {0: 1, 1: 2},
        7,
    ],
    ids=str,
)
def test_bounds_that_doubles_do_not_compute_with_are_refused(bounds: Any) -> None:
    table = small_table()
    with pytest.raises(UsageError, match="bounds of age"):
        table.clip(age=bounds)
    with pytest.raises(UsageError, match="bounds of age"):
        table.derive(age=column("age") * 1, bounds={"age": bounds})


@pytest.mark.parametrize("bounds", CLOSEST, ids=str)
def test_every_value_is_answered_within_the_narrowest_and_the_widest_bounds(bounds: Any) -> None:
    table = exact({"age": ODD}, bounds={"age": bounds}, keys={})
    answer = table.agg(
        n=("age", "count"),
        s=("age", "sum"),
        m=("age", "mean"),
        v=("age", "var"),
        d=("age", "std"),
        q=("age", "median"),
        epsilon="1e-9",
    )
    assert answer["n"] == 9
    assert float(bounds[0]) <= float(answer["q"] or 0) <= float(bounds[1])


@pytest.mark.parametrize("key", [2**53 + 1, -(2**53) - 1, 10**400])
def test_keys_that_doubles_merge_are_refused(key: int) -> None:
    with pytest.raises(UsageError, match=r"beyond 2\*\*53"):
        small_table().derive(k=column("age") * 0, keys={"k": [0, key]})


def test_the_largest_keys_are_answered_whatever_the_rows_hold() -> None:
    values = {"k": [2**53, 2**53 + 1, -(2**53), 2**62, 0]}
    table = exact(values, bounds={"k": (0, 10)}, keys={"k": [2**53, -(2**53)]})
    answer = table.groupby("k").agg(n="count", q=("k", "median"), epsilon=1)
    assert [row["n"] for row in answer] == [2, 1]


@pytest.mark.parametrize(
    "keys", [{"ward": "abc"}, {"ward": 5}, {"ward": {"a": 1}}, [("ward", ["a"])]], ids=str
)
def test_keys_are_a_list_by_column(keys: Any) -> None:
    with pytest.raises(UsageError, match="are not"):
        small_table(keys=keys)


def test_text_that_is_not_unicode_is_refused_before_anything_is_paid() -> None:
    table = small_table()
    with pytest.raises(UsageError, match="not Unicode"):
        table.derive(w=column("ward"), keys={"w": ["\ud800"]})
    with pytest.raises(UsageError, match="not Unicode"):
        table.filter(column("ward") == "\ud800")


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_dates_that_the_engine_cannot_hold_are_missing(unit: str) -> None:
    moments = pa.array([2**62, -(2**62), 86400 * 365, None], pa.int64()).cast(pa.timestamp(unit))
    table = exact({"d": moments}, bounds={}, keys={})
    years = table.derive(y=column("d").year(), bounds={"y": (1900, 2000)})
    years.agg(n=("d", "count"), m=("y", "mean"), q=("y", "median"), epsilon=1)
    assert table.filter(column("d").year() == 1971).count(epsilon=1).value == (1 if unit == "s" else 0)


DATES = {
    "date32": pa.array([2**31 - 1, -(2**31), 18_262, None], pa.int32()).cast(pa.date32()),
    **{
        f"{unit} {zone}": pa.array([2**63 - 1, -(2**62), 0, None], pa.int64()).cast(pa.timestamp(unit, zone))
        for unit, zone in (("s", None), ("ms", None), ("us", None), ("ns", None), ("us", "Asia/Tokyo"))
    },
}


@pytest.mark.parametrize("name", DATES)
def test_no_date_makes_a_comparison_fail(name: str) -> None:
    table = exact({"one": DATES[name], **DATES}, bounds={}, keys={})
    for other in DATES:
        alike = column("one") == column(other)
        assert table.filter(alike | ~alike | alike.is_missing()).count(epsilon=1).value == 4
    assert int(table.count("one", epsilon=1)) <= 3


OURS = ("rows", "term0", "column0", "derived0", "used0", "gatecli unit", "gatecli bin", "gatecli rows")


@pytest.mark.parametrize("name", OURS)
def test_columns_may_have_the_names_of_our_own(name: str) -> None:
    values: dict[str, list[Any]] = {"pid": [1, 2, 3], name: ["a", "a", "b"], "age": [10.0, 20.0, 30.0]}
    table = exact(values, keys={name: ["a", "b"]}, contributions=Contributions("pid"))
    answer = table.groupby(name).agg(n="count", s=("age", "sum"), q=("age", "median"), epsilon=1)
    assert [row["n"] for row in answer] == [2, 1]
    found = table.find_keys(name, epsilon=1, delta=1e-7)
    assert found.answer.groups == (name,)


def test_names_that_differ_in_case_alone_are_two_columns() -> None:
    table = exact(
        {"id": [1, 1, 1], "v": [1.0, 2.0, 3.0]}, bounds={}, keys={}, contributions=Contributions("id")
    )
    made = table.derive({"ID": column("v"), "V": column("v") * 2}, bounds={"v": (0, 10), "V": (0, 10)})
    assert made.count(epsilon=1).value == 1
    plain = exact({"v": [1.0, 2.0]}, bounds={}, keys={}).derive({"V": column("v") * 2})
    both = plain.derive(bounds={"v": (0, 10), "V": (0, 10)}).agg(a=("v", "sum"), b=("V", "sum"), epsilon=1)
    assert both["a"] == pytest.approx(3, abs=1e-3)
    assert both["b"] == pytest.approx(6, abs=1e-3)


CELLS = st.sampled_from([None, "", "a", "a\x1fb", "b", "b\x1fc", "c"])
PEOPLE = st.lists(
    st.tuples(st.integers(0, 2), CELLS, CELLS, st.sampled_from([None, 0.3, 0.1 + 0.2])), max_size=12
)


def sums_of(people: Sequence[Sequence[Any]]) -> Mapping[Any, Any]:
    kinds = (pa.int64(), pa.string(), pa.string(), pa.float64())
    columns = [pa.array([row[place] for row in people], kind) for place, kind in enumerate(kinds)]
    with open_frame(pa.table(columns, names=["pid", "one", "other", "x"])) as opened:
        view = with_keys(TableView(kinds_in(opened.table.schema())), {"one": ["", "a", "a\x1fb"]})
        view = group_by_keys(with_bounds(view, {"x": (0.3, 0.1 + 0.2 + 1e-9)}), ["one"])
        parts: list[Part] = [
            SumTerm(Moment.PRESENT, "other"),
            SumTerm(Moment.AMOUNT, "x"),
            Rank("x", Fraction(1)),
        ]
        found = add_up(opened.table, view, parts, Contributions("pid"))
        return {**found.sums, **found.ladders}


@settings(max_examples=12, deadline=None)
@given(PEOPLE, st.randoms(use_true_random=False))
def test_which_of_a_units_rows_count_does_not_depend_on_their_order(people: Any, random: Any) -> None:
    shuffled = list(people)
    random.shuffle(shuffled)
    assert sums_of(people) == sums_of(shuffled)


def test_an_expression_is_counted_up_to_its_limit_however_its_parts_are_shared() -> None:
    shared: Any = column("age")
    for _ in range(200):
        shared = shared + shared
    deep: Any = column("age")
    for _ in range(20_000):
        deep = deep + 1
    table: PrivateTable = small_table()
    for long in (shared, deep):
        with pytest.raises(UsageError, match="more than 200 parts"):
            table.derive(x=long)
