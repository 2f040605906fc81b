"""Findings about measured tables."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import pytest

from gatecli.checks.tables.measures import RULES, AnonymitySubject, find_anonymity
from gatecli.errors import UsageError
from gatecli.model.anonymity import (
    AnonymityQuestion,
    ClassSize,
    Measures,
    Missing,
    RecursiveDiversity,
    Scale,
    SensitiveMeasures,
    Thresholds,
)
from gatecli.model.document import Place
from gatecli.model.finding import Finding

DIAGNOSIS = SensitiveMeasures(
    attribute="diagnosis",
    scale=Scale.CATEGORICAL,
    values=6,
    l=1,
    distinct=((1, 9), (2, 30), (6, 61)),
    alpha=Fraction(2, 3),
    entropy_l=Fraction("1.5"),
    recursive_l=2,
    recursive_c=Fraction(3),
    t=Fraction(1, 3),
    basic_beta=Fraction(2),
    enhanced_beta=Fraction(2),
    delta_disclosure=Fraction("1.25"),
)
MEASURES = Measures(
    AnonymityQuestion(("age", "zip"), ("diagnosis",)),
    records=1000,
    classes=100,
    sizes=(ClassSize(1, 12, 12), ClassSize(3, 25, 75), ClassSize(5, 30, 150), ClassSize(763, 1, 763)),
    average_risk=Fraction(1, 10),
    by_sensitive=(DIAGNOSIS,),
)


def findings(measures: Measures = MEASURES, **demanded: Any) -> list[Finding]:
    subject = AnonymitySubject("patients", Place("patients.csv"), measures)
    return list(find_anonymity(subject, Thresholds(**demanded)))


def message(measures: Measures = MEASURES, **demanded: Any) -> str:
    (finding,) = findings(measures, **demanded)
    return finding.message


def test_nothing_demanded_is_nothing_found() -> None:
    assert findings() == []


def test_small_classes_are_counted() -> None:
    assert message(k=5) == (
        "k = 1 < 5: 37 equivalence classes (87 of 1,000 rows) are smaller than 5; 12 rows are unique"
    )


def test_one_small_class_is_singular() -> None:
    one = replace(MEASURES, sizes=(ClassSize(1, 1, 1), ClassSize(9, 1, 9)))
    assert (
        message(one, k=2)
        == "k = 1 < 2: 1 equivalence class (1 of 10 rows) is smaller than 2; 1 row is unique"
    )


def test_units_are_counted_as_units() -> None:
    people = replace(MEASURES, units=900)
    assert "12 units are unique" in message(people, k=2)


def test_exactly_k_is_enough() -> None:
    assert findings(k=1) == []


def test_classes_of_one_value_are_counted() -> None:
    assert message(l=2) == "l = 1 < 2 for diagnosis: 9 classes hold a single value"


def test_classes_of_few_values_are_counted() -> None:
    assert message(l=3) == "l = 1 < 3 for diagnosis: 39 classes hold fewer than 3 values"


@pytest.mark.parametrize(
    ("demanded", "rule", "words"),
    [
        ({"entropy_l": Fraction(2)}, "anon-entropy-l-below-threshold", "entropy l = 1.5 < 2 for diagnosis"),
        ({"t": Fraction(3, 10)}, "anon-t-above-threshold", "t = 0.3334 > 0.3 for diagnosis"),
        ({"alpha": Fraction(1, 2)}, "anon-alpha-above-threshold", "alpha = 0.6667 > 0.5 for diagnosis"),
        ({"beta": Fraction(1)}, "anon-beta-above-threshold", "beta = 2 > 1 for diagnosis"),
        ({"enhanced_beta": Fraction(1)}, "anon-beta-above-threshold", "enhanced beta = 2 > 1"),
        ({"delta": Fraction(1)}, "anon-delta-above-threshold", "delta = 1.25, not below 1, for diagnosis"),
        (
            {"max_risk": Fraction(1, 5)},
            "anon-risk-above-threshold",
            "highest risk of re-identification is 1 > 0.2",
        ),
        (
            {"average_risk": Fraction(1, 20)},
            "anon-risk-above-threshold",
            "average risk of re-identification is 0.1",
        ),
        (
            {"recursive": RecursiveDiversity(Fraction(2), 2)},
            "anon-recursive-l-below-threshold",
            "not recursively (2, 2)-diverse for diagnosis: c would have to be above 3",
        ),
    ],
)
def test_a_breach_names_its_rule_and_figures(demanded: dict[str, Any], rule: str, words: str) -> None:
    (finding,) = findings(**demanded)
    assert finding.rule.id == rule
    assert words in finding.message
    assert finding.remediation


@pytest.mark.parametrize(
    "demanded",
    [
        {"entropy_l": Fraction("1.5")},
        {"t": Fraction(1, 3)},
        {"alpha": Fraction(2, 3)},
        {"beta": Fraction(2)},
        {"enhanced_beta": Fraction(2)},
        {"average_risk": Fraction(1, 10)},
        {"max_risk": Fraction(1)},
    ],
)
def test_exactly_the_threshold_is_enough(demanded: dict[str, Any]) -> None:
    assert findings(**demanded) == []


def test_recursive_diversity_and_delta_are_strict() -> None:
    assert findings(recursive=RecursiveDiversity(Fraction(3), 2))
    assert not findings(recursive=RecursiveDiversity(Fraction(301, 100), 2))
    assert findings(delta=Fraction("1.25"))
    assert not findings(delta=Fraction("1.26"))


def test_a_hair_above_the_threshold_is_told_apart() -> None:
    assert "t = 0.3334 > 0.33333333 for diagnosis" in message(t=Fraction("0.33333333"))


def test_a_measure_is_never_shown_on_the_wrong_side() -> None:
    near = replace(MEASURES, by_sensitive=(replace(DIAGNOSIS, entropy_l=Fraction("1.99999")),))
    assert "entropy l = 1.999 < 2" in message(near, entropy_l=Fraction(2))


def test_a_measure_without_a_finite_value_is_no_pass() -> None:
    endless = replace(MEASURES, by_sensitive=(replace(DIAGNOSIS, recursive_c=None, enhanced_beta=None),))
    assert "fewer than 2 values" in message(endless, recursive=RecursiveDiversity(Fraction(10**9), 2))
    assert "which no β allows" in message(endless, enhanced_beta=Fraction(10**9))


def test_a_demand_on_values_needs_a_sensitive_attribute() -> None:
    with pytest.raises(UsageError, match="l is required, but no sensitive attribute is named"):
        findings(replace(MEASURES, by_sensitive=()), l=2)


def test_refused_missing_values_are_counted_by_column() -> None:
    question = replace(MEASURES.question, missing=Missing.REFUSE)
    measures = replace(MEASURES, question=question, missing=MappingProxyType({"zip": 1, "age": 3}))
    assert [finding.message for finding in findings(measures)] == [
        "3 values of age are missing",
        "1 value of zip is missing",
    ]


def test_missing_values_with_a_stated_meaning_are_no_finding() -> None:
    assert findings(replace(MEASURES, missing=MappingProxyType({"zip": 1}))) == []


def test_changed_data_is_found() -> None:
    subject = AnonymitySubject("patients", Place("patients.csv"), MEASURES, "a" * 64, "b" * 64)
    (finding,) = find_anonymity(subject, Thresholds())
    assert finding.rule.id == "anon-dataset-changed"


def test_the_case_of_a_digest_does_not_matter() -> None:
    subject = AnonymitySubject("patients", Place("patients.csv"), MEASURES, "a" * 64, "A" * 64)
    assert list(find_anonymity(subject, Thresholds())) == []


def test_no_two_findings_of_a_table_share_a_fingerprint() -> None:
    every = findings(
        k=5, l=9, t=Fraction(0), alpha=Fraction(0), beta=Fraction(0), enhanced_beta=Fraction(0),
        delta=Fraction(0), max_risk=Fraction(0), average_risk=Fraction(0), entropy_l=Fraction(9),
        recursive=RecursiveDiversity(Fraction(1), 2),
    )  # fmt: skip
    assert len({finding.fingerprint for finding in every}) == len(every) == 11


def test_every_rule_is_listed_once() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES) == 11
