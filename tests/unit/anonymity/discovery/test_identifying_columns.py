"""Which columns are found to identify."""

from __future__ import annotations

import importlib
import warnings
from fractions import Fraction

import numpy as np
import pytest

from gatecli.anonymity.discovery import identifying_columns
from gatecli.anonymity.discovery.column_names import Role
from gatecli.anonymity.discovery.identifying_columns import discover
from gatecli.anonymity.discovery.minimal_combinations import minimal_combinations
from gatecli.anonymity.discovery.partitions import encode_column
from gatecli.anonymity.discovery.roles import direct_identifiers, undeclared_quasi_identifiers
from gatecli.errors import NothingToCheckError, UsageError
from tests.support.adult import QUASI_IDENTIFIERS, adult
from tests.support.anonymity_tables import IBIS_WARNS, table_of

pytestmark = IBIS_WARNS

PEOPLE: dict[str, list[str | None]] = {
    "e-mail": [f"p{number}@example.org" for number in range(8)],
    "birthDate": ["2001-02-03", "2001-02-03", "1990-01-01", "1985-05-05"] * 2,
    "plz": ["3011", "3012", "3011", None] * 2,
    "诊断": ["flu", "cold"] * 4,
    "note": ["x"] * 8,
}
TEXT = dict.fromkeys(PEOPLE, "string")


def test_every_quasi_identifier_that_the_literature_names_of_adult_is_proposed() -> None:
    found = discover(table_of(adult(5_000)))
    assert set(QUASI_IDENTIFIERS) <= set(found.with_role(Role.QUASI_IDENTIFIER))
    assert set(found.with_role(Role.SENSITIVE)) == {"capital-gain", "capital-loss", "income"}
    assert found.with_role(Role.DIRECT_IDENTIFIER) == ()


def test_roles_follow_from_names_in_several_languages() -> None:
    found = discover(table_of(PEOPLE, TEXT))
    assert {column.name: column.role for column in found.columns} == {
        "e-mail": Role.DIRECT_IDENTIFIER,
        "birthDate": Role.QUASI_IDENTIFIER,
        "plz": Role.QUASI_IDENTIFIER,
        "诊断": Role.SENSITIVE,
        "note": Role.OTHER,
    }


def test_values_outweigh_a_name() -> None:
    found = discover(table_of(PEOPLE, TEXT), classify=lambda name, _values: "IBAN" if name == "plz" else None)
    plz = found.columns[2]
    assert (plz.role, plz.entity, plz.why) == (Role.DIRECT_IDENTIFIER, "IBAN", "its values look like IBAN")


def test_an_entity_that_many_share_is_a_quasi_identifier() -> None:
    found = discover(table_of({"x": ["a", "b", "a"]}), classify=lambda _name, _values: "LOCATION")
    assert found.columns[0].role is Role.QUASI_IDENTIFIER


def test_a_classifier_sees_distinct_values_and_no_missing_one() -> None:
    seen: dict[str, tuple[str, ...]] = {}
    discover(table_of(PEOPLE, TEXT), classify=lambda name, values: seen.update({name: values}))
    assert seen["plz"] == ("3011", "3012")


def test_a_column_of_one_value_identifies_nobody_whatever_its_name() -> None:
    assert discover(table_of({"name": ["*", "*"], "n": [1, 2]})).columns[0].role is Role.OTHER


def test_a_column_with_a_value_of_its_own_for_every_row_is_a_quasi_identifier() -> None:
    found = discover(table_of({"q7": ["a", "b", "c"], "level": [0.5, 1.5, 2.25]}))
    assert [column.role for column in found.columns] == [Role.QUASI_IDENTIFIER, Role.OTHER]


def test_distinction_and_separation_are_those_of_motwani_and_xu() -> None:
    found = discover(table_of({"a": [1, 1, 2, 2], "b": ["x", "y", "x", "x"]}))
    alone = found.columns[0].alone
    assert (alone.distinction, alone.separation, alone.unique_rows) == (Fraction(1, 2), Fraction(2, 3), 0)


def test_almost_unique_is_a_share_of_pairs_at_most_the_error() -> None:
    table = table_of({"a": [1, 1, 2, 3], "b": [1, 2, 2, 2]})
    exact, loose = discover(table, error=Fraction(0)), discover(table, error=Fraction(1, 6))
    assert [one.columns for one in exact.unique] == [("a", "b")]
    assert exact.almost_unique == ()
    assert [one.columns for one in loose.almost_unique] == [("a",)]
    assert [one.columns for one in loose.unique] == [("a", "b")]


