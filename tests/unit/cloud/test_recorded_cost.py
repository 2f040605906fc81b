"""What a run cost beyond what pays for it: charged whatever becomes of its release, and once."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from gatecli.cloud.leases import JobRefused
from gatecli.cloud.running import JobRequest, run_job
from gatecli.errors import UncheckableError, UsageError
from gatecli.gates.ledger_actions import void
from gatecli.gates.ledger_composed import composed_in_advance
from gatecli.ledger.interface import BudgetExceeded, Store
from gatecli.model.budget import Bounds
from gatecli.model.ledger import Parent, ReservationState
from tests.support.jobs import (
    DATASET,
    RELEASE,
    Container,
    InProcess,
    account,
    during,
    ledger,
    left_in,
    shell,
    terms_of_dataset,
)
from tests.unit.cloud.test_job_leases import AT, FIRST, LOG, ONE, crash, held, reserve


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = ledger(tmp_path / "ledger.db")
    yield made
    made.close()


@pytest.fixture
def jobs(tmp_path: Path, store: Store) -> InProcess:
    return InProcess(tmp_path, store)


def dearer(jobs: InProcess, name: str = "train-1", epsilon: object = 3) -> JobRequest:
    request = jobs.request(name)
    return replace(request, command=tuple(Container(jobs.folder / name).trainer(epsilon=epsilon)))


def void_first(store: Store) -> Callable[[], object]:
    return lambda: void(store, FIRST, AT, "cancelled", LOG)


def test_what_cannot_be_charged_is_told_and_the_outputs_are_emptied(jobs: InProcess, store: Store) -> None:
    request = during(dearer(jobs), store, lambda: store.close_dataset(DATASET, AT))
    with pytest.raises(UncheckableError, match=r"could not be charged.*customers was closed"):
        run_job(request)
    assert left_in(request.output) == []
    assert held(store) == ONE


def test_the_outputs_are_emptied_where_others_change_the_ledger_all_the_time(
    jobs: InProcess, store: Store
) -> None:
    class Busy:
        def __getattr__(self, name: str) -> Any:
            return getattr(store, name)

        def move(self, movement: Any, **more: Any) -> Any:
            if "beyond" in movement.details:
                raise BudgetExceeded(DATASET)
            return store.move(movement, **more)

    request = dearer(jobs)
    with pytest.raises(UncheckableError, match="changed at every attempt"):
        run_job(replace(request, store=cast("Store", Busy())))
    assert left_in(request.output) == []


def test_an_interrupted_judgement_is_charged_what_the_evidence_shows(
    jobs: InProcess, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gatecli.cloud.running.write_declaration", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run_job(dearer(jobs))
    assert held(store) == 3 * ONE


@pytest.mark.parametrize(
    "change", ["rm {file}", "echo nothing > {file}", "sed -i s/spent.json/x.json/ {file}"]
)
def test_a_command_that_changes_its_declaration_saves_nothing(
    jobs: InProcess, store: Store, change: str
) -> None:
    request = dearer(jobs)
    change = change.format(file=shlex.quote(str(request.declaration)))
    script = f"{request.command[-1]}\n{change}"
    with pytest.raises((UncheckableError, UsageError)):
        run_job(replace(request, command=tuple(shell(script))))
    assert held(store) == 3 * ONE


def test_a_run_that_was_voided_while_it_ran_is_charged_in_full(jobs: InProcess, store: Store) -> None:
    """What it held may be used by another run, and it has read the data."""
    request = jobs.request()
    with pytest.raises(UsageError, match="was voided while the job ran"):
        run_job(during(request, store, void_first(store)))
    assert held(store) == 2 * ONE
    crash(jobs, "train-2")
    assert held(store) == 2 * ONE


def test_a_run_whose_charge_another_one_took_publishes_nothing(jobs: InProcess, store: Store) -> None:
    request = jobs.request()

    def lose() -> None:
        void(store, FIRST, AT, "cancelled", LOG)
        crash(jobs, "train-2")

    with pytest.raises(UsageError, match="was voided while the job ran"):
        run_job(during(request, store, lose))
    assert left_in(request.output) == []
    assert held(store) == 2 * ONE
    assert store.reservation(RELEASE).state is ReservationState.HELD  # type: ignore[union-attr]


def test_a_later_attempt_of_a_job_is_charged_for_itself(jobs: InProcess, store: Store) -> None:
    crash(jobs, "train-1")
    crash(jobs, "train-2")
    (later,) = [each for each in store.reservations() if each.subject not in {RELEASE, FIRST}]
    void(store, later.subject, AT, "never began", LOG)
    for taken in (4, 7):
        run_job(dearer(jobs, "train-2" if taken == 4 else "train-3"))
        assert held(store) == taken * ONE


def test_a_later_run_of_a_release_of_a_plan_is_charged_beyond_its_own_charge(
    jobs: InProcess, store: Store
) -> None:
    reserve(jobs, "1.0.0", "2.0.0", plan="autumn")
    crash(jobs, "train-1")
    run_job(dearer(jobs, "train-2"))
    assert held(store) == (2 + 3) * ONE


def test_a_run_whose_recorded_cost_was_charged_cannot_be_voided(jobs: InProcess, store: Store) -> None:
    run_job(dearer(jobs))
    with pytest.raises(UsageError, match=r"evidence of churn@1\.0\.0\+run:first was charged"):
        void(store, FIRST, AT, "never began", LOG)
    assert held(store) == 3 * ONE


def zcdp_request(jobs: InProcess, name: str, rho: str) -> JobRequest:
    """Evidence of a cost that adds up better by the Rényi filter than by that of sums."""
    request = jobs.request(name)
    script = Container(jobs.folder / name).trainer()[-1]
    written = script.replace('"PureDPBudget", "epsilon": 1', f'"RhoZCDPBudget", "rho": {rho}')
    return replace(request, command=tuple(shell(written)))


def test_what_one_filter_has_room_for_is_charged_in_full_to_all(jobs: InProcess, store: Store) -> None:
    """Else a void of another release would make room that is not there."""
    run_job(zcdp_request(jobs, "train-1", "0.3"))
    one = held(store)
    for name in ("train-2", "train-3"):
        run_job(zcdp_request(jobs, name, "0.3"))
    assert held(store) == 3 * one > account(store).terms.limits.basic_epsilon


def test_a_run_is_refused_when_the_budget_was_filled(jobs: InProcess, store: Store) -> None:
    run_job(dearer(jobs, epsilon=300))
    with pytest.raises(JobRefused, match="no budget left"):
        jobs.run("train-2")


def test_a_parent_is_charged_with_its_stability_for_what_was_recorded(tmp_path: Path) -> None:
    people = terms_of_dataset(40, "people")
    visits = terms_of_dataset(40, parents=(Parent("people", 3),))
    store = ledger(tmp_path / "two.db", people, visits)
    jobs = InProcess(tmp_path, store)
    run_job(dearer(jobs))
    assert (held(store), held(store, "people")) == (3 * ONE, 9 * ONE)
    run_job(dearer(jobs, "train-2", epsilon=2))
    assert (held(store), held(store, "people")) == (5 * ONE, 15 * ONE)
    for name, epsilons in ((DATASET, (3, 2)), ("people", (9, 6))):
        composed = composed_in_advance(store, account(store, name))
        assert isinstance(composed, Bounds)
        assert composed.upper is not None
        assert composed.upper <= sum(epsilons)
    store.close()
