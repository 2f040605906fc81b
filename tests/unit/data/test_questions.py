"""Questions as data and as text: read as they were written, judged as if they were made here."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatecli.data.expression_text import LONGEST_TEXT, parse_expression
from gatecli.data.expressions import ColumnKind, Expression, column, read_expression, write_expression
from gatecli.data.queries import TableQuery, read_query
from gatecli.data.statistics import Statistic, read_statistic
from gatecli.data.views import (
    TableView,
    derive_column,
    filter_rows,
    group_by_keys,
    select_columns,
    with_bounds,
    with_keys,
)
from gatecli.errors import UsageError
from gatecli.model.budget import Budget
from tests.support.examples import share

PLAIN = TableView({"age": ColumnKind.NUMBER, "ward": ColumnKind.TEXT, "born": ColumnKind.DATE})

numbers = st.recursive(
    st.just(column("age")) | st.integers(-9, 9) | st.floats(-9, 9).filter(bool),
    lambda inner: st.builds(lambda one, other: column("age") + one * 1 - other, inner, inner),
    max_leaves=4,
)
conditions = st.recursive(
    st.builds(lambda one, bound: (column("age") + one) <= bound, numbers, st.integers(-5, 5))
    | st.builds(lambda words: column("ward").is_in(*words), st.lists(st.text(), min_size=1, max_size=3))
    | st.just(column("born").year() == 1999),
    lambda inner: st.builds(lambda one, other: one & ~other, inner, inner),
    max_leaves=4,
)
asked = st.sampled_from(
    [
        "count",
        ("age", "mean"),
        ("age", "std"),
        ("age", "quantile", "0.9"),
        ("age", "median"),
        ("ward", "count"),
    ]
)
budgets = st.none() | st.builds(
    Budget,
    st.fractions(Fraction(1, 100), 9, max_denominator=300),
    st.sampled_from([Fraction(0), Fraction(1, 10**6)]),
)


@st.composite
def queries(draw: st.DrawFn) -> TableQuery:
    view = with_bounds(PLAIN, {"age": (0, draw(st.floats(1, 200)))})
    for step in draw(st.lists(st.sampled_from("fds"), max_size=4)):
        match step:
            case "f":
                view = filter_rows(view, draw(conditions))
            case "d":
                name = draw(st.sampled_from(["twice", "old"]))
                view = with_bounds(derive_column(view, name, column("age") * 2), {name: (0, 9)})
            case _:
                view = select_columns(view, list(view.kinds))
    if draw(st.booleans()):
        view = group_by_keys(with_keys(view, {"ward": draw(st.lists(st.text(), min_size=1))}), ["ward"])
    statistics = tuple(
        read_statistic(f"a{number}", each, view)
        for number, each in enumerate(draw(st.lists(asked, min_size=1, max_size=3)))
    )
    weight = draw(st.fractions(Fraction(1, 9), 9, max_denominator=9))
    return TableQuery(view, statistics, draw(budgets), draw(st.sampled_from(["auto", "gaussian"])), weight)


@given(queries())
@settings(max_examples=share(60))
def test_a_question_is_read_as_it_was_written(query: TableQuery) -> None:
    read = read_query(query.as_data(), PLAIN)
    assert read.as_data() == query.as_data()
    assert (read.asked, read.budget, read.weight, read.noise) == (
        query.asked,
        query.budget,
        query.weight,
        query.noise,
    )
    assert {read.view.kinds[name] for name in read.view.bounds} <= {ColumnKind.NUMBER}


def written(**changes: Any) -> dict[str, Any]:
    sound: dict[str, Any] = {
        "steps": [],
        "bounds": {"age": ["0", "110"]},
        "keys": {"ward": ["a"]},
        "groups": ["ward"],
        "ask": [["n", "count", None, None]],
        "epsilon": "1",
        "delta": "0",
        "noise": "auto",
        "weight": "1",
    }
    return sound | changes


@pytest.mark.parametrize(
    "changes",
    [
        {"steps": [{"filter": {"column": "age"}}]},
        {"steps": [{"filter": {"run": ["rm"]}}]},
        {"steps": [{"derive": "age2", "as": {"+": [{"column": "secret"}, 1]}}]},
        {"steps": [{}]},
        {"steps": [7]},
        {"steps": None},
        {"bounds": {"age": ["9", "1"]}},
        {"bounds": {"age": ["nan", "1"]}},
        {"bounds": {"age": [1]}},
        {"keys": {}},
        {"keys": {"ward": [1.5]}},
        {"groups": ["age"]},
        {"ask": []},
        {"ask": [["n"]]},
        {"ask": [["n", "head", "age", None]]},
        {"ask": [["n", "quantile", "age", "2"]]},
        {"epsilon": "-1"},
        {"epsilon": "nan"},
        {"delta": "1"},
        {"noise": "none"},
        {"weight": "0"},
        {"weight": None},
    ],
)
def test_what_is_no_question_is_refused(changes: dict[str, Any]) -> None:
    assert read_query(written(), PLAIN).asked
    with pytest.raises(UsageError):
        read_query(written(**changes), PLAIN)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("age >= 18 and ward in ('a', 'b')", (column("age") >= 18) & column("ward").is_in("a", "b")),
        ("18 <= age < 65", (18 <= column("age")) & (column("age") < 65)),  # noqa: SIM300 - as it is written
        ("not is_missing(age) or ward != 'a'", ~column("age").is_missing() | (column("ward") != "a")),
        ("ward not in ['a']", ~column("ward").is_in("a")),
        ("abs(age - 1) // 2 * -3 + 0.5", abs(column("age") - 1) // 2 * -3 + 0.5),
        ("clip(age / 10, -1, 9)", (column("age") / 10).clip(-1, 9)),
        ("-age", 0 - column("age")),
        ("column('date of birth')", column("date of birth")),
        (
            "year(born) == 1999 and month(born) < 3",
            (column("born").year() == 1999) & (column("born").month() < 3),
        ),
        ("True", read_expression(True)),  # noqa: FBT003 - a constant
        ("\n  age  # in years\n", column("age")),
    ],
)
def test_an_expression_is_read_from_its_text(text: str, same: Expression) -> None:
    assert write_expression(parse_expression(text)) == write_expression(same)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "age >=",
        "age = 3",
        "age ** 2",
        "age % 2",
        "age is None",
        "age in ward",
        "age in ()",
        "clip(age, ward, 3)",
        "clip(age)",
        "column(ward)",
        "__import__('os').system('true')",
        "().__class__",
        "age.year",
        "lambda: age",
        "[each for each in ward]",
        "1e999",
        "b'a'",
        "f'{age}'",
        "a\0b",
        "(" * 900,
        "-" * (LONGEST_TEXT - 3) + "age",
        "age + " * LONGEST_TEXT + "1",
        "age > " + "9" * 400,
        "age in (" + "9" * 400 + ",)",
        "clip(age, 0, " + "9" * 400 + ")",
        "age in (1, 2) == 3",
        "\N{LATIN SMALL LIGATURE FI}eld > 1",
        "abs(\N{LATIN SMALL LIGATURE FI}eld) > 1",
    ],
)
def test_what_is_no_expression_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(UsageError, match=r"^(an expression|what stands)") as caught:
        parse_expression(text)
    assert caught.value.advice


@given(st.text(max_size=60))
@settings(max_examples=share(200))
def test_no_text_does_anything_but_make_an_expression(text: str) -> None:
    try:
        found = parse_expression(text)
    except UsageError:
        return
    assert isinstance(found, Expression)


def test_every_statistic_has_a_place_in_a_file() -> None:
    view = with_bounds(PLAIN, {"age": (0, 9)})
    for statistic in Statistic:
        rank = ["0.5"] if statistic is Statistic.QUANTILE else []
        one = read_statistic("x", ("age", statistic.value, *rank), view)
        query = TableQuery(view, (one,), Budget(Fraction(1), Fraction(0)))
        assert read_query(query.as_data(), PLAIN).asked == (one,)