def test_missing_values_are_alike_and_so_are_the_two_zeros() -> None:
    found = discover(table_of({"a": [None, None, 1.0, float("nan"), 0.0, -0.0]}, {"a": "float64"}))
    assert found.columns[0].alone.distinct == 3


def test_a_discovery_holds_no_value_of_a_cell() -> None:
    shown = repr(discover(table_of(PEOPLE, TEXT)))
    assert not any(value in shown for values in PEOPLE.values() for value in values if value and value != "x")


def test_a_table_too_large_for_memory_is_sampled_counted_whole_and_called_incomplete(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table = table_of(adult(900))
    whole = discover(table)
    monkeypatch.setattr(identifying_columns, "CELLS_IN_MEMORY", 5_000)
    sampled = discover(table)
    assert not sampled.complete
    assert sampled.sampled_rows < 900
    assert [one.alone for one in sampled.columns] == [one.alone for one in whole.columns]
    assert all(one.rows == 900 and 1 - one.separation <= whole.error for one in sampled.almost_unique)


def test_a_search_that_stops_early_says_so() -> None:
    columns = [np.arange(4) % 2, np.arange(4) // 2]
    assert not minimal_combinations(columns, 4, 2, 0, budget=1).complete


def test_names_with_quotes_and_sql_are_columns_like_any_other() -> None:
    table = table_of({'a"; drop table t; --': [1, 2], "b'": ["x", "x"]})
    assert discover(table).unique[0].columns == ('a"; drop table t; --',)


def test_one_row_is_unique_by_every_column() -> None:
    found = discover(table_of({"a": [1], "b": [1]}))
    assert [one.columns for one in found.unique] == [("a",), ("b",)]


def test_a_table_without_rows_is_refused() -> None:
    with pytest.raises(NothingToCheckError, match="no rows"):
        discover(table_of({"a": []}, {"a": "int64"}))


@pytest.mark.parametrize(("columns", "error"), [(0, Fraction(0)), (2, Fraction(1)), (2, Fraction(-1))])
def test_limits_that_mean_nothing_are_refused(columns: int, error: Fraction) -> None:
    with pytest.raises(UsageError, match="at least 1 column"):
        discover(table_of({"a": [1]}), max_columns=columns, error=error)


def test_minimal_combinations_are_those_of_desbordante() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a peer's own affair
        peer = importlib.import_module("desbordante")
        table = adult(2_000)
        algorithm = peer.ucc.algorithms.HPIValid()
        algorithm.load_data(table=table.to_pandas())
        algorithm.execute()
    theirs = sorted(tuple(sorted(one.indices)) for one in algorithm.get_uccs() if len(one.indices) <= 4)
    ours = minimal_combinations([encode_column(column) for column in table.columns], len(table), 4, 0).unique
    assert sorted(ours) == theirs


def test_direct_identifiers_are_listed_in_the_order_of_the_table() -> None:
    found = discover(table_of({"phone": ["1", "2"], "x": [1, 1], "name": ["a", "b"]}))
    assert [one.name for one in direct_identifiers(found)] == ["phone", "name"]


def test_a_quasi_identifier_by_name_that_is_not_declared_is_undeclared() -> None:
    found = discover(table_of(adult(2_000)))
    left_out = undeclared_quasi_identifiers(found, ("age", "sex"), ("income",))
    assert {"race", "native-country"} <= {one.column for one in left_out}
    assert not {"age", "sex", "income"} & {one.column for one in left_out}


def test_a_column_that_completes_declared_ones_is_undeclared_whatever_its_name() -> None:
    table = table_of({"age": [1, 1, 2, 2], "q": ["x", "y", "x", "y"], "z": ["u", "u", "u", "v"]})
    (left_out,) = undeclared_quasi_identifiers(discover(table), ("age",))
    assert (left_out.column, left_out.together.columns, left_out.why) == (
        "q",
        ("age", "q"),
        "it makes rows unique",
    )


def test_a_sensitive_column_is_taken_as_unknown_to_others() -> None:
    table = table_of({"age": [1, 1, 2, 2], "q": ["x", "y", "x", "y"]})
    assert undeclared_quasi_identifiers(discover(table), ("age",), ("q",)) == ()
