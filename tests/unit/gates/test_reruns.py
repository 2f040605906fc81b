"""A run that is repeated: what the ledger has already is free, whatever became of the datasets since."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from gatecli.gates.ledger_actions import commit, void
from gatecli.gates.ledger_notices import told_of_ledger
from gatecli.ledger.interface import Store
from gatecli.model.release import ReleaseSubject
from gatecli.model.verdict import Verdict
from tests.support.charged_ledgers import add, ledger, moment
from tests.support.judged_releases import TODAY, held, judged, release, reserved, rules
from tests.support.releases import evidence, pure

DAY = moment(TODAY)
LOG = ("0" * 64,)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with ledger(tmp_path) as made:
        add(made, "people", epsilon="8")
        add(made, parents=[("people", 1)])
        yield made


@pytest.mark.parametrize("closed", [["customers"], ["people"], ["customers", "people"]], ids="+".join)
@pytest.mark.parametrize("committed", [False, True], ids=["held", "committed"])
@pytest.mark.parametrize("plan", [None, "autumn"], ids=["alone", "plan"])
def test_what_stands_passes_again_once_its_dataset_is_closed(
    store: Store, plan: str | None, closed: Sequence[str], *, committed: bool
) -> None:
    run = (release("1", "0.5"), release("2", "0.5"))
    assert reserved(store, *run, plan=plan)
    for subject in ("churn@1", "churn@2") if committed else ():
        commit(store, subject, DAY, ())
    for name in closed:
        store.close_dataset(name, DAY)
    before = held(store)
    assert judged(store, *run, reserves=True, plan=plan).passed
    assert held(store) == before


def test_what_stands_passes_again_once_its_lease_was_returned(store: Store) -> None:
    account = store.account("customers")
    assert account is not None
    store.add_dataset(replace(account.terms, name="lent", lease="lender/lent", parents=()), DAY)
    assert reserved(store, release("1", "0.5", "lent"))
    store.close_dataset("lent", DAY)
    assert reserved(store, release("1", "0.5", "lent"))


def test_a_closed_dataset_takes_no_new_release_and_no_voided_one(store: Store) -> None:
    assert reserved(store, release("1", "0.5"))
    void(store, "churn@1", DAY, "cancelled", LOG)
    store.close_dataset("customers", DAY)
    for version in ("1", "2"):
        assert rules(judged(store, release(version, "0.5"))) == {"ledger-unknown-dataset"}


def test_a_closed_dataset_takes_nothing_that_later_evidence_adds(store: Store) -> None:
    declared = release("1", "1.01", mechanisms=[{"kind": "pure", "epsilon": "1"}])
    dearer = ReleaseSubject(declared.release, declared.document, evidence=(evidence(pure("1.005")),))
    assert reserved(store, declared)
    store.close_dataset("customers", DAY)
    assert rules(judged(store, dearer)) == {"ledger-unknown-dataset"}


def test_other_content_is_refused_as_such_though_its_dataset_is_closed(store: Store) -> None:
    assert reserved(store, release("1", "0.5"))
    store.close_dataset("customers", DAY)
    assert rules(judged(store, release("1", "0.4"))) == {"ledger-release-changed"}


def told(verdict: Verdict) -> list[str]:
    return list(told_of_ledger(verdict))


@pytest.mark.parametrize("reserves", [False, True])
def test_a_rerun_says_that_its_releases_are_there_already(store: Store, *, reserves: bool) -> None:
    run = (release("1", "0.5"), release("2", "0.5"))
    assert reserved(store, *run)
    commit(store, "churn@2", DAY, ())
    assert told(judged(store, *run, reserves=reserves)) == [
        "churn 1 is reserved already: nothing was charged",
        "churn 2 is committed already: nothing was charged",
    ]


def test_a_rerun_of_a_plan_says_so_of_the_plan(store: Store) -> None:
    run = (release("1", "0.5"), release("2", "0.5"))
    assert reserved(store, *run, plan="autumn")
    assert told(judged(store, *run, plan="autumn", reserves=True)) == [
        "the plan autumn is reserved already: nothing was charged"
    ]


def changed(verdict: Verdict) -> list[str]:
    return [each.subject for each in verdict.findings if each.rule.id == "ledger-release-changed"]


def messages(verdict: Verdict) -> list[str]:
    return [f"{each.message} | {each.remediation}" for each in verdict.findings if "ledger-" in each.rule.id]


def test_a_rerun_of_a_plan_without_one_of_its_releases_names_that_one(store: Store) -> None:
    assert reserved(store, *(release(version, "0.3") for version in "123"), plan="autumn")
    (message,) = messages(judged(store, release("1", "0.3"), release("3", "0.3"), plan="autumn"))
    assert "churn@2" in message
    assert "churn@3" not in message


def test_a_rerun_of_a_plan_with_one_more_release_names_that_one(store: Store) -> None:
    run = [release(version, "0.3") for version in "123"]
    assert reserved(store, *run[:2], plan="autumn")
    verdict = judged(store, *run, plan="autumn")
    (message,) = messages(verdict)
    assert "is not in the plan autumn" in message
    assert changed(verdict) == ["churn 3"]


def test_a_rerun_of_a_plan_with_a_changed_release_names_that_one(store: Store) -> None:
    assert reserved(store, release("1", "0.3"), release("2", "0.3"), plan="autumn")
    verdict = judged(store, release("1", "0.3"), release("2", "0.4"), plan="autumn")
    assert changed(verdict) == ["churn 2"]
