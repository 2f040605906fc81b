"""Questions that are refused: in one sentence that says what to write, before anything is paid."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gatecli.data import column, open_table
from gatecli.data.isolation.messages import error_data, read_error
from gatecli.data.opening import MOST_ROWS
from gatecli.data.queries import read_query
from gatecli.data.refusals import BudgetUsedUpError
from gatecli.data.table import PrivateTable
from gatecli.errors import UsageError
from tests.support.private_tables import exact, frame, small_table

BAD: list[tuple[Callable[[Any], object], str]] = [
    (lambda table: table.agg("count", epsilon=1), "statistics are given by name"),
    (lambda table: table.agg(["mean"], epsilon=1), "statistics are given by name"),
    (lambda table: table.agg(n="count", eps=1), "eps is not a statistic"),
    (lambda table: table.groupby("ward").agg(ward="count", epsilon=1), "two columns 'ward'"),
    (lambda table: table.groupby(5), "no column 5"),
    (lambda table: table.quantile("age", 1 / 3, epsilon=1), "in thousandths"),
    (lambda table: table.quantile("age", [0.1, 0.9], epsilon=1), "a list is not a number"),
    (lambda table: table.derive(bounds=column("age")), "bounds are not given by column"),
    (lambda table: table.derive([("x", column("age"))]), "columns are not given by column"),
    (lambda table: table.count(epsilon="1e-101"), "below 1e-100"),
    (lambda table: table.count(epsilon=1, weight="1e-10"), "weight is not from"),
    (lambda table: table.standardise("age"), "no column or no epsilon"),
    (lambda table: table.clip(age=(10**16, 10**16 + 8)).standardise("age", epsilon=1), "too close"),
    (lambda table: table.derive({1: column("age")}), "does not name"),
    (lambda table: table.derive({"\ud800": column("age")}), "not Unicode"),
    (lambda table: table.agg({"\ud800": "count"}, epsilon=1), "not Unicode"),
    (lambda table: table.agg({1: "count"}, epsilon=1), "does not name"),
]


@pytest.mark.parametrize(("ask", "said"), BAD, ids=[said for _, said in BAD])
def test_a_mistake_is_one_sentence_and_costs_nothing(ask: Callable[[Any], object], said: str) -> None:
    table = small_table()
    with pytest.raises(UsageError, match=said) as caught:
        ask(table)
    assert caught.value.advice
    assert table.budget.questions == ()


@pytest.mark.parametrize("verb", ["count", "sum", "mean", "var", "std", "quantile", "median", "describe"])
def test_the_verbs_say_what_they_take(verb: str) -> None:
    taken = inspect.signature(getattr(PrivateTable, verb)).parameters
    assert {"epsilon", "delta", "noise", "weight"} <= set(taken)
    with pytest.raises(TypeError, match=rf"{verb}\(\).*'eps'"):
        getattr(small_table(), verb)("age", eps=1)


@pytest.mark.parametrize("epsilon", ["1e-100", "1e-50"])
def test_the_least_epsilon_is_answered_for_the_most_rows(epsilon: str) -> None:
    table = small_table(unit="pid", rows_per_unit=MOST_ROWS)
    assert table.sum("age", epsilon=epsilon).receipt.errors["age sum"] > 1e40
    table.describe(epsilon=epsilon)
    with table.plan(epsilon=epsilon) as plan:
        plan.sum("age", weight="1e-9")
        plan.count(weight=10**9)


def test_more_rows_of_a_unit_are_refused() -> None:
    with pytest.raises(UsageError, match="rows_per_unit"):
        small_table(unit="pid", rows_per_unit=MOST_ROWS + 1)


def test_a_question_in_another_process_is_judged_in_the_same_way() -> None:
    table = exact().groupby("ward")
    data = {**table._view.as_data(), "noise": "auto", "epsilon": "1", "delta": "0", "weight": "1"}
    with pytest.raises(UsageError, match="two columns 'ward'"):
        read_query({**data, "ask": [["ward", "count", None, None]]}, exact()._view)


def test_keys_of_a_column_with_the_name_of_the_answer_are_found() -> None:
    table = exact({"rows": ["a", "a", "b"] * 20}, bounds={}, keys={})
    found = table.find_keys("rows", epsilon=1, delta=1e-7)
    assert [dict(row) for row in found.answer] == [{"rows": "a", "count": 40}, {"rows": "b", "count": 20}]


def used_up(ask: Callable[[PrivateTable], object], **budget: Any) -> BudgetUsedUpError:
    with open_table(frame(), budget=budget, bounds={"age": (0, 100)}) as table:
        with pytest.raises(BudgetUsedUpError) as caught:
            ask(table)
        return caught.value


def test_what_is_short_is_what_the_advice_names() -> None:
    gaussian = used_up(lambda table: table.count(epsilon=0.1, delta=1e-6, noise="gaussian"), epsilon=1)
    assert gaussian.advice == (
        "too little delta is left: give less of it, or ask with Laplace noise and at most epsilon=1"
    )
    keys = used_up(lambda table: table.find_keys("ward", epsilon=0.1, delta=1e-6), epsilon=1, delta=1e-7)
    assert "too little delta" in keys.advice
    for ask in (
        lambda table: table.count(epsilon=2),
        lambda table: table.count(epsilon=2, delta=1e-9, noise="gaussian"),
        lambda table: table.find_keys("ward", epsilon=2, delta=1e-9),
    ):
        assert used_up(ask, epsilon=1, delta=1e-6).advice == "ask with at most epsilon=1"


def test_another_process_says_what_is_short_too() -> None:
    for needs_delta in (True, False):
        error = BudgetUsedUpError("patients", Fraction(1, 2), needs_delta=needs_delta)
        assert read_error(error_data(error)).advice == error.advice


@pytest.mark.parametrize(
    "ask",
    [
        lambda plan: plan.standardise("age"),
        lambda plan: plan.standardise("age", epsilon=1),
        lambda plan: plan.find_keys("ward", epsilon=1, delta=1e-7),
    ],
)
def test_what_asks_in_steps_is_not_part_of_a_plan(ask: Callable[[PrivateTable], object]) -> None:
    with pytest.raises(UsageError, match="is not part of a plan"), small_table().plan(epsilon=1) as plan:
        ask(plan)


def test_names_may_be_given_as_a_list() -> None:
    table = exact()
    assert table.select(["age", "pid"]).columns == table.select("age", "pid").columns
    assert table.describe(["age"], epsilon=1).names == table.describe("age", epsilon=1).names
    assert table.groupby(["ward"]).count(epsilon=1).rows == table.groupby("ward").count(epsilon=1).rows


def test_numbers_of_numpy_are_numbers() -> None:
    two: Any = np.int64(2)
    table = open_table(
        frame(),
        budget={"epsilon": np.float64(2)},
        unit="pid",
        rows_per_unit=two,
        bounds={"age": (np.int64(0), np.float32(100))},
        keys={"pid": np.arange(5)},
    )
    assert table.groupby("pid").count(epsilon=np.float32(0.5)).receipt.epsilon == Fraction(1, 2)
    table.quantile("age", np.float64(0.9), epsilon=np.int64(1))
    assert len(table.histogram("age", two, epsilon=0.1)) == 2


def test_names_that_no_frame_has_are_not_there() -> None:
    table = small_table()
    assert not hasattr(table, "nobody_knows_this")
    assert table.budget.refused == ()


@pytest.mark.parametrize("look", [lambda table: table["age"], lambda table: table.age])
def test_a_refused_column_points_to_column(look: Callable[[PrivateTable], object]) -> None:
    with pytest.raises(PermissionError) as caught:
        look(small_table())
    assert 'column("NAME")' in caught.value.advice  # type: ignore[attr-defined]  # RefusedError


def test_the_budget_is_told_in_a_sentence() -> None:
    table = small_table(epsilon=2)
    table.count(epsilon=1)
    assert str(table.budget) == (
        "50 % of ε = 2, δ = 1e-6 of this table is spent; one more question may have ε = 1 at most; "
        "1 question of this session"
    )


def test_every_frame_name_is_still_refused_with_advice() -> None:
    with pytest.raises(PermissionError):
        _ = small_table().iloc
    assert "iloc" in dir(pd.DataFrame)
