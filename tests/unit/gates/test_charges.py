"""What releases are charged, and what speaks against it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from gatecli.accounting.account import account_all
from gatecli.accounting.interface import Question
from gatecli.checks.release.recomputation import costs_of, questions_of
from gatecli.errors import UsageError
from gatecli.gates.charged_work import Book, costs_of_work, stabilities
from gatecli.gates.charges import Terms
from gatecli.gates.judgement import JudgementTerms
from gatecli.gates.ledger_actions import commit, published_content, void
from gatecli.gates.ledger_composed import composed_in_advance
from gatecli.gates.ledger_plans import assess_plan
from gatecli.gates.ledger_statements import statement_of
from gatecli.gates.release import ReleaseRequest, check_releases
from gatecli.gates.reserving import LedgerUse
from gatecli.ledger.interface import BudgetExceeded, Outcome, Store
from gatecli.ledger.verification import verify
from gatecli.model.budget import Bounds, Neighbouring
from gatecli.model.ledger import EntryKind, Movement, ReservationState
from gatecli.model.mechanism import DpSgd, Gaussian, Pure
from gatecli.model.policy import PrivacyPolicy, overlay
from gatecli.model.portfolio import Amounts
from gatecli.model.release import Artifact, ArtifactState, ModelRelease, ReleaseSubject
from gatecli.model.verdict import ExitCode
from tests.support.charged_ledgers import add, ledger, moment
from tests.support.judged_releases import (
    POLICY,
    TODAY,
    document,
    held,
    judged,
    policy_with,
    release,
    renamed,
    reserved,
    rules,
)
from tests.support.releases import (
    SPEC,
    data_of,
    evidence,
    pure,
    subject_of,
    waiver,
)

DAY = moment(TODAY)
LOG = ("0" * 64,)
ADD_REMOVE = Neighbouring.ADD_REMOVE


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with ledger(tmp_path) as made:
        yield made


def with_artifact(subject: ReleaseSubject, digest: str | None) -> ReleaseSubject:
    """The release with one file, which has that digest; None where it is not there."""
    artifact = Artifact(path="model.bin", sha256=digest or "f" * 64)
    spec = subject.release.spec.model_copy(update={"artifacts": (artifact,)})
    changed = subject.release.model_copy(update={"spec": spec})
    return ReleaseSubject(changed, subject.document, (ArtifactState(artifact, digest),))


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
    assert void(store, "churn@1", DAY, "cancelled", LOG) is Outcome.DONE
    assert not any(held(store))
    assert reserved(store, release("1", "1.9"))
    again = store.reservation("churn@1")
    assert again is not None
    assert (again.state, again.attempt) == (ReservationState.HELD, 1)


def test_what_was_committed_cannot_be_voided(store: Store) -> None:
    add(store)
    assert reserved(store, release())
    assert commit(store, "churn@1", DAY, ()) is Outcome.DONE
    with pytest.raises(UsageError, match="is committed, so it cannot be voided"):
        void(store, "churn@1", DAY, "regret", LOG)


def test_a_void_needs_evidence(store: Store) -> None:
    add(store)
    assert reserved(store, release())
    with pytest.raises(UsageError, match="nothing shows that churn@1 never ran"):
        void(store, "churn@1", DAY, "cancelled", ())


def test_what_is_not_reserved_cannot_be_committed(store: Store) -> None:
    with pytest.raises(UsageError, match="churn@1 is not in the ledger"):
        commit(store, "churn@1", DAY, ())


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


def test_where_another_client_is_quicker_the_rest_of_the_run_is_refused(store: Store) -> None:
    """What was reserved before stays: the other job, or a third one, may rely on it by now."""
    add(store)
    overtaken: Any = Overtaken(store, release("9", "1"))
    verdict = judged(overtaken, release("1", "0.7"), release("2", "0.7"), reserves=True)
    assert rules(verdict) == {"ledger-budget-exceeded"}
    assert held(store)[0] == 17 * 10**11
    states = {each.subject: each.state for each in store.reservations()}
    assert states == {"churn@1": ReservationState.HELD, "churn@9": ReservationState.HELD}


UNFORGIVABLE = (
    ("ledger-budget-exceeded", release("2", "3")),
    ("ledger-unknown-dataset", release("2", "1", "customers", "elsewhere")),
    ("ledger-unit-differs", release("2", "1", unit="record")),
    ("ledger-release-changed", release("1", "0.9")),
)


@pytest.mark.parametrize(("rule", "subject"), UNFORGIVABLE, ids=lambda value: str(value)[:24])
def test_no_policy_and_no_waiver_makes_a_release_free(
    store: Store, rule: str, subject: ReleaseSubject
) -> None:
    add(store)
    assert reserved(store, release("1", "0.1"))
    before = held(store)
    soft = overlay(POLICY, PrivacyPolicy.from_file(document({"severities": {rule: "note"}})))
    waived = waiver(rule=rule, subject=subject.release.subject.replace(" ", "@"))
    terms = JudgementTerms(soft, (waived,), TODAY)
    use = LedgerUse(store, DAY, reserves=True)
    verdict = check_releases(ReleaseRequest(terms, (subject,), ledger=use))
    assert rule in {finding.rule.id for finding in verdict.active}
    assert not verdict.passed
    assert held(store) == before


def test_a_release_whose_changed_schema_is_waived_is_charged(store: Store, tmp_path: Path) -> None:
    (tmp_path / "schema.json").write_text("{}", "utf-8")
    add(store, schema="schema.json", base=tmp_path)
    terms = JudgementTerms(POLICY, (waiver(rule="ledger-schema-changed", subject="churn@1"),), TODAY)
    use = LedgerUse(store, DAY, reserves=True)
    assert check_releases(ReleaseRequest(terms, (release("1", "1"),), ledger=use)).passed
    assert held(store)[0] == 10**12


def test_a_dataset_with_an_account_is_not_public(store: Store) -> None:
    add(store)
    policy = policy_with(public=["customers", "CUSTOMERS"])
    assert judged(store, release("1", "1"), policy=policy, reserves=True).passed
    assert held(store)[0] == 10**12
    assert rules(judged(store, release("2", "1", "Customers"), policy=policy)) == {"ledger-unknown-dataset"}


def test_artifacts_and_evidence_may_come_after_the_reservation(store: Store) -> None:
    add(store)
    assert reserved(store, release("1", "1"))
    later = with_artifact(release("1", "1"), "a" * 64)
    assert not rules(judged(store, later))
    published = published_content(store, "churn@1", [later])
    assert commit(store, "churn@1", DAY, (), published) is Outcome.DONE
    assert commit(store, "churn@1", DAY, ()) is Outcome.EXISTS
    assert not rules(judged(store, later))
    other = with_artifact(release("1", "1"), "b" * 64)
    assert rules(judged(store, other)) == {"ledger-release-changed"}


def test_a_commit_binds_no_other_claim_and_no_missing_file(store: Store) -> None:
    add(store)
    assert reserved(store, release("1", "1"))
    with pytest.raises(UsageError, match="claims something else"):
        published_content(store, "churn@1", [release("1", "0.5")])
    with pytest.raises(UsageError, match="is not there"):
        published_content(store, "churn@1", [with_artifact(release("1", "1"), None)])
    with pytest.raises(UsageError, match="0 of the declarations"):
        published_content(store, "churn@1", [release("2", "1")])


def recorded(subject: ReleaseSubject, epsilon: str) -> ReleaseSubject:
    """The release with evidence of another ε."""
    return ReleaseSubject(subject.release, subject.document, evidence=(evidence(pure(epsilon)),))


def declared(version: str) -> ReleaseSubject:
    """A release that claims a little more than its mechanism costs."""
    return release(version, "1.01", mechanisms=[{"kind": "pure", "epsilon": "1"}])


def dearer(version: str) -> ReleaseSubject:
    """The same with evidence that is dearer than its declaration by less than a tolerance."""
    return recorded(declared(version), "1.005")


def test_a_release_whose_evidence_was_charged_cannot_be_voided(store: Store) -> None:
    add(store)
    assert reserved(store, declared("1"))
    assert reserved(store, dearer("1"))
    with pytest.raises(UsageError, match="evidence of churn@1 was charged, so it has read the data"):
        void(store, "churn@1", DAY, "cancelled", LOG)
    assert held(store)[0] == 1_005_000_000_000


def test_evidence_that_comes_later_is_charged_for_what_it_costs_more(store: Store) -> None:
    add(store)
    assert reserved(store, declared("1"))
    assert reserved(store, recorded(declared("1"), "1"))
    assert held(store)[0] == 10**12
    assert reserved(store, dearer("1"))
    assert held(store)[0] == 1_005_000_000_000
    assert reserved(store, dearer("1"))
    assert held(store)[0] == 1_005_000_000_000
    later = [each for each in store.reservations() if each.subject != "churn@1"]
    assert [each.state for each in later] == [ReservationState.COMMITTED]


def test_evidence_that_comes_later_and_does_not_fit_is_refused(store: Store) -> None:
    add(store, delta="0")
    assert reserved(store, release("1", "1.999"))
    verdict = judged(store, recorded(release("1", "1.999"), "2.01"), reserves=True)
    assert "ledger-budget-exceeded" in rules(verdict)


def test_in_a_plan_evidence_that_is_dearer_is_charged_on_top(store: Store) -> None:
    add(store, epsilon="8")
    assert reserved(store, declared("1"), declared("2"), plan="autumn")
    before = held(store)[0]
    assert reserved(store, recorded(declared("1"), "1"))
    assert held(store)[0] == before
    assert reserved(store, dearer("1"))
    assert held(store)[0] == before + 1_005_000_000_000


def test_a_plan_with_two_accounts_of_a_release_is_charged_the_dearer_in_each_measure(store: Store) -> None:
    add(store, epsilon="8")
    terms = store.account("customers")
    assert terms is not None
    gaussian = Question((Gaussian(noise_multiplier=Fraction(4)),), Fraction(1, 10**6), ADD_REMOVE)
    rare = DpSgd(noise_multiplier=Fraction(6, 10), sampling_rate=Fraction(1, 1000), steps=500)
    sampled = Question((rare,), Fraction(1, 10**6), ADD_REMOVE)
    trifle = Question((Pure(epsilon=Fraction(1, 10**4)),), Fraction(1, 10**6), ADD_REMOVE)
    alone = costs_of_work([((gaussian, sampled), 1)], terms.terms)
    planned = costs_of_work([((gaussian, sampled), 1), ((trifle,), 1)], terms.terms)
    assert isinstance(alone, Amounts)
    assert isinstance(planned, Amounts)
    assert planned.rdp_4 >= alone.rdp_4
    many = costs_of_work([((gaussian, sampled), 1)] * 4, terms.terms)
    assert isinstance(many, Amounts)
    assert many.rdp_4 >= 4 * alone.rdp_4


def test_a_release_from_two_leases_is_refused(store: Store) -> None:
    for name in ("jan", "feb"):
        add(store, name, epsilon="1")
        account = store.account(name)
        assert account is not None
        store.add_dataset(replace(account.terms, name=f"{name}-lent", lease=f"lender/{name}"), DAY)
    assert reserved(store, release("1", "0.1", "jan-lent"))
    assert rules(judged(store, release("2", "0.1", "jan-lent", "feb-lent"))) == {"ledger-unknown-dataset"}


def test_a_child_with_another_unit_says_how_many_a_parent_changes(store: Store) -> None:
    add(store, "people", epsilon="8")
    with pytest.raises(UsageError, match="the unit of people is a person, and that of visits a visit"):
        add(store, "visits", unit="visit", parents=[("people", None)])
    add(store, "visits", unit="visit", parents=[("people", 3)])


def test_of_a_plan_each_release_counts_by_its_dearer_account(store: Store) -> None:
    add(store, epsilon="50")
    plan = (recorded(release("1", "0.25"), "4"), recorded(release("2", "4"), "0.25"))
    costs = [costs_of(subject, account_all(questions_of(subject))) for subject in plan]
    (first, _) = assess_plan("autumn", plan, costs, Terms(store, POLICY.spec.ledger, TODAY, DAY))
    assert first.movement is not None
    assert first.movement.charges[0].amounts.basic_epsilon == 8 * 10**12


def test_the_store_itself_refuses_what_does_not_fit(store: Store) -> None:
    add(store)
    assert reserved(store, release("1", "1.9"))
    with pytest.raises(BudgetExceeded):
        store.move(_movement_of(store, "churn@1", "other@1"))


def _movement_of(store: Store, subject: str, renamed: str) -> Movement:
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
    assert commit(store, "churn@1", DAY, ()) is Outcome.DONE
    assert commit(store, "churn@1", DAY, ()) is Outcome.EXISTS
    with pytest.raises(UsageError, match="churn@1 of the plan autumn is committed, so the plan stays spent"):
        void(store, "autumn", DAY, "regret", LOG)


def test_a_release_of_a_plan_that_never_ran_is_voided_alone_and_gives_no_budget_back(store: Store) -> None:
    add(store)
    run = (release("1", "0.5"), release("2", "0.5"))
    assert reserved(store, *run, plan="autumn")
    commit(store, "churn@1", DAY, ())
    before = held(store)
    assert void(store, "churn@2", DAY, "its job never started", LOG) is Outcome.DONE
    assert void(store, "churn@2", DAY, "its job never started", LOG) is Outcome.EXISTS
    assert held(store) == before
    plan = store.reservation("autumn")
    assert plan is not None
    assert plan.state is ReservationState.COMMITTED
    assert verify(store).holds
    assert judged(store, run[0], plan="autumn").passed
    verdict = judged(store, *run, plan="autumn")
    assert [
        (each.subject, each.message[:18]) for each in verdict.findings if each.rule.id in rules(verdict)
    ] == [("churn 2", "was voided in the ")]
    assert reserved(store, run[1])
    assert held(store)[0] == before[0] + 5 * 10**11


def test_a_plan_is_not_committed_itself_while_its_releases_are_held(store: Store) -> None:
    add(store)
    assert reserved(store, release("1", "0.5"), release("2", "0.5"), plan="autumn")
    with pytest.raises(UsageError, match=r"one by one, and churn@1 and churn@2 are held") as refused:
        commit(store, "autumn", DAY, ())
    assert refused.value.advice.startswith("gatecli ledger commit churn@1")
    for subject in ("churn@1", "churn@2"):
        commit(store, subject, DAY, ())
    assert commit(store, "autumn", DAY, ()) is Outcome.EXISTS


def test_a_second_commit_that_binds_other_content_says_what_is_bound(store: Store) -> None:
    add(store)
    assert reserved(store, release("1", "0.5"), release("2", "0.5"))
    commit(store, "churn@1", DAY, ())
    later = with_artifact(release("1", "0.5"), "a" * 64)
    with pytest.raises(UsageError, match="churn@1 was committed already, without its artifacts"):
        commit(store, "churn@1", DAY, (), published_content(store, "churn@1", [later]))
    first, other = (with_artifact(release("2", "0.5"), digit * 64) for digit in "ab")
    commit(store, "churn@2", DAY, (), published_content(store, "churn@2", [first]))
    with pytest.raises(UsageError, match="churn@2 was committed already, with other artifacts"):
        commit(store, "churn@2", DAY, (), published_content(store, "churn@2", [other]))


def test_a_plan_is_voided_whole(store: Store) -> None:
    add(store)
    assert reserved(store, release("1", "0.5"), release("2", "0.5"), plan="autumn")
    assert void(store, "autumn", DAY, "cancelled", LOG) is Outcome.DONE
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
        void(store, "churn@1", DAY, "asked by the customer with SSN 536-22-1921", LOG)


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


def test_a_statement_tells_releases_from_openings_and_leases(store: Store) -> None:
    from datetime import UTC, datetime  # noqa: PLC0415 - used here alone

    add(store, epsilon="8")
    assert reserved(store, declared("1"))
    assert reserved(store, dearer("1"))
    (charge,) = store.reservation("churn@1").charges  # type: ignore[union-attr]  # it is there
    for kind, subject in ((EntryKind.OPENING, "opening:customers@0"), (EntryKind.LEASE, "lease/aws")):
        store.move(Movement(kind, subject, DAY, (charge,), "digest"))
    account = store.account("customers")
    assert account is not None
    statement = statement_of(store, account, datetime(2026, 11, 21, tzinfo=UTC))
    assert dict(statement.states) == {ReservationState.HELD: 1}
    assert dict(statement.leases) == {ReservationState.LENT: 1}
    assert statement.openings == 1


def test_two_claims_of_one_version_in_a_run_are_refused(store: Store) -> None:
    add(store)
    verdict = judged(store, release("1", "0.5"), release("1", "1"), reserves=True)
    assert "ledger-release-changed" in rules(verdict)


@pytest.mark.parametrize(
    ("subject", "plan"),
    [
        (release("1", "1").release.model_copy(), "of 536-22-1921"),
        (renamed("john.doe@gmail.com"), None),
        (renamed("536-22-1921"), "autumn"),
    ],
    ids=["plan", "release", "release of a plan"],
)
def test_a_name_with_personal_data_does_not_enter(
    store: Store, subject: ModelRelease, plan: str | None
) -> None:
    add(store)
    given = ReleaseSubject(subject, release("1", "1").document)
    with pytest.raises(UsageError, match="would hold personal data"):
        reserved(store, given, plan=plan)
    assert not list(store.reservations())


def test_the_names_of_mechanisms_stay_outside(store: Store) -> None:
    add(store, epsilon="8")
    inner = {"kind": "exponential", "epsilon": "1", "name": "salary of one person"}
    assert reserved(store, release("1", "1", mechanisms=[{"kind": "composed", "mechanisms": [inner]}]))
    assert not any("salary" in entry.content for entry in store.entries())


def test_a_closed_parent_is_an_unknown_dataset(store: Store) -> None:
    add(store, "people", epsilon="3")
    add(store, "visits", parents=[("people", 1)])
    store.close_dataset("people", DAY)
    assert rules(judged(store, release("1", "1", "visits"))) == {"ledger-unknown-dataset"}


def test_what_was_charged_for_a_group_is_composed_for_it(store: Store) -> None:
    add(store, "people", epsilon="8")
    add(store, "visits", epsilon="2", parents=[("people", 10)])
    assert reserved(store, release("1", "0.25", "visits"))
    account = store.account("people")
    assert account is not None
    bounds = composed_in_advance(store, account)
    assert isinstance(bounds, Bounds)
    assert bounds.upper is not None
    assert bounds.upper > Fraction(24, 10)


def test_a_policy_may_ask_for_a_ledger() -> None:
    terms = JudgementTerms(policy_with(required=True), (), TODAY)
    verdict = check_releases(ReleaseRequest(terms, (release("1", "1"),)))
    assert rules(verdict) == {"ledger-not-asked"}


def test_many_ways_to_a_parent_are_added_up_at_once(store: Store) -> None:
    add(store, "level-0", epsilon="100", records=None)
    for level in range(1, 40):
        for side in ("a", "b"):
            below = [("level-0", 1)] if level == 1 else [(f"level-{level - 1}{each}", 1) for each in "ab"]
            add(store, f"level-{level}{side}", epsilon="100", parents=below)
    account = store.account("level-39a")
    assert account is not None
    assert stabilities([account], Book(store))["level-0"] == 2**38
