"""Findings about a table's population."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from gatecli.checks.tables.measures import AnonymitySubject, find_anonymity
from gatecli.checks.tables.reference import REFERENCE_RULES, find_reference
from gatecli.errors import UsageError
from gatecli.model.anonymity import AnonymityQuestion, ClassSize, Measures, Thresholds
from gatecli.model.anonymity_risks import PopulationEstimator, ReferenceMeasures
from gatecli.model.document import Place
from gatecli.model.finding import Finding, Severity

REFERENCE = ReferenceMeasures("register", 5_000, 400, 3, Fraction(0), Fraction(2, 3), Fraction(1, 7))
LACKING = replace(
    REFERENCE,
    k_map=0,
    delta_presence_max=Fraction(1),
    uncovered_records=12,
    uncovered_classes=4,
    excess_records=15,
)
MEASURES = Measures(
    AnonymityQuestion(("age", "zip")),
    records=1000,
    classes=1,
    sizes=(ClassSize(1000, 1, 1000),),
    average_risk=Fraction(1, 1000),
    population_uniques=Fraction(123_456, 10**6),
    population_estimator=PopulationEstimator.EXTENDED_NEGATIVE_BINOMIAL,
    reference=REFERENCE,
)


def findings(measures: Measures = MEASURES, **demanded: Any) -> list[Finding]:
    subject = AnonymitySubject("patients", Place("patients.csv"), measures)
    return list(find_reference(subject, Thresholds(**demanded)))


def message(measures: Measures = MEASURES, **demanded: Any) -> str:
    (finding,) = findings(measures, **demanded)
    return finding.message


def test_nothing_demanded_is_nothing_found() -> None:
    assert findings() == []


def test_what_is_met_exactly_passes() -> None:
    demanded: dict[str, Any] = {
        "k_map": 3,
        "delta_presence": Fraction(2, 3),
        "max_population_uniqueness": Fraction(123_456, 10**6),
    }
    assert findings(**demanded) == []


def test_a_small_class_of_the_reference_is_told() -> None:
    assert message(k_map=5) == "k-map = 3 < 5: the smallest class of the data in register is smaller than 5"


def test_a_reference_that_lacks_records_is_told() -> None:
    (finding,) = findings(replace(MEASURES, reference=LACKING), k_map=5)
    assert finding.message == "k-map = 0 < 5: register lacks 12 records of the data"
    assert finding.remediation.startswith("compare with a reference that holds everyone")


def test_units_are_called_units() -> None:
    lacking = replace(MEASURES, units=900, reference=replace(LACKING, uncovered_records=1))
    assert message(lacking, k_map=1) == "k-map = 0 < 1: register lacks 1 unit of the data"


def test_presence_is_told_rounded_up() -> None:
    assert message(delta_presence=Fraction(1, 2)) == (
        "delta-presence = 0.6667 > 0.5: of a class of register that share is in the data"
    )


def test_more_than_the_reference_holds_is_told() -> None:
    assert message(replace(MEASURES, reference=LACKING), delta_presence=Fraction(1, 2)) == (
        "delta-presence = 1 > 0.5: the data holds 15 more of its classes than register does"
    )


def test_an_estimate_names_its_estimator() -> None:
    assert message(max_population_uniqueness=Fraction(5, 100)) == (
        "12.35 % > 5 % of the records are unique in the population "
        "(estimated by the extended negative binomial model)"
    )


WITHHELD = replace(
    MEASURES,
    sizes=(ClassSize(1, 100, 100), ClassSize(900, 1, 900)),
    population_uniques=None,
    population_estimator=PopulationEstimator.WITHHELD,
)


def test_a_withheld_estimate_is_no_pass() -> None:
    assert message(WITHHELD, max_population_uniqueness=Fraction(9, 100)) == (
        "up to 10 % > 9 % of the records are unique in the population (as many as in the sample; an estimate "
        "is withheld: the sample is too small to tell, or no model fits it)"
    )


def test_a_withheld_estimate_is_below_what_the_sample_says() -> None:
    assert not findings(WITHHELD, max_population_uniqueness=Fraction(1, 10))


def test_a_count_is_no_estimate() -> None:
    counted = replace(MEASURES, population_estimator=PopulationEstimator.COUNT)
    assert message(counted, max_population_uniqueness=Fraction(0)).endswith(
        "unique in the population (counted)"
    )


@pytest.mark.parametrize(
    ("demanded", "said"),
    [
        ({"k_map": 2}, "k-map is required, but no reference"),
        ({"delta_presence": Fraction(1, 2)}, "delta-presence is required, but no reference"),
        ({"max_population_uniqueness": Fraction(1, 2)}, "was not estimated"),
    ],
)
def test_a_demand_that_nothing_was_measured_for_is_no_pass(demanded: dict[str, Any], said: str) -> None:
    bare = replace(MEASURES, reference=None, population_uniques=None, population_estimator=None)
    with pytest.raises(UsageError, match=said):
        findings(bare, **demanded)


def test_demands_on_the_population_need_no_sensitive_attribute() -> None:
    subject = AnonymitySubject("patients", Place("patients.csv"), MEASURES)
    demanded = Thresholds(k_map=2, delta_presence=Fraction(1), max_population_uniqueness=Fraction(1))
    assert list(find_anonymity(subject, demanded)) == []


def test_every_rule_is_an_error_and_can_be_found() -> None:
    found = findings(k_map=9, delta_presence=Fraction(0), max_population_uniqueness=Fraction(0))
    assert [finding.rule for finding in found] == list(REFERENCE_RULES)
    assert {rule.severity for rule in REFERENCE_RULES} == {Severity.ERROR}
    assert len({finding.fingerprint for finding in found}) == len(found)
