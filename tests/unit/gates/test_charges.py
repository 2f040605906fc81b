"""What releases are charged, and what speaks against it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from gatecli.errors import UsageError
from gatecli.gates.judgement import JudgementTerms
from gatecli.gates.ledger_actions import commit, void
from gatecli.gates.ledger_composed import composed_in_advance
from gatecli.gates.ledger_statements import statement_of
from gatecli.gates.release import ReleaseRequest, check_releases
from gatecli.gates.reserving import LedgerUse
from gatecli.ledger.interface import BudgetExceeded, Outcome, Store
from gatecli.model.budget import Bounds
from gatecli.model.ledger import Movement, ReservationState
from gatecli.model.policy import PrivacyPolicy, overlay
from gatecli.model.release import ReleaseSubject
from gatecli.model.verdict import ExitCode, Verdict
from gatecli.sources.policy import default_policy
from tests.support.charged_ledgers import add, ledger, moment
from tests.support.releases import PRIVACY, SPEC, data_of, subject_of

TODAY = date(2026, 11, 21)
DAY = moment(TODAY)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with ledger(tmp_path) as made:
        yield made


def release(version: str = "1", epsilon: str = "1", *datasets: str, **privacy: Any) -> ReleaseSubject:
    """A pure release of ε, from the given datasets."""
    claim = {
        **PRIVACY,
        "epsilon": epsilon,
        "delta": "1e-6",
        "mechanisms": [{"kind": "exponential", "epsilon": epsilon}],
        **privacy,
    }
    named = [{"name": name, "records": 60000} for name in datasets or ("customers",)]
    data = data_of({**SPEC, "sensitivity": "low", "privacy": claim, "datasets": named}, version)
    return subject_of({**data, "metadata": {"name": "churn", "version": version}})


def policy_with(**ledger_rules: Any) -> PrivacyPolicy:
    over = {
        "apiVersion": "gatecli.dev/v1",
        "kind": "PrivacyPolicy",
        "metadata": {"name": "own"},
        "spec": {"ledger": ledger_rules, "tiers": {"low": {"maxEpsilon": 100, "maxDelta": "1e-4"}}},
    }
    return overlay(default_policy(), PrivacyPolicy.from_file(over))


POLICY = policy_with()


def judged(
    store: Store,
    *subjects: ReleaseSubject,
    reserves: bool = False,
    plan: str | None = None,
    policy: PrivacyPolicy = POLICY,
    today: date = TODAY,
) -> Verdict:
    use = LedgerUse(store, moment(today), reserves, plan)
    return check_releases(ReleaseRequest(JudgementTerms(policy, (), today), subjects, ledger=use))


def reserved(store: Store, *subjects: ReleaseSubject, plan: str | None = None, today: date = TODAY) -> bool:
    return judged(store, *subjects, reserves=True, plan=plan, today=today).passed


def rules(verdict: Verdict) -> set[str]:
    return {finding.rule.id for finding in verdict.findings if finding.rule.id.startswith("ledger-")}


def held(store: Store, name: str = "customers") -> tuple[int, ...]:
    account = store.account(name)
    assert account is not None
    return tuple(account.held)


def test_the_third_release_that_does_not_fit_is_refused(store: Store) -> None:
    add(store, epsilon="8")
    assert reserved(store, release("1", "3.9"))
    assert reserved(store, release("2", "3.9"))
    verdict = judged(store, release("3", "3.9"))
    assert rules(verdict) == {"ledger-budget-exceeded"}
    assert verdict.exit_code is ExitCode.CLOSED


def test_releases_of_one_run_are_judged_as_if_those_before_were_reserved(store: Store) -> None:
    add(store, epsilon="8")
    verdict = judged(store, release("1", "3.9"), release("2", "3.9"), release("3", "3.9"))
    told = [finding.subject for finding in verdict.findings if finding.rule.id == "ledger-budget-exceeded"]
    assert told == ["churn 3"]


def test_a_refusal_is_counted_by_its_rule_where_something_was_to_be_reserved(store: Store) -> None:
    add(store)
    assert not judged(store, release("1", "3")).passed
    assert dict(store.tally("2026-11-21").refusals) == {}
    assert not reserved(store, release("1", "3"))
    assert dict(store.tally("2026-11-21").refusals) == {"ledger-budget-exceeded": 1}


def test_a_check_without_reserving_writes_nothing(store: Store) -> None:
    add(store)
    assert judged(store, release()).passed
    assert not any(held(store))
    assert store.reservation("churn@1") is None


def test_nothing_is_reserved_where_one_release_of_the_run_fails(store: Store) -> None:
    add(store)
    assert not reserved(store, release("1"), release("2", "3"))
    assert not any(held(store))


def test_the_same_release_again_is_free(store: Store) -> None:
    add(store)
    assert reserved(store, release("1", "1.5"))
    before = held(store)
    assert reserved(store, release("1", "1.5"))
    assert held(store) == before


def test_other_content_under_the_same_version_is_refused(store: Store) -> None:
    add(store)
    assert reserved(store, release("1", "1"))
    assert rules(judged(store, release("1", "0.5"))) == {"ledger-release-changed"}


def test_a_voided_release_may_be_reserved_again_with_other_content(store: Store) -> None:
    add(store)
    assert reserved(store, release("1", "1.5"))
    assert void(store, "churn@1", DAY, "cancelled", {"log": "0" * 64}) is Outcome.DONE
    assert not any(held(store))
    assert reserved(store, release("1", "1.9"))
    again = store.reservation("churn@1")
    assert again is not None
    assert (again.state, again.attempt) == (ReservationState.HELD, 1)


def test_what_was_committed_cannot_be_voided(store: Store) -> None:
    add(store)
    assert reserved(store, release())
    assert commit(store, "churn@1", DAY, {}) is Outcome.DONE
    with pytest.raises(UsageError, match="is committed, so it cannot be voided"):
        void(store, "churn@1", DAY, "regret", {"log": "0" * 64})


def test_a_void_needs_evidence(store: Store) -> None:
    add(store)
    assert reserved(store, release())
    with pytest.raises(UsageError, match="nothing shows that churn@1 never ran"):
        void(store, "churn@1", DAY, "cancelled", {})


def test_what_is_not_reserved_cannot_be_committed(store: Store) -> None:
    with pytest.raises(UsageError, match="churn@1 is not in the ledger"):
        commit(store, "churn@1", DAY, {})


def test_a_lapsed_reservation_stays_held_and_is_told(store: Store) -> None:
    add(store)
    assert reserved(store, release("1", "1"), today=TODAY - timedelta(days=40))
    before = held(store)
    assert rules(judged(store, release("2", "0.5"))) == {"ledger-reservation-lapsed"}
    assert held(store) == before


def test_a_parent_is_charged_too(store: Store) -> None:
    add(store, "people", epsilon="3")
    add(store, "visits", epsilon="2", parents=[("people", 1)])
    assert reserved(store, release("1", "1", "visits"))
    assert held(store, "people")[0] == held(store, "visits")[0] == 10**12


def test_two_children_share_what_their_parent_has(store: Store) -> None:
    add(store, "people", epsilon="2")
    for name in ("visits", "bills"):
        add(store, name, epsilon="2", parents=[("people", 1)])
    assert reserved(store, release("1", "1.5", "visits"))
    verdict = judged(store, release("2", "1.5", "bills"))
    (finding,) = (each for each in verdict.findings if each.rule.id == "ledger-budget-exceeded")
    assert "of people" in finding.message


def test_a_derived_dataset_charges_its_source_by_its_stability(store: Store) -> None:
    add(store, "people", epsilon="8")
    add(store, "visits", epsilon="2", parents=[("people", 3)])
    assert reserved(store, release("1", "1", "visits"))
    assert held(store, "people")[0] == 3 * 10**12
    assert held(store, "visits")[0] == 10**12


def test_stabilities_add_up_over_all_ways_to_a_source(store: Store) -> None:
    add(store, "people", epsilon="8")
    add(store, "visits", epsilon="4", parents=[("people", 2)])
    add(store, "bills", epsilon="4", parents=[("people", 1), ("visits", 2)])
    assert reserved(store, release("1", "1", "visits", "bills"))
    # people to visits 2; people to bills 1 + 2 * 2: 2 + 5 units of what the release is made from.
    assert held(store, "people")[0] == 7 * 10**12
    assert held(store, "visits")[0] == 3 * 10**12


def test_public_datasets_are_not_charged(store: Store) -> None:
    add(store)
    policy = policy_with(public=["imagenet"])
    assert judged(store, release("1", "1", "customers", "imagenet"), policy=policy).passed
    assert rules(judged(store, release("1", "1", "customers", "imagenet"))) == {"ledger-unknown-dataset"}


def test_a_release_that_names_no_dataset_is_not_free(store: Store) -> None:
    add(store)
    subject = release()
    spec = subject.release.spec.model_copy(update={"datasets": ()})
    nameless = ReleaseSubject(subject.release.model_copy(update={"spec": spec}), subject.document)
    assert "ledger-unknown-dataset" in rules(judged(store, nameless))


def test_a_closed_dataset_takes_no_charge(store: Store) -> None:
    add(store)
    store.close_dataset("customers", DAY)
    assert rules(judged(store, release())) == {"ledger-unknown-dataset"}


def test_a_release_without_a_budget_fits_into_none(store: Store) -> None:
    add(store)
    data = data_of({**SPEC, "privacy": "none"})
    assert "ledger-budget-exceeded" in rules(judged(store, subject_of(data)))


def test_the_dearer_of_two_relations_is_charged(store: Store) -> None:
    """Under replace-one a unit is removed and another is added: twice the ε of a pure mechanism."""
    add(store, neighbouring="replace-one", epsilon="4")
    assert reserved(store, release("1", "1"))
    assert held(store)[0] == 2 * 10**12


class Overtaken:
    """A store in which another client spends most of a budget just before the first reservation."""

    def __init__(self, store: Store, other: ReleaseSubject) -> None:
        self._store, self._other = store, other
        self._quick = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def move(self, movement: Movement, **given: Any) -> Outcome:
        if self._quick and movement.subject == "churn@2":
            self._quick = False
            assert reserved(self._store, self._other)
        return self._store.move(movement, **given)


def test_where_another_client_is_quicker_nothing_of_the_run_is_held(store: Store) -> None:
    add(store)
    overtaken: Any = Overtaken(store, release("9", "1"))
    verdict = judged(overtaken, release("1", "0.7"), release("2", "0.7"), reserves=True)
    assert rules(verdict) == {"ledger-budget-exceeded"}
    assert held(store)[0] == 10**12
    states = {each.subject: each.state for each in store.reservations()}
    assert states == {"churn@1": ReservationState.VOID, "churn@9": ReservationState.HELD}


def test_the_store_itself_refuses_what_does_not_fit(store: Store) -> None:
    add(store)
    assert reserved(store, release("1", "1.9"))
    with pytest.raises(BudgetExceeded):
        store.move(_movement_of(store, "churn@1", "other@1"))


def _movement_of(store: Store, subject: str, renamed: str) -> Movement:
    from dataclasses import replace  # noqa: PLC0415 - used here alone

    from gatecli.model.ledger import EntryKind  # noqa: PLC0415 - the same

    known = store.reservation(subject)
    assert known is not None
    return replace(Movement(EntryKind.RESERVE, renamed, DAY, known.charges, "f" * 64))


def test_a_plan_is_one_mechanism(store: Store) -> None:
    add(store, "apart", epsilon="8")
    add(store, "together", epsilon="8")
    noise = [{"kind": "gaussian", "noiseMultiplier": 2}]
    work: Mapping[str, Any] = {"mechanisms": noise, "variant": None}
    for version in ("1", "2", "3"):
        assert reserved(store, release(version, "4", "apart", **work))
    plan = [release(f"{version}p", "4", "together", **work) for version in ("1", "2", "3")]
    assert reserved(store, *plan, plan="autumn")
    alone, joint = store.account("apart"), store.account("together")
    assert alone is not None
    assert joint is not None
    assert joint.held.basic_epsilon < alone.held.basic_epsilon


def test_releases_of_a_plan_are_committed_alone_and_then_the_plan_stays(store: Store) -> None:
    add(store)
    assert reserved(store, release("1", "0.5"), release("2", "0.5"), plan="autumn")
    assert reserved(store, release("1", "0.5"), release("2", "0.5"), plan="autumn")
    assert judged(store, release("1", "0.5")).passed
    assert commit(store, "churn@1", DAY, {}) is Outcome.DONE
    assert commit(store, "churn@1", DAY, {}) is Outcome.EXISTS
    with pytest.raises(UsageError):
        void(store, "autumn", DAY, "regret", {"log": "0" * 64})
    with pytest.raises(UsageError, match="is reserved in the plan autumn"):
        void(store, "churn@2", DAY, "regret", {"log": "0" * 64})


def test_a_plan_is_voided_whole(store: Store) -> None:
    add(store)
    assert reserved(store, release("1", "0.5"), release("2", "0.5"), plan="autumn")
    assert void(store, "autumn", DAY, "cancelled", {"log": "0" * 64}) is Outcome.DONE
    assert not any(held(store))
    second = store.reservation("churn@2")
    assert second is not None
    assert second.state is ReservationState.VOID


def test_a_release_that_is_reserved_alone_is_in_no_plan(store: Store) -> None:
    add(store)
    assert reserved(store, release("1", "0.5"))
    verdict = judged(store, release("1", "0.5"), release("2", "0.5"), plan="autumn")
    assert rules(verdict) == {"ledger-release-changed"}


def test_a_reason_with_personal_data_does_not_enter(store: Store) -> None:
    add(store)
    assert reserved(store, release())
    with pytest.raises(UsageError, match="would hold personal data"):
        void(store, "churn@1", DAY, "asked by the customer with SSN 536-22-1921", {"log": "0" * 64})


def test_what_was_charged_composes_to_less_in_advance(store: Store) -> None:
    add(store, epsilon="8")
    work: Mapping[str, Any] = {"mechanisms": [{"kind": "gaussian", "noiseMultiplier": 3}], "variant": None}
    for version in ("1", "2"):
        assert reserved(store, release(version, "4", **work))
    account = store.account("customers")
    assert account is not None
    bounds = composed_in_advance(store, account)
    assert isinstance(bounds, Bounds)
    assert bounds.upper is not None
    # Two Gaussians of μ = 1/3 are one of μ = √2/3: ε = 1.9 at δ = 1e-5.
    assert Fraction(18, 10) < bounds.upper < Fraction(22, 10)


def test_a_statement_counts_and_shows_the_best_member(store: Store) -> None:
    from datetime import UTC, datetime  # noqa: PLC0415 - used here alone

    add(store, epsilon="8")
    assert reserved(store, release("1", "2"), today=TODAY - timedelta(days=60))
    account = store.account("customers")
    assert account is not None
    statement = statement_of(store, account, datetime(2026, 11, 21, tzinfo=UTC))
    assert statement.share == min(statement.shares.values())
    assert statement.lapsed == ("churn@1",)
    assert statement.states[ReservationState.HELD] == 1
