"""Decision records against what declaration and ledger say."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from gatecli.checks.decisions import find_decision_faults
from gatecli.model.documents import AllocationState, DocumentFacts
from gatecli.sources.decision_record import decision_in
from tests.support.decision_examples import answered
from tests.support.written_documents import budget_facts, record_of, some_facts

FACTS = some_facts(datasets=["customers", "orders | 2026"], budget=budget_facts())
RECORD = answered(record_of(FACTS))
ROW = "| customers | person | 1 | 1e-6 | 50 % | 30 days after it is reserved |"
HAND_WRITTEN = """\
---
status: accepted
---
| expiry | ε | share | δ | dataset | unit |
|---|---|---|---|---|---|
| end of 2027 | 1.0 | 50% | 0.000001 | customers | Person |
| end of 2027 | `1` | 50% | 1.0e-6 | orders \\| 2026 | person |
"""


def faults(text: str, facts: DocumentFacts = FACTS) -> list[str]:
    found = find_decision_faults(facts, decision_in("a.md", text))
    return [f"{each.rule.id.removeprefix('doc-')} {each.place.line} {each.message}" for each in found]


def test_the_record_that_was_written_and_accepted_has_no_fault() -> None:
    assert faults(RECORD) == []


def test_a_record_that_was_written_by_hand_has_no_fault() -> None:
    assert faults(HAND_WRITTEN) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (ROW, "", "the dataset customers has no row in the table of ε"),
        (ROW, f"{ROW}\n{ROW}", "the dataset customers has 2 rows in the table of ε"),
        (ROW, f"{ROW}\n{ROW.replace('customers', 'x')}", "the row of 'x' is about no dataset of the release"),
        ("| 1 | 1e-6 | 50", "| 1.01 | 1e-6 | 50", "the table of ε says ε '1.01' of customers, and it is 1"),
        ("1e-6 | 50 %", "nothing | 50 %", "the table of ε says δ 'nothing' of customers, and it is 1e-6"),
        ("| person | 1", "| record | 1", "the table of ε says Unit 'record' of customers, and it is person"),
        (
            "| 50 % |",
            "| 5 % |",
            "the table of ε says Share of what is left '5 %' of customers, and it is 50 %",
        ),
        ("| Unit |", "| Whom |", "its table of ε has no column Unit, or has it twice"),
        ("| Dataset | ", "| Table | ", "it has no table of ε, with the columns Dataset, Unit, ε, δ,"),
    ],
)
def test_a_table_that_says_something_else_is_found(old: str, new: str, message: str) -> None:
    assert RECORD.count(old) >= 1
    told = faults(RECORD.replace(old, new, 1))
    assert any(each.startswith("missing-epsilon-allocation") and message in each for each in told)


def test_an_empty_cell_says_nothing() -> None:
    told = faults(RECORD.replace(ROW, ROW.replace("30 days after it is reserved", "")))
    (one,) = told
    assert one.startswith(
        "missing-epsilon-allocation 51 the table of ε says Expires '' of customers, and it is"
    )


def test_without_a_ledger_nobody_judges_what_a_ledger_knows() -> None:
    alone = some_facts(datasets=["customers", "orders | 2026"])
    assert faults(RECORD, alone) == []


def test_the_day_of_a_reservation_is_compared_once_both_know_one() -> None:
    reserved = some_facts(
        datasets=["customers", "orders | 2026"],
        budget=budget_facts(state=AllocationState.RESERVED, lapses="2026-12-30"),
    )
    assert faults(RECORD, reserved) == []
    dated = RECORD.replace("30 days after it is reserved", "2026-12-31")
    assert len(faults(dated, reserved)) == 2


def test_reserving_and_committing_do_not_make_a_record_out_of_date() -> None:
    for state in AllocationState:
        assert (
            faults(
                RECORD, some_facts(datasets=["customers", "orders | 2026"], budget=budget_facts(state=state))
            )
            == []
        )


@pytest.mark.parametrize(
    ("facts", "part"),
    [
        (
            some_facts(datasets=["customers", "orders | 2026"], budget=budget_facts(), trustModel="local"),
            "the declaration",
        ),
        (replace(FACTS, cost=None), "what was recomputed"),
        (replace(FACTS, tiers=("health",)), "the limits of its tier"),
        (
            some_facts(
                datasets=["customers", "orders | 2026"],
                budget=budget_facts(held_before=Fraction(0), held_with=Fraction(1, 2)),
            ),
            "what the ledger says",
        ),
    ],
)
def test_what_a_record_was_made_from_is_held_against_what_is_there(facts: DocumentFacts, part: str) -> None:
    assert faults(RECORD, facts) == [f"out-of-date None {part} changed since it was written"]


def test_a_policy_that_changes_elsewhere_makes_nothing_out_of_date() -> None:
    assert faults(RECORD, replace(FACTS, policy=replace(FACTS.policy, sha256="1" * 64))) == []


def test_a_record_of_another_version_is_out_of_date() -> None:
    (told,) = faults(RECORD.replace("@2.3.0", "@2.2.0"))
    assert told.endswith(" is about churn-classifier@2.2.0, and the declaration is of churn-classifier@2.3.0")


@pytest.mark.parametrize(
    "status", ["proposed", "rejected", "superseded by ADR-0009", "accepted?", "[accepted]"]
)
def test_a_decision_that_is_not_accepted_is_told(status: str) -> None:
    (told,) = faults(RECORD.replace("status: accepted", f"status: {status}"))
    assert told.startswith("not-accepted 1 its ")


def test_an_accepted_decision_with_an_open_question_is_not_complete() -> None:
    told = faults(f"{RECORD}\nQuestion for a human: really?\n")
    assert told == ["not-accepted 1 it is accepted, and a question in it has no answer"]
