"""A table behind a budget: what it answers, and that it shows nothing else."""

from __future__ import annotations

import copy
import datetime as dt
import logging
import math
import multiprocessing
import pickle
import traceback
from collections.abc import Callable
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from gatecli.data import column, open_table
from gatecli.data.aggregation import Contributions
from gatecli.data.refusals import REFUSED, BudgetUsedUpError, RefusedError
from gatecli.data.table import PrivateTable
from gatecli.errors import GatecliError, UncheckableError, UsageError
from tests.support.private_tables import BOUNDS, KEYS, ROWS, exact, frame, small_table

PERSONS = Contributions("pid", 1)


def test_counts_and_means_are_of_all_rows_that_have_a_value() -> None:
    table = exact()
    assert table.count(epsilon=1).value == 6
    assert table.count("age", epsilon=1).value == 5
    assert table.sum("age", epsilon=1).value == pytest.approx(200, abs=1e-3)
    assert table.mean("age", epsilon=1).value == pytest.approx(40, abs=1e-4)
    assert table.var("age", epsilon=1).value == pytest.approx(200, abs=1e-2)
    assert table.std("age", epsilon=1).value == pytest.approx(math.sqrt(200), abs=1e-3)
    assert 30 <= float(table.median("age", epsilon=1)) <= 50  # two and three of five values are below


def test_values_outside_of_the_bounds_count_as_the_bounds() -> None:
    values = {"age": [math.inf, -math.inf, math.nan, 1e308, -5.0]}
    table = exact(values, keys={})
    assert table.count("age", epsilon=1).value == 4
    assert table.sum("age", epsilon=1).value == pytest.approx(200, abs=1e-3)
    assert table.mean("age", epsilon=1).value == pytest.approx(50, abs=1e-3)


def test_groups_are_those_of_the_public_keys_and_no_others() -> None:
    answer = exact().groupby("ward").agg(n="count", mean=("age", "mean"), epsilon=1)
    assert [(row["ward"], row["n"]) for row in answer] == [("a", 4), ("b", 1), ("d", 0)]
    assert answer.rows[2]["mean"] is None


