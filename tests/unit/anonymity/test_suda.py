"""Special uniques: worked examples, and what is not scored."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from gatecli.anonymity.measure import measure
from gatecli.anonymity.suda import data_intrusion, dis_suda, suda, weight_of
from gatecli.errors import NothingToCheckError, UncheckableError, UsageError
from gatecli.model.anonymity import AnonymityQuestion, Missing
from gatecli.model.anonymity_risks import SudaScores
from tests.support.tables import opened

SURVEY = {
    "residence": ["urban", "urban", "urban", "urban", "rural", *["urban"] * 5],
    "gender": ["f", "f", "f", "m", "f", "m", "f", "m", "f", "f"],
    "education": ["sec-", "sec-", "prim-", "sec", "sec", "sec", "prim", "post", "sec-", "sec-"],
    "labour": ["yes", "yes", "none", "yes", "no", "yes", "none", "no", "none", "none"],
}
"""The example of the World Bank's "Statistical Disclosure Control for Microdata: A Practice Guide"."""

QUESTION = AnonymityQuestion(tuple(SURVEY), sampling_fraction=Fraction(1, 100))


def scored(columns: dict[str, list[Any]], size: int = 3, **question: Any) -> SudaScores:
    return suda(opened(columns), AnonymityQuestion(tuple(columns), **question), size)


def test_the_practice_guide_s_example_has_its_scores() -> None:
    found = suda(opened(SURVEY), QUESTION)
    assert found.scores == ((0, 6), (6, 2), (10, 1), (12, 1))
    assert (found.special_uniques, found.max_score, found.mean_score) == (4, 12, Fraction(17, 5))
    assert found.minimal_uniques == (4, 5, 0)


def test_the_practice_guide_s_example_has_its_dis_suda() -> None:
    """The guide's DIS-SUDA column comes from the older scores 1.75, 2.75 and 3.25 of sdcMicro."""
    dis = data_intrusion(4, 3, Fraction(1, 100))
    found = dis_suda([(1.75, 2), (2.75, 1), (3.25, 1)], 4, dis)
    assert [round(one, 4) for one in found] == [0.0051, 0.0088, 0.0107]


def test_the_weight_of_a_minimal_unique_falls_with_its_size() -> None:
    assert [weight_of(size, 3, 4) for size in (1, 2, 3)] == [6, 2, 1]
    assert [weight_of(size, 4, 4) for size in (1, 2, 3, 4)] == [6, 2, 1, 1]


def test_an_attribute_contributes_what_its_minimal_uniques_score() -> None:
    by_name = {one.attribute: one for one in suda(opened(SURVEY), QUESTION).attributes}
    assert by_name["education"].minimal_uniques == 5
    assert by_name["education"].contribution == Fraction(11, 17)


def test_equal_scores_share_the_risk_of_the_file_equally() -> None:
    dis = data_intrusion(3, 5, Fraction(1, 10))
    assert dis == Fraction(3, 10) / (Fraction(3, 10) + 9)
    assert dis_suda([(6, 3)], 4, dis) == pytest.approx([float(dis)])


def test_a_whole_population_s_uniques_are_certain() -> None:
    found = suda(opened(SURVEY), replace(QUESTION, sampling_fraction=Fraction(1)))
    assert (found.dis, found.dis_max) == (Fraction(1), 1.0)
    assert found.dis_scores == (*[0] * 9, 4)


def test_a_table_without_uniques_has_no_scores() -> None:
    found = scored({"a": ["x", "x"], "b": ["y", "y"]}, sampling_fraction=Fraction(1, 2))
    assert (found.special_uniques, found.max_score, found.dis, found.dis_max) == (0, 0, Fraction(0), 0.0)


def test_a_single_row_is_unique_by_each_of_its_columns() -> None:
    assert scored({"a": ["x"], "b": ["y"]}).minimal_uniques == (2, 0)


def test_scores_without_a_sampling_fraction_have_no_dis() -> None:
    found = scored({"a": ["x", "y"]})
    assert (found.dis, found.dis_scores, found.dis_max) == (None, None, None)


def test_normalised_text_is_not_told_apart() -> None:
    columns = {"a": ["x", "X ", "y", "y"]}
    assert scored(columns).special_uniques == 2
    assert scored(columns, normalise=True).special_uniques == 0


@pytest.mark.parametrize("size", [0, 5])
def test_the_size_of_minimal_uniques_is_bounded(size: int) -> None:
    with pytest.raises(UsageError, match=f"of {size} attributes"):
        scored({"a": ["x"]}, size)


@pytest.mark.parametrize(
    ("question", "said"), [({"unit": "u"}, "not units"), ({"missing": Missing.WILDCARD}, "not defined")]
)
def test_what_has_no_definition_is_refused(question: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        suda(opened({"a": ["x"], "u": ["p"]}), AnonymityQuestion(("a",), **question))


def test_no_rows_are_nothing_to_score() -> None:
    with pytest.raises(NothingToCheckError, match="data has no rows"):
        scored({"a": []})


def test_too_many_combinations_are_refused_before_they_are_counted() -> None:
    with pytest.raises(UncheckableError, match="too many combinations"):
        scored({f"c{at}": ["x"] for at in range(60)}, 4)


def test_a_report_holds_counts_and_no_value() -> None:
    measures = replace(measure(opened(SURVEY), QUESTION), suda=suda(opened(SURVEY), QUESTION))
    shown = measures.as_mapping()["suda"]
    assert isinstance(shown, dict)
    assert (shown["specialUniques"], shown["unscoredUniques"], shown["maxScore"]) == (4, 0, 12)
    assert shown["minimalUniques"] == {"1": 4, "2": 5, "3": 0}
    assert "rural" not in str(shown)
