"""Expressions as Python makes them: how they are shown, what they take, and how much of them is looked at."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatecli.data import column, expression_text
from gatecli.data.expression_text import parse_expression
from gatecli.data.expressions import Expression, as_expression, is_long, write_expression
from gatecli.errors import UsageError

AGE = column("age")


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        (AGE >= 18, "(18 <= column('age'))"),
        ((AGE > 3) & ~AGE.is_missing(), "((3 < column('age')) & ~column('age').is_missing())"),
        (abs(AGE - 1) // 2, "(abs((column('age') - 1)) // 2)"),
        (column("ward").is_in("a", "b"), "column('ward').is_in('a', 'b')"),
        (AGE.clip(0, 3.5) | True, "(column('age').clip(0, 3.5) | True)"),
    ],
)
def test_an_expression_is_shown_as_it_is_written(expression: Expression, shown: str) -> None:
    assert repr(expression) == shown
    again = eval(shown, {"column": column})  # noqa: S307 - what we wrote ourselves
    assert write_expression(again) == write_expression(expression)


def test_truth_values_stand_on_either_side() -> None:
    assert repr(True & AGE.is_missing()) == "(True & column('age').is_missing())"
    assert repr(False | AGE.is_missing()) == "(False | column('age').is_missing())"


def test_values_are_given_one_by_one_or_as_a_list() -> None:
    wanted = write_expression(AGE.is_in(1, 2))
    for given_ in ([1, 2], (1, 2), range(1, 3), np.array([1, 2]).tolist()):
        assert write_expression(AGE.is_in(given_)) == wanted


@pytest.mark.parametrize("value", [np.int64(3), np.float32(0.5), np.float64(-1.5), np.True_, np.str_("a")])
def test_scalars_of_numpy_are_values(value: Any) -> None:
    assert write_expression(as_expression(value)) == value.item()
    assert type(write_expression(as_expression(value))) in (int, float, bool, str)


@pytest.mark.parametrize("number", [10**400, -(10**400), float("inf"), float("nan"), np.float64("nan")])
def test_a_number_that_no_double_holds_is_refused(number: Any) -> None:
    with pytest.raises(UsageError, match="no double holds"):
        number < AGE  # noqa: B015 - it raises


@pytest.mark.parametrize(("name", "ours"), [("isin", "is_in"), ("isna", "is_missing"), ("dt", "year")])
def test_other_names_point_to_ours(name: str, ours: str) -> None:
    with pytest.raises(AttributeError, match=ours):
        getattr(AGE, name)
    assert not hasattr(AGE, "mean")


def test_a_column_is_named_by_text() -> None:
    with pytest.raises(UsageError, match="does not name a column"):
        column(3)  # type: ignore[arg-type]  # the mistake


CHAIN = st.lists(st.sampled_from(["<", "<=", "==", "!=", ">", ">="]), min_size=1, max_size=4)


@given(CHAIN)
@settings(max_examples=30, deadline=None)
def test_a_chain_is_what_its_pairs_are(operators: list[str]) -> None:
    names = [f"x{number}" for number in range(len(operators) + 1)]
    chain = names[0] + "".join(f" {sign} {name}" for sign, name in zip(operators, names[1:], strict=True))
    pairs = " and ".join(
        f"{one} {sign} {other}" for one, sign, other in zip(names, operators, names[1:], strict=False)
    )
    assert write_expression(parse_expression(chain)) == write_expression(parse_expression(pairs))


def test_each_part_of_a_nested_chain_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    depth = 18
    seen: list[ast.expr] = []
    read = expression_text._read

    def count(node: ast.expr) -> Expression:
        if isinstance(node, ast.Compare):
            seen.append(node)
        return read(node)

    monkeypatch.setattr(expression_text, "_read", count)
    found = parse_expression("0<(" * depth + "x" + ")<1" * depth)
    assert len(seen) == depth
    assert is_long(found)
    assert "more than 200 parts" in repr(found)
