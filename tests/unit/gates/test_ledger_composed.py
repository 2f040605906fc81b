"""What was charged as one composition: each run once, by what it cost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from gatecli.accounting.account import account as recompute
from gatecli.accounting.interface import NoBound, Question
from gatecli.cloud.running import run_job
from gatecli.gates.ledger_actions import void
from gatecli.gates.ledger_composed import composed_in_advance
from gatecli.ledger.interface import Store
from gatecli.model.budget import Bounds
from gatecli.model.ledger import Charge, EntryKind, Movement
from gatecli.model.mechanism import Pure
from tests.support.jobs import DATASET, RELEASE, Container, InProcess, account, ledger, terms_of_dataset
from tests.unit.cloud.test_job_leases import AT, FIRST, LOG, crash, reserve


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = ledger(tmp_path / "ledger.db", terms_of_dataset(30))
    yield made
    made.close()


@pytest.fixture
def jobs(tmp_path: Path, store: Store) -> InProcess:
    return InProcess(tmp_path, store)


def composed_epsilon(store: Store) -> Fraction | None:
    found = composed_in_advance(store, account(store))
    assert isinstance(found, Bounds)
    return found.upper


def cost_of(store: Store, *epsilons: int) -> Fraction | None:
    """What these cost as one computation, by the accountant itself."""
    terms = account(store).terms
    work = tuple(Pure(kind="pure", epsilon=Fraction(each)) for each in epsilons)
    found = recompute(Question(work, terms.budget.delta, terms.neighbouring))
    assert isinstance(found, Bounds)
    return found.upper


def run_dearer(jobs: InProcess, name: str, epsilon: int) -> None:
    request = jobs.request(name)
    command = Container(jobs.folder / name).trainer(epsilon=epsilon)
    assert not run_job(replace(request, command=tuple(command))).verdict.passed


def test_a_run_that_uses_the_charge_of_its_release_adds_nothing(jobs: InProcess, store: Store) -> None:
    crash(jobs, "train-1")
    assert composed_epsilon(store) == cost_of(store, 1)


def test_each_later_run_adds_what_the_release_costs(jobs: InProcess, store: Store) -> None:
    for number in range(3):
        crash(jobs, f"train-{number}")
    assert composed_epsilon(store) == cost_of(store, 1, 1, 1)


def test_a_run_counts_by_its_evidence_alone_where_that_was_dearer(jobs: InProcess, store: Store) -> None:
    run_dearer(jobs, "train-1", 3)
    assert composed_epsilon(store) == cost_of(store, 3)
    run_dearer(jobs, "train-2", 4)
    assert composed_epsilon(store) == cost_of(store, 3, 4)
    crash(jobs, "train-3")
    assert composed_epsilon(store) == cost_of(store, 3, 4, 1)


def test_what_did_not_fit_into_the_budget_is_composed_all_the_same(jobs: InProcess, store: Store) -> None:
    run_dearer(jobs, "train-1", 29)
    run_dearer(jobs, "train-2", 25)
    assert composed_epsilon(store) == cost_of(store, 29, 25)


def test_a_release_of_a_plan_that_cost_more_counts_once(jobs: InProcess, store: Store) -> None:
    reserve(jobs, "1.0.0", "2.0.0", plan="autumn")
    assert composed_epsilon(store) == cost_of(store, 1, 1)
    run_dearer(jobs, "train-1", 3)
    assert composed_epsilon(store) == cost_of(store, 3, 1)


def test_what_was_voided_is_not_composed(jobs: InProcess, store: Store) -> None:
    crash(jobs, "train-1")
    void(store, FIRST, AT, "never began", LOG)
    void(store, RELEASE, AT, "never began", LOG)
    assert isinstance(composed_in_advance(store, account(store)), NoBound)


def test_what_is_lent_to_another_ledger_is_not_left_out(jobs: InProcess, store: Store) -> None:
    crash(jobs, "train-1")
    (charge,) = store.reservation(RELEASE).charges  # type: ignore[union-attr]  # it is there
    lent = Movement(EntryKind.LEASE, "lease/aws", AT, (charge,), "d", {"lease": {}})
    store.move(lent)
    found = composed_in_advance(store, account(store))
    assert isinstance(found, NoBound)
    assert found.reasons == ("a part is lent to another ledger, which knows what was run",)
    back = Charge(DATASET, -charge.amounts)
    store.move(replace(lent, kind=EntryKind.RETURN, charges=(back,)))
    assert composed_epsilon(store) == cost_of(store, 1)


def test_answers_of_an_endpoint_are_composed(jobs: InProcess, store: Store) -> None:
    crash(jobs, "train-1")
    entry = next(each for each in store.entries(DATASET) if each.subject == RELEASE)
    (charge,) = store.reservation(RELEASE).charges  # type: ignore[union-attr]  # it is there
    told = {key: json.loads(entry.content)["details"][key] for key in ("work", "stability")}
    store.move(Movement(EntryKind.LEASE, "serve/answers/1", AT, (charge,), "d", told))
    assert composed_epsilon(store) == cost_of(store, 1, 1)


def test_a_release_that_left_its_plan_and_was_reserved_alone_counts_twice(
    jobs: InProcess, store: Store
) -> None:
    reserve(jobs, "1.0.0", "2.0.0", plan="autumn")
    void(store, RELEASE, AT, "never began", LOG)
    run_dearer(jobs, "train-1", 3)
    assert composed_epsilon(store) == cost_of(store, 1, 1, 3)
