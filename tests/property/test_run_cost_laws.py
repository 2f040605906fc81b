"""Whatever runs of a release cost, and whichever are voided: each is held, and composed, once."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from gatecli.accounting.account import account as recompute
from gatecli.accounting.interface import Question
from gatecli.cloud.jobs import Job
from gatecli.cloud.leases import take_run
from gatecli.cloud.recorded_cost import charge_recorded
from gatecli.gates.ledger_actions import void
from gatecli.gates.ledger_composed import composed_in_advance
from gatecli.gates.release import ReleaseRequest, judge_releases
from gatecli.gates.reserving import LedgerUse
from gatecli.ledger.interface import Store
from gatecli.model.budget import Bounds
from gatecli.model.mechanism import Pure
from tests.property.test_job_leases import AT, LOG, ONE, SUBJECT, TERMS
from tests.support.examples import share
from tests.support.jobs import account, ledger, terms_of_dataset
from tests.support.ledgers import require_sound
from tests.support.releases import evidence, pure


@dataclass(frozen=True)
class Run:
    """What a run recorded, or None where it crashed before, and when somebody voided it."""

    recorded: int | None
    voided: str

    @property
    def cost(self) -> int:
        """The dearer of what was declared, 1, and recorded."""
        return max(1, self.recorded or 0)


RUNS = st.lists(
    st.builds(Run, st.one_of(st.none(), st.integers(1, 4)), st.sampled_from(["", "", "before", "during"])),
    min_size=1,
    max_size=5,
)


def costs_of(runs: list[Run]) -> list[int]:
    """What was read, by what it cost: the first run uses the charge of the release, which is 1."""
    release, others = 0, list[int]()
    for run in runs:
        if run.voided == "before":
            continue
        if run.voided == "during" or release:
            others.append(run.cost)
        else:
            release = run.cost
    return [max(1, release), *others]


def play(store: Store, runs: list[Run]) -> None:
    use = LedgerUse(store, AT, reserves=True)
    for number, run in enumerate(runs):
        (costs,) = judge_releases(ReleaseRequest(TERMS, [SUBJECT], ledger=use)).costs
        job = Job("flower", f"run-{number}", f"run-{number}")
        lease = take_run(SUBJECT, costs, [account(store)], job, use, "2026-12-31")
        if run.voided:
            void(store, lease.run, AT, "cancelled", LOG)
        if run.voided != "before":
            found = () if run.recorded is None else (evidence(pure(str(run.recorded))),)
            for _ in range(2):  # a second time nothing is left to charge
                charge_recorded(replace(SUBJECT, evidence=found), lease, TERMS, use)


@settings(max_examples=share(60), deadline=None)
@given(RUNS)
def test_what_is_held_and_composed_is_what_each_run_cost(runs: list[Run]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = ledger(Path(folder) / "ledger.db", terms_of_dataset(100))
        play(store, runs)
        costs = costs_of(runs)
        assert account(store).held.basic_epsilon == sum(costs) * ONE
        require_sound(store)
        terms = account(store).terms
        work = tuple(Pure(kind="pure", epsilon=Fraction(each)) for each in costs)
        composed = composed_in_advance(store, account(store))
        expected = recompute(Question(work, terms.budget.delta, terms.neighbouring))
        store.close()
    assert isinstance(composed, Bounds)
    assert isinstance(expected, Bounds)
    assert composed.upper is not None
    assert expected.upper is not None
    assert abs(composed.upper - expected.upper) <= expected.upper / 10**6
