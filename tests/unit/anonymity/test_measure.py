"""What is measured at the edges: one row, one class, numbers that look alike, names that bite."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatecli.anonymity.measure import measure
from gatecli.errors import ConfigurationError, NothingToCheckError, UncheckableError, UsageError
from gatecli.model.anonymity import AnonymityQuestion, Measures, Missing, Scale, SensitiveMeasures, size_range
from tests.support.tables import engine, opened

PARIS = timezone(timedelta(hours=2))


def ask(columns: dict[str, list[Any]], kinds: dict[str, str] | None = None, **question: Any) -> Measures:
    asked = {"quasi_identifiers": ("q",), **question}
    return measure(opened(columns, kinds), AnonymityQuestion(**asked))


def values(column: list[Any], kind: str = "string", classes: str = "", **question: Any) -> SensitiveMeasures:
    quasi = list(classes or "a" * len(column))
    (found,) = ask({"q": quasi, "s": column}, {"s": kind}, sensitive=("s",), **question).by_sensitive
    return found


def test_one_row_is_one_class() -> None:
    found = ask({"q": ["a"]})
    assert (found.records, found.classes, found.k, found.unique_records) == (1, 1, 1, 1)
    assert {found.max_risk, found.average_risk, found.sample_uniqueness} == {Fraction(1)}


def test_no_rows_are_nothing_to_check() -> None:
    with pytest.raises(NothingToCheckError, match="data has no rows"):
        ask({"q": []})


def test_a_table_that_changes_between_two_reads_is_uncheckable() -> None:
    """Here a view that has fewer rows each time it is read."""
    table = opened({"q": ["a"] * 9})
    backend = table.table.get_backend()
    backend.raw_sql("create sequence turn")
    backend.raw_sql("create view shrinking as select 'a' as q from range(100) where nextval('turn') < 250")
    with pytest.raises(UncheckableError, match="the table changed while it was read"):
        measure(replace(table, table=backend.table("shrinking")), AnonymityQuestion(("q",)))


def test_a_question_needs_a_quasi_identifier() -> None:
    with pytest.raises(UsageError, match="no quasi-identifier is named"):
        ask({"q": ["a"]}, quasi_identifiers=())


@pytest.mark.parametrize("question", [{"recursive_l": 0}, {"sampling_fraction": Fraction(0)}])
def test_a_question_makes_sense(question: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"at least 1|above 0"):
        AnonymityQuestion(("q",), **question)


def test_a_sample_says_something_about_its_population() -> None:
    rows = [str(number) for number in range(300) for _ in range(1 + number % 3 // 2)]
    found = ask({"q": rows}, sampling_fraction=Fraction(9, 10))
    assert found.population_uniques is not None
    assert 0 < found.population_uniques < found.sample_uniqueness
    assert found.as_mapping()["populationEstimator"] == "extended-negative-binomial"
    few = ask({"q": [*"aabcd"]}, sampling_fraction=Fraction(1, 10)).as_mapping()
    assert (few["populationUniqueness"], few["populationEstimator"]) == (None, "withheld")
    assert "populationEstimator" not in ask({"q": [*"aab"]}).as_mapping()


def test_a_column_has_one_role() -> None:
    with pytest.raises(UsageError, match="'q' is named twice"):
        ask({"q": ["a"]}, sensitive=("q",))


def test_one_class_of_the_whole_table_discloses_nothing() -> None:
    found = values(["x", "y", "y"])
    assert {found.t, found.basic_beta, found.enhanced_beta, found.delta_disclosure} == {Fraction(0)}


def test_a_constant_attribute_is_no_diversity_and_no_distance() -> None:
    found = values(["x"] * 4, classes="aabb")
    assert (found.l, found.recursive_c) == (1, None)
    assert {found.entropy_l, found.alpha} == {Fraction(1)}
    assert {found.t, found.delta_disclosure, found.enhanced_beta} == {Fraction(0)}


@pytest.mark.parametrize(
    ("column", "expected"), [("xy", 2), ("xyz", 3), ("xxyyzz", 3), ("aabbbbcccccccc", None)]
)
def test_the_entropy_of_even_values_is_a_whole_number(column: str, expected: int | None) -> None:
    found = values(list(column))
    assert (found.entropy_l == expected) == (expected is not None)


def test_uneven_values_can_have_a_whole_entropy_too() -> None:
    """Shares ½ and four times ⅛: H = 2 ln 2."""
    assert values(list("aaaabcde")).entropy_l == 4


def test_an_irrational_entropy_is_rounded_down() -> None:
    found = values(list("aab")).entropy_l
    assert 0 <= 3 / 2 ** (2 / 3) - float(found) < 1e-11


def test_zero_has_no_sign() -> None:
    assert ask({"q": [0.0, -0.0]}, {"q": "float64"}).classes == 1


def test_what_is_not_a_number_is_missing() -> None:
    found = ask({"q": [math.nan, None, 1.0]}, {"q": "float64"})
    assert (found.classes, found.missing) == (2, {"q": 2})


def test_the_same_instant_in_two_time_zones_is_the_same_value() -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    connection = engine()
    connection.raw_sql("create or replace temp table instants (q timestamptz)")
    connection.raw_sql(f"insert into instants values ('{noon}'), ('{noon.astimezone(PARIS)}')")  # noqa: S608 - two dates
    table = replace(opened({"q": ["a"]}), table=connection.table("instants"))
    assert measure(table, AnonymityQuestion(("q",))).classes == 1


def test_text_keeps_case_blanks_and_leading_zeros_unless_normalised() -> None:
    columns = {"q": ["01", "1", " a", "A"]}
    assert ask(columns).classes == 4
    assert ask(columns, normalise=True).classes == 3


def test_dates_are_ordered() -> None:
    found = values([datetime(2026, 1, day) for day in (1, 2, 3)], "date64", "aab")  # noqa: DTZ001 - a plain date
    assert found.scale is Scale.NUMERIC


def test_truth_values_are_categories() -> None:
    assert values([True, False], "bool_").scale is Scale.CATEGORICAL


def test_a_scale_can_be_chosen() -> None:
    assert values([1, 2], "int64", scales={"s": Scale.CATEGORICAL}).scale is Scale.CATEGORICAL


def test_a_missing_sensitive_value_is_a_value() -> None:
    found = values(["x", None])
    assert (found.values, found.l) == (2, 2)


def test_a_missing_number_ranks_last() -> None:
    assert values([1, 2, None], "int64", "aab").t == Fraction(2, 3) - Fraction(1, 6)


def test_missing_values_are_counted_by_column() -> None:
    found = ask({"q": [None, "a"], "s": [None, None]}, sensitive=("s",), missing=Missing.REFUSE)
    assert found.missing == {"q": 1, "s": 2}


def test_a_record_that_misses_everything_may_match_every_record() -> None:
    found = ask({"q": ["a", "b", None]}, missing=Missing.WILDCARD)
    assert (found.k, [item.size for item in found.sizes]) == (2, [2, 3])


def test_too_many_combinations_of_missing_values_are_uncheckable() -> None:
    size = 17
    columns = {f"q{at}": [None if row == at else "x" for row in range(size)] for at in range(size)}
    with pytest.raises(UncheckableError, match="missing in 17 combinations"):
        ask(columns, quasi_identifiers=tuple(columns), missing=Missing.WILDCARD)


def test_more_combinations_than_one_integer_counts_are_kept_apart() -> None:
    rows = 3000
    columns = {f"q{at}": [f"{row * (at + 1)}" for row in range(rows)] for at in range(8)}
    assert ask(columns, quasi_identifiers=tuple(columns)).classes == rows


@pytest.mark.parametrize(
    "name", ['a"b', "a'; drop table data; --", "a b", "select", "größe", "k0", "n", "size"]
)
def test_a_name_is_only_a_name(name: str) -> None:
    found = ask({name: ["x", "x", "y"], "s": [*"aba"]}, quasi_identifiers=(name,), sensitive=("s",))
    assert (found.k, found.by_sensitive[0].l) == (1, 1)


def test_people_without_an_id_count_as_one() -> None:
    found = ask({"q": [*"aaaa"], "who": ["x", "x", None, None]}, unit="who")
    assert (found.k, found.records, found.units) == (2, 4, 1)


def test_a_tree_must_hold_every_value() -> None:
    with pytest.raises(ConfigurationError, match="1 values of 's' are not in its hierarchy"):
        values(["x", "y"], hierarchies={"s": {"x": ("z",)}})


def test_a_tree_must_be_of_one_depth() -> None:
    with pytest.raises(ConfigurationError, match="leaves at different depths"):
        values(["x", "y"], hierarchies={"s": {"x": ("z",), "y": ()}})


def test_an_attribute_with_many_classes_and_values_is_measured_exactly() -> None:
    column = [(row * 7919) % 101 for row in range(2000)]
    found = values(column, "int64", "".join(chr(65 + row % 13) for row in range(2000)))
    reference = exact_t(column, [row % 13 for row in range(2000)])
    assert found.t == reference


def exact_t(column: list[int], classes: list[int]) -> Fraction:
    order = sorted(set(column))
    worst = Fraction(0)
    for chosen in set(classes):
        here = [value for value, one in zip(column, classes, strict=True) if one == chosen]
        moved, total = Fraction(0), Fraction(0)
        for value in order:
            moved += Fraction(here.count(value), len(here)) - Fraction(column.count(value), len(column))
            total += abs(moved)
        worst = max(worst, total / (len(order) - 1))
    return worst


def test_the_measures_have_the_names_of_the_report() -> None:
    found = ask({"q": [*"aab"], "s": [*"xyx"]}, sensitive=("s",)).as_mapping()
    assert list(found) == [
        "records", "classes", "k", "uniqueRecords", "averageRisk", "maxRisk", "marketerRisk", "alpha", "l",
        "entropyL", "recursiveC", "t", "basicBeta", "enhancedBeta", "deltaDisclosure", "classSizes",
        "sampleUniqueness", "populationUniqueness", "bySensitive",
    ]  # fmt: skip


def test_the_sizes_of_classes_are_told_by_ranges() -> None:
    column = [str(at) for at, size in enumerate((1, 1, 3, 4, 9, 10, 19, 200)) for _ in range(size)]
    assert ask({"q": column}).as_mapping()["classSizes"] == {
        "1": {"classes": 2, "records": 2},
        "3-4": {"classes": 2, "records": 7},
        "5-9": {"classes": 1, "records": 9},
        "10-19": {"classes": 2, "records": 29},
        "200-499": {"classes": 1, "records": 200},
    }


@given(st.integers(1, 10**12))
def test_every_size_is_in_its_range(size: int) -> None:
    first, _, last = size_range(size).partition("-")
    assert int(first) <= size <= int(last or first)


def test_the_worst_attribute_counts() -> None:
    found = ask({"q": [*"aabb"], "s": [*"xyxy"], "r": [*"xxyy"]}, sensitive=("s", "r")).as_mapping()
    assert (found["l"], found["t"], found["recursiveC"], found["entropyL"]) == (1, 0.5, None, 1.0)


def test_progress_is_told_in_steps_that_grow_to_the_whole() -> None:
    told: list[tuple[str, float]] = []
    table = opened({"age": ["1", "1"], "disease": ["a", "b"]})
    measure(table, AnonymityQuestion(("age",), ("disease",)), lambda step, done: told.append((step, done)))
    assert [step for step, _ in told] == [
        "counting the records",
        "numbering the values",
        "forming the classes",
        "measuring disease",
        "measured",
    ]
    assert [done for _, done in told] == [0.0, 0.25, 0.5, 0.75, 1.0]


def test_more_values_than_memory_should_hold_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gatecli.anonymity.sensitive.MOST_VALUES", 1)
    table = opened({"age": ["1", "1"], "disease": ["a", "b"]})
    with pytest.raises(UncheckableError, match="'disease' holds 2 distinct values, more than 1"):
        measure(table, AnonymityQuestion(("age",), ("disease",)))
