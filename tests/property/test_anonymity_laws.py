"""Every measure agrees with its definition, whatever the table."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatecli.anonymity.measure import measure
from gatecli.model.anonymity import AnonymityQuestion, Measures, Missing, Scale
from tests.support.anonymity_oracle import ALL, Oracle
from tests.support.examples import share
from tests.support.tables import opened, rows_of

ENGINE = settings(max_examples=share(15), deadline=None, suppress_health_check=[HealthCheck.too_slow])
TREE = {"a": ("x", "left"), "b": ("x", "left"), "c": ("y", "left"), "d": ("z", "right")}
POLICIES = st.sampled_from([Missing.OWN_VALUE, Missing.WILDCARD])
UNITS = st.sampled_from([None, "person"])
KINDS = {"age": "int64", "income": "int64"}


@st.composite
def tables(draw: st.DrawFn) -> dict[str, list[Any]]:
    """Few rows of few values, so that classes of every shape appear; any value may be missing."""
    size = draw(st.integers(1, 14))

    def column(values: st.SearchStrategy[Any]) -> list[Any]:
        return draw(st.lists(st.none() | values, min_size=size, max_size=size))

    return {
        "age": column(st.integers(30, 31)),
        "zip": column(st.sampled_from(["01", "1", "02"])),
        "disease": column(st.sampled_from(sorted(TREE))),
        "income": column(st.sampled_from([-5, 0, 1, 10, 1000])),
        "person": column(st.sampled_from(["p", "q", "r", "s"])),
    }


def measured(columns: dict[str, list[Any]], **question: Any) -> Measures:
    asked = AnonymityQuestion(("age", "zip"), **question)
    return measure(opened(columns, KINDS), asked)


def agrees_on_classes(found: Measures, oracle: Oracle) -> None:
    sizes = oracle.sizes()
    people = sum(own for _, own in sizes)
    assert found.records == len(oracle.rows)
    assert found.classes == len(sizes)
    assert found.k == min(size for size, _ in sizes)
    assert found.unique_records == sum(own for size, own in sizes if size == 1)
    assert found.average_risk == sum(Fraction(own, size) for size, own in sizes) / people
    assert found.marketer_risk == sum(Fraction(own, size) for size, own in sizes) / people <= 1
    if all(size == own for size, own in sizes):
        assert found.marketer_risk == Fraction(len(sizes), people)


def agrees_on_values(found: Measures, oracle: Oracle, recursive_l: int) -> None:
    (values,) = found.by_sensitive
    assert values.l == oracle.distinct_l()
    assert values.alpha == oracle.alpha()
    assert values.recursive_c == oracle.recursive_c(recursive_l)
    assert values.basic_beta == oracle.basic_beta()
    assert values.enhanced_beta == oracle.enhanced_beta()
    assert float(values.entropy_l) == pytest.approx(oracle.entropy_l(), rel=1e-9)
    assert float(values.delta_disclosure) == pytest.approx(oracle.delta_disclosure(), rel=1e-9, abs=1e-9)


@ENGINE
@given(tables(), POLICIES, UNITS, st.integers(1, 4))
def test_a_categorical_attribute_is_measured_by_definition(
    columns: dict[str, list[Any]], missing: Missing, unit: str | None, recursive_l: int
) -> None:
    found = measured(columns, sensitive=("disease",), missing=missing, unit=unit, recursive_l=recursive_l)
    oracle = Oracle(rows_of(columns), ("age", "zip"), "disease", unit, missing is Missing.WILDCARD)
    agrees_on_classes(found, oracle)
    agrees_on_values(found, oracle, recursive_l)
    assert found.by_sensitive[0].t == oracle.total_variation()


@ENGINE
@given(tables(), POLICIES, UNITS)
def test_a_numeric_attribute_is_measured_by_definition(
    columns: dict[str, list[Any]], missing: Missing, unit: str | None
) -> None:
    scales = {"income": Scale.NUMERIC}
    found = measured(columns, sensitive=("income",), missing=missing, unit=unit, scales=scales)
    oracle = Oracle(rows_of(columns), ("age", "zip"), "income", unit, missing is Missing.WILDCARD)
    agrees_on_classes(found, oracle)
    agrees_on_values(found, oracle, 2)
    assert found.by_sensitive[0].t == oracle.ordered_t()


@ENGINE
@given(tables(), UNITS)
def test_a_hierarchical_attribute_is_measured_by_definition(
    columns: dict[str, list[Any]], unit: str | None
) -> None:
    found = measured(columns, sensitive=("disease",), hierarchies={"disease": TREE}, unit=unit)
    oracle = Oracle(rows_of(columns), ("age", "zip"), "disease", unit, tree=TREE)
    assert found.by_sensitive[0].scale is Scale.HIERARCHICAL
    assert found.by_sensitive[0].t == oracle.hierarchical_t()


@ENGINE
@given(tables(), st.sampled_from([1, 2, 3, 9, ALL]), st.sampled_from(["disease", "income"]))
def test_rows_that_are_known_together_are_measured_by_definition(
    columns: dict[str, list[Any]], known: int, sensitive: str
) -> None:
    columns = {**columns, "person": [person or "t" for person in columns["person"]]}
    asked = {"trajectory": True} if known == ALL else {"known": known}
    scales = {"income": Scale.NUMERIC} if sensitive == "income" else {}
    found = measured(columns, sensitive=(sensitive,), unit="person", scales=scales, **asked)
    oracle = Oracle(rows_of(columns), ("age", "zip"), sensitive, "person", known=known)
    persons = Counter(oracle.exposed("person").values())
    assert {item.size: item.records for item in found.sizes if item.records} == persons
    assert found.classes == len(oracle.groups())
    agrees_on_values(found, oracle, 2)
    (values,) = found.by_sensitive
    assert values.t == (oracle.ordered_t() if sensitive == "income" else oracle.total_variation())


@ENGINE
@given(tables(), st.sampled_from([(None, None), ("person", None), ("person", ALL)]))
def test_the_most_exposed_member_is_the_risk_of_a_household(
    columns: dict[str, list[Any]], asked: tuple[str | None, int | None]
) -> None:
    columns = {**columns, "person": [person or "t" for person in columns["person"]]}
    unit, known = asked
    found = measured(columns, unit=unit, household="disease", trajectory=known is not None)
    rows = [{**row, "disease": row["disease"] or at} for at, row in enumerate(rows_of(columns))]
    sizes = Oracle(rows, ("age", "zip"), unit=unit, known=known).exposed("disease").values()
    assert found.household_risk == sum(Fraction(1, size) for size in sizes) / len(sizes)
