"""What a refusal says: whose budget it is, who holds it, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from gatecli.gates.judgement import JudgementTerms
from gatecli.gates.ledger_actions import commit
from gatecli.gates.release import check_releases, request_for
from gatecli.gates.reserving import LedgerUse
from gatecli.ledger.interface import Store
from gatecli.model.finding import Finding
from gatecli.model.verdict import Verdict
from tests.support.charged_ledgers import add, ledger, moment
from tests.support.judged_releases import POLICY, TODAY, judged, release, reserved, rules

DAY = moment(TODAY)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with ledger(tmp_path) as made:
        yield made


def only(verdict: Verdict, rule: str) -> Finding:
    (found,) = (each for each in verdict.findings if each.rule.id == rule)
    return found


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("customer-2026", "customers-2026"),
        ("Customers-2026", "customers-2026"),
        ("customers-2062", "customers-2026"),
        ("visit", "visits"),
    ],
)
def test_a_misspelled_dataset_is_answered_with_the_one_that_is_meant(
    store: Store, written: str, meant: str
) -> None:
    for name in ("customers-2026", "visits", "imagenet-labels"):
        add(store, name)
    found = only(judged(store, release("1", "1", written)), "ledger-unknown-dataset")
    assert found.remediation.startswith(f"did you mean {meant}? Then mend the name.")


def test_where_no_name_is_near_the_list_comes_before_a_new_budget(store: Store) -> None:
    add(store, "customers-2026")
    found = only(judged(store, release("1", "1", "weather")), "ledger-unknown-dataset")
    assert "did you mean" not in found.remediation
    assert found.remediation.index("dataset list") < found.remediation.index("dataset add weather")


def test_what_is_held_is_what_others_hold(store: Store) -> None:
    add(store, epsilon="8")
    assert reserved(store, release("0", "2"))
    run = [release(version, "2") for version in "12345"]
    verdict = judged(store, *run)
    over = [each for each in verdict.findings if each.rule.id == "ledger-budget-exceeded"]
    assert [each.subject for each in over] == ["churn 4", "churn 5"]
    assert "25 % is held, 100 % with churn@1, churn@2 and churn@3 of this run" in over[0].message
    alone = only(judged(store, release("6", "7")), "ledger-budget-exceeded")
    assert "of customers: 25 % is held, and more" in alone.message


def test_a_parent_that_has_no_room_is_named_as_one_with_its_group(store: Store) -> None:
    add(store, "people", epsilon="2")
    add(store, "visits", epsilon="2", parents=[("people", 3)])
    add(store, "bills", epsilon="2")
    found = only(judged(store, release("1", "1", "visits", "bills")), "ledger-budget-exceeded")
    assert "of people, the parent of visits, charged for a group of 3: 0 % is held" in found.message


def test_a_plan_that_does_not_fit_is_named(store: Store) -> None:
    add(store)
    verdict = judged(store, release("1", "1.5"), release("2", "1.5"), plan="autumn")
    found = only(verdict, "ledger-budget-exceeded")
    assert (
        "does not fit, with all of the plan autumn, into the budget (2, 1e-5) of customers" in found.message
    )


def test_of_a_plan_the_release_that_nothing_bounds_is_named(store: Store) -> None:
    add(store, epsilon="8")
    unbounded = release("2", "1", mechanisms=[])
    verdict = judged(store, release("1", "1"), unbounded, plan="autumn")
    assert only(verdict, "ledger-budget-exceeded").subject == "churn 2"


def test_of_a_plan_the_release_whose_dataset_is_closed_is_named(store: Store) -> None:
    add(store, "open")
    add(store, "shut")
    store.close_dataset("shut", DAY)
    verdict = judged(store, release("1", "0.5", "open"), release("2", "0.5", "shut"), plan="autumn")
    assert only(verdict, "ledger-unknown-dataset").subject == "churn 2"


def test_a_lapsed_plan_is_told_once(store: Store) -> None:
    add(store, epsilon="8")
    add(store, "visits", epsilon="8")
    old = TODAY - timedelta(days=40)
    both = ("customers", "visits")
    assert reserved(store, *(release(version, "0.1", *both) for version in "123"), plan="autumn", today=old)
    verdict = judged(store, *(release(version, "0.1", *both) for version in "456"))
    found = only(verdict, "ledger-reservation-lapsed")
    assert "with autumn, which lapsed" in found.message
    assert "commit churn@1, churn@2 and churn@3; or" in found.remediation
    assert "gatecli ledger void autumn --reason TEXT --evidence FILE" in found.remediation


def test_a_release_that_a_committed_plan_left_held_is_told_when_it_lapsed(store: Store) -> None:
    add(store, epsilon="8")
    old = TODAY - timedelta(days=40)
    assert reserved(store, release("1", "0.1"), release("2", "0.1"), plan="autumn", today=old)
    commit(store, "churn@1", DAY, ())
    assert "with autumn," in only(judged(store, release("3", "0.1")), "ledger-reservation-lapsed").message


DECLARATION = """\
apiVersion: gatecli.dev/v1
kind: ModelRelease
metadata: {name: churn, version: "1"}
spec:
  sensitivity: low
  privacy: {unit: person, neighbouring: add-remove, epsilon: 1, delta: 1e-6, maxContributions: 1,
    trustModel: central, compositionScope: this release alone, tuning: {runs: 0, accounted: true},
    preprocessing: {dataDependent: false}, mechanisms: [{kind: laplace, scale: 1}]}
  datasets: [{name: customers, records: 60000, schema: schema.json}]
"""


@pytest.mark.parametrize("text", [None, "{"], ids=["missing", "broken"])
def test_a_schema_that_cannot_be_read_is_one_finding(store: Store, tmp_path: Path, text: str | None) -> None:
    (tmp_path / "known.json").write_text("{}", "utf-8")
    add(store, schema="known.json", base=tmp_path)
    (tmp_path / "privacy.yaml").write_text(DECLARATION, "utf-8")
    if text is not None:
        (tmp_path / "schema.json").write_text(text, "utf-8")
    request = request_for(
        [tmp_path / "privacy.yaml"], JudgementTerms(POLICY, (), TODAY), LedgerUse(store, DAY, reserves=True)
    )
    verdict = check_releases(request)
    assert [each.rule.id for each in verdict.findings] == ["release-unreadable"]
    assert not verdict.passed
    assert not list(store.reservations())
    assert rules(judged(store, release())) == {"ledger-schema-changed"}


def test_the_group_of_a_plan_is_that_of_its_dearest_release(store: Store) -> None:
    add(store, "people", epsilon="1")
    add(store, "visits", epsilon="8", parents=[("people", 2)])
    add(store, "bills", epsilon="8", parents=[("people", 3)])
    run = (release("1", "1", "visits"), release("2", "1", "bills"))
    found = only(judged(store, *run, plan="autumn"), "ledger-budget-exceeded")
    assert "of people, the parent of visits and bills, charged for a group of 3:" in found.message