def test_groups_by_numbers_truth_values_and_derived_columns() -> None:
    table = exact(
        {"age": [1, 2, 2, 30], "ill": [True, False, True, True]}, bounds={}, keys={"ill": [True, False]}
    )
    decades = table.derive(decade=column("age") // 10, keys={"decade": [0, 3, 9]})
    answer = decades.groupby("decade", "ill").agg(n="count", epsilon=1)
    found = {(row["decade"], row["ill"]): row["n"] for row in answer}
    assert found == {(0, True): 2, (0, False): 1, (3, True): 1, (3, False): 0, (9, True): 0, (9, False): 0}


def test_a_units_rows_are_bounded_and_rows_of_nobody_do_not_count() -> None:
    assert exact(contributions=PERSONS).count(epsilon=1).value == 4
    assert exact(contributions=Contributions("pid", 2)).count(epsilon=1).value == 5
    group_by_keys = exact(contributions=PERSONS).groupby("ward").agg(n="count", epsilon=1)
    assert sum(row["n"] for row in group_by_keys) == 3


def test_units_whose_numbers_a_float_would_merge_are_told_apart() -> None:
    """Merged, one unit's row would stand in for another's, and adding one would change two groups."""
    values: dict[str, list[Any]] = {
        "pid": [2**60, 2**60 + 1, 2**60 + 1],
        "age": [1.0, 2.0, 2.0],
        "ward": ["a", "b", "b"],
    }
    answer = exact(values, contributions=PERSONS).groupby("ward").agg(n="count", epsilon=1)
    assert [row["n"] for row in answer] == [1, 1, 0]


def test_a_derived_column_of_the_units_name_bounds_nothing() -> None:
    table = exact(contributions=PERSONS).derive(pid=column("age"))
    assert table.count(epsilon=1).value == 4


def test_noise_is_for_as_many_rows_as_a_unit_may_have() -> None:
    one, three = (small_table(unit="pid", rows_per_unit=rows).count(epsilon=1).receipt for rows in (1, 3))
    assert [receipt.mechanisms[0].scale for receipt in (one, three)] == [1, 3]  # type: ignore[union-attr]  # Laplace


def test_whose_a_row_is_is_read_before_anything_is_derived() -> None:
    visits = exact(
        {"pid": [1] * 50, "age": [float(age) for age in range(50)]}, contributions=PERSONS, keys={}
    )
    for name in ("pid", "age"):
        derived = visits.derive({name: column("age") * 2}, bounds={name: (0, 100)})
        assert derived.count(epsilon=1).value == 1
        assert derived.filter(column(name) >= 0).count(name, epsilon=1).value == 1
    scaled = visits.clip(pid=(0, 100)).standardise(["pid"], epsilon=1).table
    assert scaled.count(epsilon=1).value == 1


def test_units_are_told_apart_as_they_are_written() -> None:
    large = exact(
        {"pid": [2**60 + each for each in range(40)], "age": [1.0] * 40}, contributions=PERSONS, keys={}
    )
    assert large.count(epsilon=1).value == 40


def test_histograms_put_the_ends_into_the_outer_bins() -> None:
    values = {"age": [-5.0, 0.0, 24.9, 25.0, 99.0, 100.0, 500.0]}
    answer = exact(values, keys={}).histogram("age", 4, epsilon=1)
    assert [row["rows"] for row in answer] == [3, 1, 0, 3]


def test_filters_and_derivations_apply_in_their_order() -> None:
    table = exact().derive(half=column("age") / 2, bounds={"half": (0, 50)})
    assert table.filter(column("half") >= 15).count(epsilon=1).value == 4
    assert table.filter(column("age").is_missing()).count(epsilon=1).value == 1
    assert table.filter(~column("ward").is_in("a", "b")).count(epsilon=1).value == 1
    assert table.filter((column("age") > 20) & (column("age") < 60) | (column("ward") == "c")).count(
        epsilon=1
    ).value == pytest.approx(4)
    assert table.select("half").columns == ("half",)


def test_dates_have_years_and_months() -> None:
    days = [dt.date(1999, 10, 8), dt.date(2000, 1, 1), None]
    table = exact({"day": days}, bounds={}, keys={})
    assert table.filter(column("day").year() == 1999).count(epsilon=1).value == 1
    assert table.filter(column("day").month() == 1).count(epsilon=1).value == 1


def test_no_value_makes_an_expression_fail() -> None:
    odd = {"age": [math.inf, -math.inf, math.nan, 1e308, -1e308, 0.0, None, 5e-324]}
    table = exact(odd, keys={})
    expressions = {
        "difference": column("age") - column("age"),
        "product": column("age") * column("age") * 0,
        "large": column("age") * 1e308 + column("age"),
        "shares": (column("age") / 1e-300) // 1e-10,
        "kept": abs(column("age")).clip(1, 2),
    }
    for name, expression in expressions.items():
        named: dict[str, Any] = {name: expression}
        made = table.derive(bounds={name: (-1, 1)}, **named)
        made.agg(epsilon=1, n=(name, "count"), m=(name, "mean"), v=(name, "var"), q=(name, "median"))
        made.filter(column(name) > 0).count(epsilon=1)
    assert all(each.answered for each in table.budget.questions)


def test_describe_names_each_statistic() -> None:
    answer = exact().describe(epsilon=1)
    assert answer.names == ("age count", "age mean", "age std", "age 25%", "age 50%", "age 75%")
    assert answer["age count"] == 5


def test_standardising_finds_bounds_mean_and_deviation() -> None:
    values = {"age": [float(each) for each in range(101)]}
    found = exact(values, bounds={"age": (0, 1000)}, keys={}).standardise(["age"], epsilon=1)
    parameters = found.parameters["age"]
    assert (parameters.low, parameters.high) == pytest.approx((2, 98), abs=2)
    assert parameters.mean == pytest.approx(50, abs=0.5)
    assert found.table.mean("age", epsilon=1).value == pytest.approx(0, abs=0.01)
    assert found.table.std("age", epsilon=1).value == pytest.approx(1, abs=0.01)
    assert sum(receipt.epsilon for receipt in found.receipts) == 1


def test_a_constant_column_is_standardised_without_dividing_by_zero() -> None:
    found = exact({"age": [50.0] * 20}, keys={}).standardise("age", epsilon=1).parameters["age"]
    assert found.deviation > 0
    assert found.high > found.low


def test_standardising_beyond_the_budget_asks_nothing() -> None:
    table = small_table(epsilon=1)
    with pytest.raises(BudgetUsedUpError):
        table.standardise(["age"], epsilon="1.1")
    assert table.budget.questions == ()
    for _ in range(3):
        table.standardise(["age"], epsilon=Fraction(1, 3))


def test_a_plan_is_paid_for_once_and_answered_at_its_end() -> None:
    table = small_table()
    with table.plan(epsilon=1) as plan:
        count, mean = plan.count(weight=3), plan.mean("age")
        with pytest.raises(UsageError, match="has not been answered"):
            float(count)
        with pytest.raises(UsageError, match="budget of its own"):
            plan.count(epsilon=1)
    assert count.receipt.mechanisms[0].scale == pytest.approx(4 / 3, rel=1e-4)  # type: ignore[union-attr]  # Laplace
    assert mean.receipt.subject == count.receipt.subject
    assert [each.epsilon for each in table.budget.questions] == [1]


@pytest.mark.parametrize("method", ["weights", "sensitivity", "variance"])
@pytest.mark.parametrize("delta", [0, 1e-7])
def test_every_method_splits_a_plan_within_its_budget(method: Any, delta: float) -> None:
    table = small_table()
    with table.plan(epsilon="0.5", delta=delta, method=method) as plan:
        plan.count()
        plan.groupby("ward").agg(mean=("age", "mean"), median=("age", "median"))
    assert table.budget.holding.left >= 9


def test_a_plan_that_fails_asks_nothing() -> None:
    table = small_table()

    def ask() -> None:
        with table.plan(epsilon=1) as plan:
            plan.count()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ask()
    assert table.budget.questions == ()


def test_a_question_beyond_the_budget_is_refused_and_costs_nothing() -> None:
    table = small_table(epsilon=1)
    table.count(epsilon="0.6")
    with pytest.raises(BudgetUsedUpError) as caught:
        table.count(epsilon="0.5")
    assert isinstance(caught.value, PermissionError)
    assert caught.value.advice == "ask with at most epsilon=0.4"
    table.count(epsilon="0.4")
    with pytest.raises(BudgetUsedUpError, match="what is left"):
        table.count(epsilon="0.001")


BAD: list[tuple[Callable[[PrivateTable], object], str]] = [
    (lambda table: table.count(), "says no budget"),
    (lambda table: table.count(epsilon=0), "epsilon is not above 0"),
    (lambda table: table.count(epsilon=-1), "epsilon is not above 0"),
    (lambda table: table.count(epsilon=math.nan), "epsilon: "),
    (lambda table: table.count(epsilon=math.inf), "epsilon: "),
    (lambda table: table.count(epsilon=1, delta=1), "delta is not a probability"),
    (lambda table: table.count(epsilon=1, noise="cauchy"), "not a kind of noise"),  # type: ignore[arg-type]  # the mistake
    (lambda table: table.count(epsilon=1, noise="gaussian"), "needs a delta above 0"),
    (lambda table: table.mean("pid", epsilon=1), "nobody declared bounds of pid"),
    (lambda table: table.mean("height", epsilon=1), "no column 'height'"),
    (lambda table: table.groupby("age"), "nobody declared the keys of age"),
    (lambda table: table.clip(age=(5, 5)), "wrong way round"),
    (lambda table: table.clip(age=(9, 5)), "wrong way round"),
    (lambda table: table.clip(age=(math.nan, 5)), "lower bound of age"),
    (lambda table: table.clip(ward=(0, 5)), "bounds are of numbers"),
    (lambda table: table.filter(column("age")), "filter is not a truth value"),
    (lambda table: table.filter(column("ward") > 3), "takes a number"),
    (lambda table: table.derive(x=column("age") / 0), "divides by zero"),
    (lambda table: table.quantile("age", 2, epsilon=1), "from 0 to 1"),
    (lambda table: table.agg(epsilon=1, x=("age", "skew")), "x is not a statistic"),
    (lambda table: table.agg(epsilon=1), "asks nothing"),
    (lambda table: table.histogram("age", 1, epsilon=1), "from 2"),
    (lambda table: table.derive(k=column("age"), keys={"k": ["a"]}), "keys of k"),
    (lambda table: table.select(), "no column is selected"),
    (lambda table: table.standardise([], epsilon=1), "names no column"),
]


@pytest.mark.parametrize(("ask", "said"), BAD, ids=[said for _, said in BAD])
def test_bad_questions_are_one_sentence_and_cost_nothing(
    ask: Callable[[PrivateTable], object], said: str
) -> None:
    table = small_table()
    with pytest.raises(UsageError, match=said) as caught:
        ask(table)
    assert caught.value.advice
    assert table.budget.questions == ()


OPENINGS: list[tuple[dict[str, Any], str]] = [
    ({}, "a ledger or a budget"),
    ({"budget": {"epsilon": 1}, "ledger": "x.db"}, "a ledger or a budget"),
    ({"budget": {"eps": 1}}, "not epsilon and delta"),
    ({"budget": {"epsilon": 10**9}}, "at most"),
    ({"budget": {"epsilon": 1}, "rows_per_unit": 2}, "without a unit"),
    ({"budget": {"epsilon": 1}, "unit": "pid", "rows_per_unit": 0}, "whole number from 1"),
    ({"budget": {"epsilon": 1}, "unit": "person"}, "no column 'person'"),
    ({"budget": {"epsilon": 1}, "engine": "dice"}, "not an engine"),
    ({"budget": {"epsilon": 1}, "sensitivity": "health"}, "without a policy"),
    ({"budget": {"epsilon": 1}, "keys": {"ward": [1]}}, "keys of ward"),
]


@pytest.mark.parametrize(("options", "said"), OPENINGS, ids=[said for _, said in OPENINGS])
def test_a_table_is_not_opened_by_halves(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        open_table(frame(), **options)


def test_every_public_name_of_a_frame_answered_refused_or_harmless() -> None:
    table = small_table()
    ours = {name for name in dir(PrivateTable) if not name.startswith("_")}
    names = {name for name in dir(pd.DataFrame) if not name.startswith("_")}
    for name in sorted(names - ours):
        assert name in REFUSED or name.startswith(("to_", "from_")), name
        with pytest.raises(PermissionError, match=name):
            getattr(table, name)
    assert not ours & set(REFUSED)


@pytest.mark.parametrize(
    "look",
    [
        lambda table: table["age"],
        list,
        len,
        pickle.dumps,
        copy.deepcopy,
        lambda table: table.age,
        pd.DataFrame,
        lambda table: table.__setitem__("age", 1),
    ],
)
def test_rows_are_refused_by_every_way_in(look: Callable[[PrivateTable], object]) -> None:
    table = small_table()
    with pytest.raises(PermissionError) as caught:
        look(table)
    assert isinstance(caught.value, RefusedError)
    assert caught.value.exit_code == 1


def test_operators_are_refused_for_what_they_would_do() -> None:
    table = small_table()
    with pytest.raises(PermissionError, match="it shows rows"):
        table["age"]
    with pytest.raises(PermissionError, match="it writes rows"):
        pickle.dumps(table)


def test_what_is_refused_is_noted() -> None:
    table = small_table()
    for name in ("head", "loc"):
        with pytest.raises(PermissionError):
            getattr(table, name)
    assert [each.name for each in table.budget.refused] == ["head", "loc"]


CANARY = "canary-7391"


def leaks(text: str) -> bool:
    return CANARY in text or "73.91" in text


def frames_of(error: BaseException) -> str:
    """The traceback of an error and of all that it came of, with every local variable."""
    return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


def canaries(folder: Path) -> PrivateTable:
    pq.write_table(frame({"name": [CANARY, CANARY], "age": [73.91, 73.91]}), folder / "table.parquet")
    return open_table(
        folder / "table.parquet", budget={"epsilon": 5}, bounds={"age": (0, 100)}, keys={"name": ["x"]}
    )


def test_nothing_of_a_row_is_in_texts_logs_or_tracebacks(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    table = canaries(tmp_path)
    asks: list[Callable[[], object]] = [
        lambda: table.head,
        lambda: table.mean("name", epsilon=1),
        lambda: table.count(epsilon=100),
        lambda: pickle.dumps(table),
    ]
    for ask in asks:
        with pytest.raises(GatecliError) as caught:
            ask()
        assert not leaks(frames_of(caught.value))
    assert not leaks(repr(table) + str(table) + str(table.budget) + caplog.text)


def test_a_question_that_fails_is_spent_and_its_error_has_no_past(tmp_path: Path) -> None:
    table = canaries(tmp_path)
    session: Any = table._respondent

    def fail(*_: object) -> None:
        raise ValueError(CANARY)

    session._engine.add_laplace = fail  # what cannot be made otherwise
    with pytest.raises(UncheckableError) as caught:
        table.count(epsilon=1)
    assert caught.value.__context__ is None
    assert not leaks(frames_of(caught.value))
    assert [each.answered for each in table.budget.questions] == [False]
    assert table.budget.holding.left < 5


def test_a_file_that_changed_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "people.parquet"
    pq.write_table(frame(), path)
    with open_table(path, budget={"epsilon": 5}) as table:
        table.count(epsilon=1)
        pq.write_table(frame({"age": [1.0]}), path)
        with pytest.raises(UncheckableError, match="changed since it was opened"):
            table.count(epsilon=1)


def test_a_folder_of_which_a_file_changed_is_not_read(tmp_path: Path) -> None:
    for name in ("one", "two"):
        pq.write_table(frame(), tmp_path / f"{name}.parquet")
    with open_table(tmp_path, budget={"epsilon": 5}) as table:
        table.count(epsilon=1)
        pq.write_table(frame({name: values[:1] for name, values in ROWS.items()}), tmp_path / "two.parquet")
        with pytest.raises(UncheckableError, match="changed since it was opened"):
            table.count(epsilon=1)


def test_a_frame_that_is_changed_afterwards_answered_as_it_was() -> None:
    data = pd.DataFrame({"age": [1.0] * 1000})
    table = open_table(data, budget={"epsilon": 10**4}, bounds={"age": (0, 100)})
    data.loc[:, "age"] = 99.0
    assert float(table.mean("age", epsilon=1000)) == pytest.approx(1, abs=0.1)


def _ask_in_a_child(table: PrivateTable, queue: Any) -> None:
    try:
        table.count(epsilon=1)
    except UsageError as error:
        queue.put(error.message)


def test_a_budget_is_not_copied_into_another_process() -> None:
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_ask_in_a_child, args=(small_table(), queue))
    child.start()
    assert "another process" in queue.get(timeout=60)
    child.join()


class Capsule:
    """What Polars and others give: Arrow data behind a capsule."""

    def __init__(self, data: dict[str, Any]) -> None:
        self._data = frame(data)

    def __arrow_c_stream__(self, schema: object = None) -> object:
        return self._data.__arrow_c_stream__(schema)


class LazyFrame:
    """A frame that is computed when it is asked for."""

    def __init__(self, data: dict[str, Any]) -> None:
        self._data = data

    def collect(self) -> Capsule:
        return Capsule(self._data)


@pytest.mark.parametrize("make", [pd.DataFrame, frame, Capsule, LazyFrame])
def test_frames_of_every_library_are_read(make: Callable[[Any], Any]) -> None:
    table = open_table(make(dict(ROWS)), budget={"epsilon": 10**4}, bounds=BOUNDS, keys=KEYS)
    assert float(table.sum("age", epsilon=5000)) == pytest.approx(200, abs=1)


@pytest.mark.parametrize("is_lazy", [True, False])
def test_frames_of_polars_are_read(*, is_lazy: bool) -> None:
    polars = import_module("polars")
    data = (polars.LazyFrame if is_lazy else polars.DataFrame)(dict(ROWS))
    table = open_table(data, budget={"epsilon": 10**4}, unit="pid", bounds=BOUNDS, keys=KEYS)
    assert float(table.sum("age", epsilon=5000)) == pytest.approx(110, abs=11)  # one of the ages of person 1
    wards = table.groupby("ward").agg(n="count", epsilon=1000)
    assert sum(row["n"] for row in wards) == 3


def test_text_files_are_read_with_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("age,zip\n20,01234\n,00001\n40,01234\n")
    with open_table(
        path, budget={"epsilon": 10**4}, bounds={"age": (0, 100)}, keys={"zip": ["01234"]}
    ) as table:
        answer = table.groupby("zip").agg(n="count", age=("age", "sum"), epsilon=5000)
    assert answer.rows[0]["n"] == 2
    assert answer.rows[0]["age"] == pytest.approx(60, abs=1)
