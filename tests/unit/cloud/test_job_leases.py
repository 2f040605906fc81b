"""The budget of runs: whose charge each uses, and that no charge is used twice or taken back under a run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from gatecli.cloud.leases import JobRefused
from gatecli.cloud.running import run_job
from gatecli.errors import UncheckableError, UsageError
from gatecli.gates.ledger_actions import commit, void
from gatecli.gates.release import ReleaseRequest, judge_releases
from gatecli.gates.reserving import LedgerUse
from gatecli.ledger.interface import Conflict, Store
from gatecli.model.ledger import Charge, EntryKind, Movement, Parent, ReservationState, releases_among
from gatecli.model.portfolio import NOTHING
from tests.support.jobs import (
    DATASET,
    RELEASE,
    Container,
    InProcess,
    account,
    declaration,
    ledger,
    terms_of_dataset,
)
from tests.support.releases import subject_of

ONE = 10**12
AT = "2026-12-01T12:00:00Z"
LOG = ["0" * 64]
FIRST = f"{RELEASE}+run:first"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = ledger(tmp_path / "ledger.db")
    yield made
    made.close()


@pytest.fixture
def jobs(tmp_path: Path, store: Store) -> InProcess:
    return InProcess(tmp_path, store)


def crash(jobs: InProcess, name: str, **changes: Any) -> None:
    with pytest.raises(UncheckableError, match="ended with 1"):
        jobs.run(name, command=("/bin/false",), **changes)


def held(store: Store, name: str = DATASET) -> int:
    return account(store, name).held.basic_epsilon


def reserve(jobs: InProcess, *versions: str, plan: str | None = None) -> None:
    """As `gatecli release check --reserve` and `gatecli ledger plan reserve` do before a job."""
    subjects = [subject_of(declaration(version=each), path=f"{each}.json") for each in versions]
    terms = jobs.request("unused").terms
    rules = terms.policy.spec.release.model_copy(update={"require_evidence": False})
    spec = terms.policy.spec.model_copy(update={"release": rules})
    lenient = replace(terms, policy=terms.policy.model_copy(update={"spec": spec}))
    use = LedgerUse(jobs.store, AT, reserves=True, plan=plan)
    assert judge_releases(ReleaseRequest(lenient, subjects, ledger=use)).verdict.passed


def test_the_first_run_uses_what_was_reserved_before(jobs: InProcess, store: Store) -> None:
    reserve(jobs, "1.0.0")
    assert held(store) == ONE
    assert jobs.run().verdict.passed
    assert held(store) == ONE


def test_the_first_run_of_a_release_of_a_plan_uses_the_plan_and_the_second_pays(
    jobs: InProcess, store: Store
) -> None:
    reserve(jobs, "1.0.0", "2.0.0", plan="autumn")
    planned = held(store)
    crash(jobs, "train-1")
    assert held(store) == planned
    assert jobs.run("train-2").verdict.passed
    assert held(store) == planned + ONE
    assert store.reservation(RELEASE).state is ReservationState.COMMITTED  # type: ignore[union-attr]


def test_a_release_that_a_job_has_run_cannot_become_void(jobs: InProcess, store: Store) -> None:
    crash(jobs, "train-1")
    with pytest.raises(UsageError, match=f"a job has run {RELEASE}, so {RELEASE} stays spent"):
        void(store, RELEASE, AT, "cancelled", LOG)
    known = store.reservation(RELEASE)
    assert known is not None
    back = tuple(Charge(each.dataset, -each.amounts) for each in known.charges)
    with pytest.raises(Conflict):
        store.move(Movement(EntryKind.VOID, RELEASE, AT, back, known.digest))
    assert held(store) == ONE


@pytest.mark.parametrize("subject", ["autumn", "churn@1.0.0"])
def test_a_plan_of_which_a_job_has_run_a_release_cannot_become_void(
    jobs: InProcess, store: Store, subject: str
) -> None:
    reserve(jobs, "1.0.0", "2.0.0", plan="autumn")
    planned = held(store)
    crash(jobs, "train-1")
    with pytest.raises(UsageError, match=f"so {subject} stays spent"):
        void(store, subject, AT, "cancelled", LOG)
    known = store.reservation(subject)
    assert known is not None
    back = tuple(Charge(each.dataset, -each.amounts) for each in known.charges)
    with pytest.raises(Conflict):
        store.move(Movement(EntryKind.VOID, subject, AT, back, known.digest, plan=known.plan))
    void(store, "churn@2.0.0", AT, "cancelled", LOG)
    assert held(store) == planned


def test_a_run_that_was_spent_keeps_its_release_spent(jobs: InProcess, store: Store) -> None:
    crash(jobs, "train-1")
    commit(store, FIRST, AT, [])
    with pytest.raises(UsageError, match="stays spent"):
        void(store, RELEASE, AT, "cancelled", LOG)


def test_a_run_that_never_read_leaves_its_charge_to_another(jobs: InProcess, store: Store) -> None:
    crash(jobs, "train-1")
    void(store, FIRST, AT, "cancelled before it began", LOG)
    crash(jobs, "train-2")
    assert held(store) == ONE
    crash(jobs, "train-1")
    assert held(store) == 2 * ONE


def test_a_later_run_that_never_read_is_free_again_and_charged_again(jobs: InProcess, store: Store) -> None:
    crash(jobs, "train-1")
    crash(jobs, "train-2")
    (later,) = [
        each.subject
        for each in store.reservations()
        if each.charges[0].amounts.basic_epsilon and each.subject != RELEASE
    ]
    void(store, later, AT, "cancelled before it began", LOG)
    assert held(store) == ONE
    crash(jobs, "train-2")
    assert held(store) == 2 * ONE


def test_a_release_that_was_voided_and_reserved_again_has_a_first_run_again(
    jobs: InProcess, store: Store
) -> None:
    crash(jobs, "train-1")
    void(store, FIRST, AT, "cancelled before it began", LOG)
    void(store, RELEASE, AT, "cancelled before it began", LOG)
    assert held(store) == 0
    crash(jobs, "train-1")
    crash(jobs, "train-2")
    assert held(store) == 2 * ONE
    subjects = {each.subject: each.state.value for each in store.reservations()}
    assert subjects[f"{FIRST}-1"] == "held"
    assert subjects[FIRST] == "void"


class Overtaken:
    """A ledger in which somebody acts just before a movement of that kind."""

    def __init__(self, store: Store, subject: str, act: Any, kind: str = "reserve") -> None:
        self._store, self._subject, self._act, self._kind = store, subject, act, kind

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def move(self, movement: Any, **more: Any) -> Any:
        before = movement.subject.startswith(self._subject) and movement.kind == self._kind
        if before and self._act is not None:
            act, self._act = self._act, None
            act()
        return self._store.move(movement, **more)


def test_a_release_that_is_voided_while_a_run_is_held_gives_it_nothing(jobs: InProcess, store: Store) -> None:
    """Between the reservation of the release and that of its run, somebody takes the charge back."""
    reserve(jobs, "1.0.0")
    act = lambda: void(store, RELEASE, AT, "cancelled", LOG)  # noqa: E731 - what happens in between
    request = jobs.request(store=Overtaken(store, FIRST, act))
    with pytest.raises(JobRefused, match="was voided or published while this job took its budget"):
        run_job(request)
    assert held(store) == 0
    assert store.reservation(FIRST).state is ReservationState.VOID  # type: ignore[union-attr]


def test_a_release_that_is_published_while_a_run_is_held_is_not_run_again(
    jobs: InProcess, store: Store
) -> None:
    reserve(jobs, "1.0.0")
    act = lambda: commit(store, RELEASE, AT, [])  # noqa: E731 - what happens in between
    with pytest.raises(JobRefused, match="was voided or published"):
        run_job(jobs.request(store=Overtaken(store, FIRST, act)))
    assert held(store) == ONE


def test_a_job_that_takes_the_first_run_meanwhile_leaves_the_other_to_pay(
    jobs: InProcess, store: Store
) -> None:
    act = lambda: crash(jobs, "train-2")  # noqa: E731 - what happens in between
    assert run_job(jobs.request("train-1", store=Overtaken(store, FIRST, act))).verdict.passed
    assert held(store) == 2 * ONE


def test_a_run_that_begins_while_its_release_is_voided_keeps_it_spent(jobs: InProcess, store: Store) -> None:
    reserve(jobs, "1.0.0")
    act = lambda: crash(jobs, "train-1")  # noqa: E731 - what happens in between
    with pytest.raises(UsageError, match=f"{RELEASE} is held, so it cannot be voided"):
        void(cast("Store", Overtaken(store, RELEASE, act, "void")), RELEASE, AT, "cancelled", LOG)
    assert held(store) == ONE


def test_a_parent_is_charged_with_its_stability_for_each_run(tmp_path: Path) -> None:
    people = terms_of_dataset(20, "people")
    visits = terms_of_dataset(20, parents=(Parent("people", 3),))
    store = ledger(tmp_path / "two.db", people, visits)
    jobs = InProcess(tmp_path, store)
    crash(jobs, "train-1")
    assert (held(store), held(store, "people")) == (ONE, 3 * ONE)
    crash(jobs, "train-2")
    assert (held(store), held(store, "people")) == (2 * ONE, 6 * ONE)
    store.close()


def test_a_closed_dataset_is_not_read_for_what_was_reserved_before(jobs: InProcess, store: Store) -> None:
    reserve(jobs, "1.0.0")
    store.close_dataset(DATASET, AT)
    with pytest.raises(JobRefused, match="is closed in the ledger"):
        jobs.run()


def test_a_leased_ledger_is_spent_by_the_job_that_it_was_lent_for(tmp_path: Path) -> None:
    store = ledger(tmp_path / "child.db", terms_of_dataset(lease="4f5c9c1e/train-1"))
    jobs = InProcess(tmp_path, store)
    with pytest.raises(JobRefused, match="was lent for train-1, and this job is train-2"):
        jobs.run("train-2")
    assert held(store) == 0
    assert jobs.run("train-1").verdict.passed
    store.close()


def test_a_release_that_was_reserved_with_another_claim_is_not_run(jobs: InProcess, store: Store) -> None:
    reserve(jobs, "1.0.0")
    container = Container(jobs.folder / "train-1", "train-1").make(declared=declaration(epsilon="0.5"))
    end = jobs.run("train-1")
    assert not end.verdict.passed
    assert {each.rule.id for each in end.verdict.active} == {"ledger-release-changed"}
    assert held(store) == ONE
    assert not list(container.output.iterdir())


def test_an_opening_balance_or_a_lease_is_not_a_release(jobs: InProcess, store: Store) -> None:
    taken = Movement(EntryKind.LEASE, RELEASE, AT, (Charge(DATASET, NOTHING),), "d")
    store.move(taken)
    assert not jobs.run().verdict.passed
    assert held(store) == 0


def test_a_version_with_build_metadata_is_counted_as_a_release(jobs: InProcess, store: Store) -> None:
    reserve(jobs, "1.0.0")
    reserve(jobs, "1.0.0+cuda")
    crash(jobs, "train-1")
    crash(jobs, "train-2")
    dearer = Container(jobs.folder / "train-3").trainer(epsilon=3)
    jobs.run("train-3", command=tuple(dearer))
    counted = {each.subject for each in releases_among(list(store.reservations()))}
    assert counted == {RELEASE, f"{RELEASE}+cuda"}
