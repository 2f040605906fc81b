"""Risks from sampling weights agree with their definitions, whatever the table."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gatecli.anonymity.measure import measure
from gatecli.model.anonymity import AnonymityQuestion, Measures, Missing
from gatecli.model.anonymity_risks import WeightedRisks
from tests.support.anonymity_weight_oracle import WeightOracle
from tests.support.examples import share
from tests.support.tables import opened, rows_of

ENGINE = settings(max_examples=share(15), deadline=None, suppress_health_check=[HealthCheck.too_slow])
KINDS = {"age": "int64", "w": "float64"}
WEIGHTS = st.sampled_from([0.001, 0.5, 1.0, 1.3, 2.7, 18.0, 541.25, 1e6, 1e10]) | st.integers(1, 5_000).map(
    float
)


@st.composite
def samples(draw: st.DrawFn) -> dict[str, list[Any]]:
    size = draw(st.integers(1, 12))

    def column(values: st.SearchStrategy[Any]) -> list[Any]:
        return draw(st.lists(values, min_size=size, max_size=size))

    return {
        "age": column(st.none() | st.integers(30, 31)),
        "sex": column(st.none() | st.sampled_from("fm")),
        "person": column(st.none() | st.sampled_from("pqrs")),
        "home": column(st.none() | st.sampled_from("xyz")),
        "w": column(WEIGHTS),
    }


def measured(columns: dict[str, list[Any]], **question: Any) -> Measures:
    return measure(opened(columns, KINDS), AnonymityQuestion(("age", "sex"), **question))


def risks(columns: dict[str, list[Any]], **question: Any) -> WeightedRisks:
    found = measured(columns, weights="w", **question).weighted
    assert found is not None
    return found


@ENGINE
@given(samples(), st.sampled_from([Missing.OWN_VALUE, Missing.WILDCARD]), st.sampled_from([None, "person"]))
def test_every_risk_agrees_with_its_definition(
    columns: dict[str, list[Any]], missing: Missing, unit: str | None
) -> None:
    found = risks(columns, missing=missing, unit=unit, household="home")
    oracle = WeightOracle(
        rows_of(columns), ("age", "sex"), unit=unit, household="home", is_wildcard=missing is Missing.WILDCARD
    )
    members = len(oracle.weights)
    households = oracle.households()
    assert float(found.expected) == pytest.approx(float(oracle.expected()), rel=2e-11)
    assert float(found.average_risk) == pytest.approx(float(oracle.expected() / members), rel=2e-11)
    assert float(found.max_risk) == pytest.approx(float(oracle.highest()), rel=2e-11)
    assert float(found.uniqueness) == pytest.approx(float(oracle.uniqueness()), rel=2e-11)
    assert float(found.max_household_risk or 0) == pytest.approx(float(max(households)), rel=2e-11)
    assert float(found.average_household_risk or 0) == pytest.approx(
        float(sum(households) / len(households)), rel=2e-11
    )
    people = sum((oracle.by_unit if unit else oracle.weights).values(), start=Fraction(0))
    assert found.population == people


@ENGINE
@given(samples(), st.sampled_from([Missing.OWN_VALUE, Missing.WILDCARD]), st.sampled_from([None, "person"]))
def test_weights_never_make_a_table_look_riskier(
    columns: dict[str, list[Any]], missing: Missing, unit: str | None
) -> None:
    plain = measured(columns, missing=missing, unit=unit)
    found = measured(columns, missing=missing, unit=unit, weights="w")
    assert found.max_risk <= plain.max_risk
    assert found.average_risk <= plain.average_risk
    assert (found.k, found.classes, found.sizes) == (plain.k, plain.classes, plain.sizes)


@ENGINE
@given(samples(), st.sampled_from([Missing.OWN_VALUE, Missing.WILDCARD]), st.sampled_from([None, "person"]))
def test_weights_of_one_are_the_table_itself(
    columns: dict[str, list[Any]], missing: Missing, unit: str | None
) -> None:
    columns = {**columns, "w": [1.0] * len(columns["w"])}
    plain = measured(columns, missing=missing, unit=unit)
    found = measured(columns, missing=missing, unit=unit, weights="w")
    assert (found.max_risk, found.average_risk) == (plain.max_risk, plain.average_risk)
    assert found.population_uniques == plain.sample_uniqueness


@ENGINE
@given(samples(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_show(columns: dict[str, list[Any]], random: Any) -> None:
    rows = rows_of(columns)
    random.shuffle(rows)
    shuffled = {name: [row[name] for row in rows] for name in columns}
    assert risks(shuffled, household="home") == risks(columns, household="home")
