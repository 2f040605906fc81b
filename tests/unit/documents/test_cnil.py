"""The file for CNIL's PIA tool, by the rules of its importer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gatecli.documents.cnil import begun_before, cnil_file
from gatecli.documents.exact_json import exact_json
from gatecli.errors import UsageError
from gatecli.model.documents import DocumentFacts
from tests.support.cnil_tool import LISTS, counts_as_answered, problems
from tests.support.documented import complete_facts
from tests.support.written_documents import some_facts

BEGUN = "2026-11-30T00:00:00.000Z"


@pytest.fixture(scope="module", name="facts")
def complete(tmp_path_factory: pytest.TempPathFactory) -> DocumentFacts:
    return complete_facts(tmp_path_factory.mktemp("complete"))


@pytest.fixture(name="data")
def file(facts: DocumentFacts) -> Any:
    return json.loads(exact_json(cnil_file(facts, BEGUN)))


def test_the_tool_takes_it(data: Any) -> None:
    assert problems(data) == []
    assert set(data) == {"pia", *LISTS}


def test_there_is_an_answer_to_each_question_once(data: Any) -> None:
    numbers = [each["reference_to"] for each in data["answers"]]
    assert len(numbers) == len(set(numbers)) == 36


def test_gauges_and_evaluations_are_left_to_people(data: Any) -> None:
    assert {each["data"]["gauge"] for each in data["answers"]} == {None}
    assert data["evaluations"] == []
    assert (data["pia"]["status"], data["pia"]["dpo_status"], data["pia"]["validator_name"]) == (0, None, "")


def test_what_is_not_known_is_empty_and_not_answered(data: Any) -> None:
    (basis,) = [each for each in data["answers"] if each["reference_to"] == 212]
    assert basis["data"] == {"text": None, "gauge": None, "list": []}
    done = {each["reference_to"] for each in data["answers"] if counts_as_answered(each)}
    assert done == {111, 112, 113, 121, 122, 123, 213, 321, 322, 323, 324, 332, 334}


def test_a_justified_gauge_still_waits_for_its_gauge(data: Any) -> None:
    (severity,) = [each for each in data["answers"] if each["reference_to"] == 325]
    assert "tier behavioural" in severity["data"]["text"]
    assert not counts_as_answered(severity)


def test_what_people_still_have_to_say_is_a_comment(data: Any) -> None:
    asked = {each["reference_to"] for each in data["comments"]}
    filled = {
        each["reference_to"] for each in data["answers"] if each["data"]["text"] or each["data"]["list"]
    }
    assert asked == filled


def test_each_sentence_names_its_source(data: Any) -> None:
    for answer in data["answers"]:
        for paragraph in (answer["data"]["text"] or "").split("</p>")[:-1]:
            assert paragraph.endswith(
                tuple(f"<em>({each})</em>" for each in ("declaration", "policy", "ledger", "verdict"))
            )


def test_hostile_names_are_escaped() -> None:
    facts = some_facts("<script>alert(1)</script>", datasets=["<img src=x onerror=alert(1)>"], unit="a&b")
    text = exact_json(cnil_file(facts, BEGUN))
    assert problems(json.loads(text)) == []
    assert "<script" not in text
    assert "<img" not in text
    assert "a&amp;b" in text


def test_it_is_begun_once(facts: DocumentFacts) -> None:
    assert begun_before(facts, None) is None
    assert begun_before(facts, cnil_file(facts, BEGUN)) == BEGUN


@pytest.mark.parametrize(
    "before",
    [
        {},
        [],
        {"pia": {"name": "churn-classifier 2.3.0"}},
        "text",
    ],
)
def test_another_file_is_not_written_over(facts: DocumentFacts, before: object) -> None:
    with pytest.raises(UsageError):
        begun_before(facts, before)


def test_what_the_tool_exported_is_not_written_over(facts: DocumentFacts) -> None:
    exported = cnil_file(facts, BEGUN)
    exported["pia"] |= {"progress": 4, "lock_version": 1}
    with pytest.raises(UsageError, match="CNIL"):
        begun_before(facts, exported)


def test_the_assessment_of_another_release_is_not_written_over(facts: DocumentFacts) -> None:
    with pytest.raises(UsageError, match="another release"):
        begun_before(facts, cnil_file(some_facts("other"), BEGUN))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"pia": None}, "wrong pia file"),
        ({"comments": None}, "comments is not a list"),
    ],
)
def test_the_importer_of_these_tests_refuses(data: Any, change: dict[str, Any], problem: str) -> None:
    assert problem in problems(data | change)


def test_the_importer_of_these_tests_refuses_text_as_a_number(data: Any) -> None:
    data["answers"][0]["reference_to"] = "111"
    assert "answers.reference_to" in problems(data)


def test_the_importer_of_these_tests_refuses_a_measure_that_is_none(data: Any) -> None:
    data["measures"][0]["title"] = "Another"
    assert "324 names a measure that is none" in problems(data)
