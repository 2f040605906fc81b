"""Documents: what is written, what is kept, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from gatecli.documents.marks import BrokenMarksError
from gatecli.errors import UsageError
from gatecli.model.documents import AllocationState
from tests.support.decision_examples import GOLDEN, golden_record
from tests.support.written_documents import budget_facts, record_of, some_facts

FACTS = some_facts(budget=budget_facts())
FIRST = record_of(FACTS)


def row(text: str) -> str:
    return next(line for line in text.splitlines() if line.startswith("| customers"))


def test_the_record_is_the_one_that_was_looked_at() -> None:
    assert golden_record() == (GOLDEN / "adr.md").read_text("utf-8")


def test_the_table_holds_the_numbers_of_declaration_and_ledger_exactly() -> None:
    facts = some_facts(budget=budget_facts(), epsilon="1/3", delta="1.50e-6")
    assert (
        row(record_of(facts)) == "| customers | person | 1/3 | 1.5e-6 | 50 % | 30 days after it is reserved |"
    )


def test_without_a_ledger_nothing_is_said_of_what_is_left() -> None:
    assert row(record_of(some_facts())) == "| customers | person | 1 | 1e-6 | no ledger | no ledger |"


def test_a_reservation_expires_on_its_day_and_what_is_spent_does_not() -> None:
    held = budget_facts(state=AllocationState.RESERVED, lapses="2026-12-30")
    assert row(record_of(some_facts(budget=held))).endswith("| 2026-12-30 |")
    spent = budget_facts(state=AllocationState.COMMITTED)
    assert row(record_of(some_facts(budget=spent))).endswith("| none: it is spent |")


def test_writing_again_changes_nothing() -> None:
    assert record_of(FACTS, FIRST) == FIRST


def test_what_people_wrote_is_kept_while_numbers_change() -> None:
    edited = FIRST.replace("status: proposed", "status: accepted  # by all").replace(
        "**Question for a human:** which option was chosen, and because of what?",
        "Chosen option: “release”, because *we* `must`.\r\n\r\n  | a | table |",
    )
    changed = some_facts(budget=budget_facts(held_with=Fraction(1, 4)), epsilon=2)
    again = record_of(changed, edited)
    assert "status: accepted  # by all\n" in again
    assert "Chosen option: “release”, because *we* `must`.\r\n\r\n  | a | table |" in again
    assert row(again).startswith("| customers | person | 2 | 1e-6 | 16.7 % |")


def test_a_file_that_is_not_a_document_is_not_written_over() -> None:
    with pytest.raises(UsageError, match=r"^0007.md is not a document that gatecli wrote$"):
        record_of(FACTS, "# My own\n")


def test_the_record_of_another_version_is_not_written_over() -> None:
    with pytest.raises(UsageError, match=r"^0007.md is the adr of churn-classifier@2.3.0$"):
        record_of(some_facts(version="2.4.0"), FIRST)


def test_lost_marks_are_an_error() -> None:
    lost = FIRST.replace("<!-- gatecli:keep more -->", "").replace("<!-- gatecli:end more -->", "")
    with pytest.raises(BrokenMarksError, match="has lost the marks of the part more"):
        record_of(FACTS, lost)


def test_lost_front_matter_is_an_error() -> None:
    with pytest.raises(BrokenMarksError, match="has lost its front matter"):
        record_of(FACTS, FIRST.partition("---\n\n")[2])


def test_a_part_that_the_template_has_no_place_for_is_an_error() -> None:
    with pytest.raises(BrokenMarksError, match="has a part context that the template has no place for"):
        record_of(FACTS, FIRST, template="# Short\n")


def test_a_stamp_that_somebody_changed_is_an_error() -> None:
    with pytest.raises(BrokenMarksError, match="has a last line that does not say"):
        record_of(FACTS, FIRST.replace('{"declaration"', '{ "declaration"'))
    with pytest.raises(BrokenMarksError, match="has more than one line"):
        record_of(FACTS, FIRST + FIRST.splitlines()[-1])


def test_a_template_of_ones_own_may_change_some_blocks() -> None:
    text = record_of(
        FACTS, template="{% extends 'adr.md' %}{% block title %}# Ours {{ super() }}{% endblock %}"
    )
    assert "# Ours # Privacy budget of churn-classifier 2.3.0\n" in text


@pytest.mark.parametrize(
    ("template", "what"),
    [
        ("{{ nothing }}", "'nothing' is undefined"),
        ("{% if %}", "line 1"),
        ("{{ facts.__class__.__mro__ }}", "unsafe"),
        ("{{ facts.attestation }}", "a value that is not stated would be shown"),
        ("{% include '../../pyproject.toml' %}", "pyproject.toml"),
        ("{{ 1 // 0 }}", "zero"),
        ("<!-- gatecli:document {} -->", "writes marks of gatecli itself"),
        ("{{ keep('a', 'b') }}{{ keep('a', 'b') }}", "the part a twice"),
        ("{{ keep('A B', 'b') }}", "a mark that gatecli did not write"),
    ],
)
def test_a_template_that_cannot_be_used_is_a_usage_error(template: str, what: str) -> None:
    with pytest.raises(UsageError) as error:
        record_of(FACTS, template=template)
    assert what in error.value.message


def test_a_macro_and_a_filter_escape_once() -> None:
    facts = some_facts(name="a*b")
    template = "{% macro n(x) %}{{ x }}{% endmacro %}{{ n(facts.name) }} {{ facts.name|e }} {{ facts.name }}"
    assert record_of(facts, template=template).startswith("a&#42;b a&#42;b a&#42;b\n")


def test_the_digests_are_of_what_the_document_states() -> None:
    reserved = some_facts(budget=budget_facts(state=AllocationState.RESERVED, lapses="2026-12-30"))
    stamps = [record_of(each).splitlines()[-1] for each in (FACTS, reserved)]
    assert stamps[0] == stamps[1]
    other = replace(FACTS, policy=replace(FACTS.policy, sha256="1" * 64))
    assert record_of(other) == FIRST
