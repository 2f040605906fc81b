"""What an impact assessment says of a release, and what it leaves to people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from gatecli.documents.pia_answers import PiaAnswer, answers_of, measures_of
from gatecli.documents.pia_criteria import CriterionState, criteria_of
from gatecli.documents.pia_questions import ICO_STEPS, QUESTIONS, VALIDATION
from gatecli.documents.statements import FactStatement
from gatecli.model.documents import DocumentFacts
from gatecli.model.release import ModelRelease
from tests.support.documented import COMPLETE, complete_facts
from tests.support.written_documents import some_facts

POLICY = (Path(__file__).parents[3] / "gatecli" / "policies" / "default.yaml").read_text("utf-8")
# The budget is (2, 1e-5), nothing of it was held, and the release takes ε = 1.25 of it.
LEDGER = "test.example/ledger reserved 2 1e-5 add-remove person 0 % 62.5 % 37.5 %"
# Two Laplace mechanisms of scale 12 and 3, three records a person: 3/12 + 3/3 = 1.25.
RECOMPUTED = "1.25 1e-6 add-remove basic composition"
PAGE = Path(__file__).parents[3] / "docs" / "documents.md"


@pytest.fixture(scope="module", name="facts")
def complete(tmp_path_factory: pytest.TempPathFactory) -> DocumentFacts:
    return complete_facts(tmp_path_factory.mktemp("complete"))


def said(facts: DocumentFacts) -> Iterator[FactStatement]:
    for answer in answers_of(facts):
        yield from answer.statements
    for measure in measures_of(facts):
        yield from measure.statements
    for criterion in criteria_of(facts):
        yield from criterion.statements


def answered(facts: DocumentFacts) -> list[PiaAnswer]:
    return [each for each in answers_of(facts) if each.statements]


def numbers_in(text: str) -> set[Fraction]:
    return {Fraction(each) for each in re.findall(r"[0-9]+(?:\.[0-9]+)?(?:e-?[0-9]+)?", text)}


def stands_in(fact: str, inputs: str) -> bool:
    """Whether the inputs hold the fact: the number, however it is written, or the words."""
    words = " ".join(fact.split())
    if words in " ".join(inputs.split()):
        return True
    number = re.fullmatch(r"[0-9]+(?:\.[0-9]+)?(?:e-?[0-9]+)?", fact)
    return number is not None and Fraction(fact) in numbers_in(inputs)


def test_there_are_the_36_questions_of_the_tool_of_cnil() -> None:
    numbers = [each.number for each in QUESTIONS]
    expected = [111, 112, 113, 121, 122, 123, *range(211, 216), *range(221, 228)]
    expected += [base + number for base in (320, 330, 340) for number in range(1, 7)]
    assert numbers == expected


def test_every_step_of_the_ico_but_the_first_has_a_question() -> None:
    steps = {each.step for each in QUESTIONS} | {step for _, step in VALIDATION}
    assert steps == set(range(2, len(ICO_STEPS) + 1))


def test_a_complete_declaration_answers_two_fifths_of_the_questions(facts: DocumentFacts) -> None:
    count = len(answered(facts))
    assert Fraction(count, len(QUESTIONS)) >= Fraction(40, 100)
    assert f"answers {count} of the {len(QUESTIONS)} questions" in PAGE.read_text("utf-8")


def test_every_fact_of_an_answer_stands_in_the_inputs(facts: DocumentFacts) -> None:
    inputs = {
        "declaration": COMPLETE,
        "policy": f"{POLICY} {facts.policy.sha256}",
        "ledger": f"{LEDGER} {COMPLETE}",
        "verdict": f"{RECOMPUTED} {facts.cost.epsilon_lower if facts.cost else ''} {COMPLETE} {POLICY}",
    }
    invented = [
        (statement.text, fact)
        for statement in said(facts)
        for fact in statement.facts
        if not stands_in(fact, inputs[statement.source.value])
    ]
    assert invented == []


def test_a_form_holds_no_figure_of_its_own(facts: DocumentFacts) -> None:
    forms = [each.form.replace("SHA-256", "") for each in said(facts)]
    assert [form for form in forms if re.search("[0-9]", form)] == []


def test_purposes_rights_and_legal_basis_are_never_answered(facts: DocumentFacts) -> None:
    open_for_ever = {211, 212, 214, 215, *range(221, 228)}
    assert open_for_ever.isdisjoint(each.question.number for each in answered(facts))


def test_every_question_leaves_something_to_a_human(facts: DocumentFacts) -> None:
    assert [each.question.number for each in answers_of(facts) if not each.open] == []


def test_of_an_empty_claim_little_is_said() -> None:
    bare = ModelRelease.from_file(
        {
            "apiVersion": "gatecli.dev/v1",
            "kind": "ModelRelease",
            "metadata": {"name": "a", "version": "1"},
            "spec": {"privacy": "none"},
        }
    )
    facts = replace(some_facts(), release=bare, datasets=(), tiers=(), limits=None, cost=None)
    assert {each.question.number for each in answered(facts)} == {111, 113}


def test_the_criteria_are_assessed_where_the_declaration_knows(facts: DocumentFacts) -> None:
    found = {each.number: each.assessment for each in criteria_of(facts)}
    known = {4: CriterionState.INDICATED, 5: CriterionState.TO_WEIGH, 6: CriterionState.INDICATED}
    assert found == {number: known.get(number, CriterionState.UNKNOWN) for number in range(1, 10)}


@pytest.mark.parametrize(
    ("names", "assessment"),
    [
        ((), CriterionState.UNKNOWN),
        (("a",), CriterionState.NOT_INDICATED),
        (("a", "b"), CriterionState.INDICATED),
    ],
)
def test_combining_is_indicated_by_more_than_one_dataset(
    names: tuple[str, ...], assessment: CriterionState
) -> None:
    facts = some_facts(datasets=names)
    assert criteria_of(facts)[5].assessment is assessment


def test_a_tier_alone_is_to_be_weighed() -> None:
    assert criteria_of(some_facts())[3].assessment is CriterionState.TO_WEIGH
    assert criteria_of(replace(some_facts(), tiers=()))[3].assessment is CriterionState.UNKNOWN


def test_measures_that_answers_name_are_measures(facts: DocumentFacts) -> None:
    titles = {each.title for each in measures_of(facts)}
    named = {
        each.text
        for answer in answers_of(facts)
        if answer.question.number in {324, 334}
        for each in answer.statements
    }
    assert named == titles
