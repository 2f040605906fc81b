"""Jobs that start, crash, finish, race, are voided and started again: what is held is what they cost.

A few lines of Python say what each step leads to. In between no job of the ledger reads more than is paid.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from gatecli.checks.release.recomputation import Costs
from gatecli.cloud.jobs import Job
from gatecli.cloud.leases import JobLease, JobRefused, commit_run, take_run
from gatecli.errors import UsageError
from gatecli.gates.judgement import JudgementTerms
from gatecli.gates.ledger_actions import Published, void
from gatecli.gates.release import ReleaseRequest, judge_releases
from gatecli.gates.release_identity import claim_digest
from gatecli.gates.reserving import LedgerUse
from gatecli.ledger.interface import Store
from gatecli.ledger.opening import open_store
from gatecli.model.ledger import ReservationState
from gatecli.model.release import ReleaseSubject
from gatecli.sources.policy import default_policy
from tests.support.examples import share
from tests.support.jobs import DATASET, RELEASE, account, declaration, ledger, terms_of_dataset
from tests.support.ledgers import require_sound
from tests.support.releases import subject_of

AT = "2026-12-01T12:00:00Z"
LOG = ["0" * 64]
ONE = 10**12
BUDGET = 4
"""Runs that the dataset pays for."""
JOBS = [Job("flower", f"run-{number}", f"run-{number}") for number in range(6)]


def lenient_terms() -> JudgementTerms:
    """As before a run: nothing is recorded yet."""
    policy = default_policy()
    rules = policy.spec.release.model_copy(update={"require_evidence": False})
    spec = policy.spec.model_copy(update={"release": rules})
    return JudgementTerms(policy.model_copy(update={"spec": spec}), (), date(2026, 12, 1))


TERMS = lenient_terms()
SUBJECT: ReleaseSubject = subject_of(declaration())


@dataclass
class Model:
    """What is paid, and by which runs it is used."""

    paid: int = 0
    runs: dict[str, str] = field(default_factory=dict)
    """The jobs that hold a run, and whether it uses the charge of its release or one of its own."""
    read: set[str] = field(default_factory=set)
    """The jobs that have read the data."""
    release: str = ""


class Jobs(RuleBasedStateMachine):
    """Jobs of one version on one ledger, of which each movement may be the last one of a process."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="jobs-"))
        self.store: Store = ledger(self.folder / "ledger.db", terms_of_dataset(BUDGET))
        self.model = Model()
        self.leases: dict[str, JobLease] = {}

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)

    @property
    def at_work(self) -> Any:
        return sorted(self.leases)

    def judge(self, store: Store) -> Costs | None:
        """As a job does first: the release is reserved where it is not."""
        judged = judge_releases(ReleaseRequest(TERMS, [SUBJECT], ledger=LedgerUse(store, AT, reserves=True)))
        return judged.costs[0] if judged.verdict.passed else None

    @rule(job=st.sampled_from(JOBS))
    def start(self, job: Job) -> None:
        """Take the budget of a run, then read."""
        model, may_reserve = self.model, self.model.release != "held" and self.model.paid < BUDGET
        if model.release == "committed":
            return
        costs = self.judge(self.store)
        assert (costs is not None) is (model.release == "held" or may_reserve)
        if costs is None:
            return
        if model.release != "held":
            model.release, model.paid = "held", model.paid + 1
        use_first = "first" not in model.runs.values()
        expected = job.name not in model.runs and (use_first or model.paid < BUDGET)
        lease = self.take(job, costs)
        assert (lease is not None) is expected
        if lease is not None:
            model.runs[job.name] = "first" if use_first else "own"
            model.paid += not use_first
            model.read.add(job.name)
            self.leases[job.name] = lease

    def take(self, job: Job, costs: Costs) -> JobLease | None:
        try:
            return take_run(
                SUBJECT, costs, [account(self.store)], job, LedgerUse(self.store, AT), "2026-12-31"
            )
        except JobRefused:
            return None

    @precondition(lambda self: self.leases)
    @rule(data=st.data())
    def crash(self, data: st.DataObject) -> None:
        """Nothing is given back."""
        del self.leases[data.draw(st.sampled_from(self.at_work))]

    @precondition(lambda self: self.leases)
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(self.at_work))
        lease, model = self.leases.pop(name), self.model
        digest = claim_digest(SUBJECT, [account(self.store)])
        published = Published(f"{digest[:-1]}{name[-1]}", {"artifacts": []})
        is_paid = name in model.runs and model.release == "held"
        done = True
        try:
            commit_run(self.store, lease, AT, published, LOG)
        except UsageError:
            done = False
        assert done is is_paid
        if done:
            model.release = "committed"

    @precondition(lambda self: self.model.runs)
    @rule(data=st.data())
    def void_run(self, data: st.DataObject) -> None:
        """A person says that a job never read the data; that is believed while it is not spent."""
        name = data.draw(st.sampled_from(sorted(self.model.runs)))
        if self.model.release == "committed" or name in self.leases:
            return
        subject = self.subject_of_run(name)
        void(self.store, subject, AT, "never began", LOG)
        kind = self.model.runs.pop(name)
        self.model.read.discard(name)
        self.model.paid -= kind == "own"

    def subject_of_run(self, name: str) -> str:
        job = next(each for each in JOBS if each.name == name)
        for each in self.store.reservations(ReservationState.HELD):
            entries = [entry for entry in self.store.entries(DATASET) if entry.subject == each.subject]
            if each.subject != RELEASE and f'"resource":"{job.resource}"' in entries[-1].content:
                return each.subject
        raise AssertionError(name)

    @precondition(lambda self: self.model.release == "held")
    @rule()
    def void_release(self) -> None:
        """Possible while no run stands."""
        done = True
        try:
            void(self.store, RELEASE, AT, "cancelled", LOG)
        except UsageError:
            done = False
        assert done is (not self.model.runs)
        if done:
            self.model.release, self.model.paid = "void", self.model.paid - 1

    @rule()
    def reserve(self) -> None:
        """As `gatecli release check --reserve` does without a job."""
        if self.model.release in {"held", "committed"}:
            return
        if self.judge(self.store) is not None:
            self.model.release, self.model.paid = "held", self.model.paid + 1

    @rule()
    def open_again(self) -> None:
        """Another process goes on."""
        self.store.close()
        self.store = open_store(str(self.folder / "ledger.db"), replay=True)

    @invariant()
    def what_is_held_is_what_was_admitted(self) -> None:
        assert account(self.store).held.basic_epsilon == self.model.paid * ONE
        assert self.model.paid <= BUDGET
        require_sound(self.store)

    @invariant()
    def what_ran_is_paid(self) -> None:
        """No two runs that have read the data use one charge."""
        assert len(self.model.read) <= self.model.paid
        assert sum(kind == "first" for kind in self.model.runs.values()) <= 1


def test_what_jobs_hold_is_what_they_cost_in_whatever_order() -> None:
    run_state_machine_as_test(
        Jobs, settings=settings(max_examples=share(120), stateful_step_count=30, deadline=None)
    )


def test_no_order_of_two_jobs_and_a_void_uses_a_charge_twice(tmp_path: Path) -> None:
    """Each interleaving of a void of the release with the movements of a job, exhaustively."""
    for moment in range(4):
        folder = tmp_path / str(moment)
        folder.mkdir()
        store = ledger(folder / "ledger.db", terms_of_dataset(BUDGET))
        judged = judge_releases(ReleaseRequest(TERMS, [SUBJECT], ledger=LedgerUse(store, AT, reserves=True)))
        asked = 0

        class Between:
            def __getattr__(self, name: str) -> Any:
                return getattr(store, name)  # noqa: B023 - used within this turn

            def move(self, movement: Any, **more: Any) -> Any:
                nonlocal asked
                if asked == moment:  # noqa: B023 - used within this turn
                    try_void(store)  # noqa: B023 - used within this turn
                asked += 1
                return store.move(movement, **more)  # noqa: B023 - used within this turn

        lease = None
        use = replace(LedgerUse(store, AT), store=Between())
        with suppress(JobRefused):
            lease = take_run(SUBJECT, judged.costs[0], [account(store)], JOBS[0], use, "2026-12-31")
        try_void(store)
        assert (lease is not None) is (account(store).held.basic_epsilon == ONE)
        require_sound(store)
        store.close()


def try_void(store: Store) -> bool:
    try:
        void(store, RELEASE, AT, "cancelled", LOG)
    except UsageError:
        return False
    return True
