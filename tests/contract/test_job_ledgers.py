"""Jobs on a real server: clocks apart, connections that drop, many processes of one version, kills."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from gatecli.cloud.leases import JobLease, JobRefused, take_run
from gatecli.cloud.running import run_job
from gatecli.errors import GatecliError, UsageError
from gatecli.gates.ledger_actions import void
from gatecli.gates.release import ReleaseRequest, judge_releases
from gatecli.gates.reserving import LedgerUse
from gatecli.ledger.interface import LedgerUnavailable, Store
from gatecli.ledger.opening import create_store, open_store
from gatecli.model.ledger import ReservationState
from tests.property.test_job_leases import JOBS, SUBJECT, TERMS
from tests.support.examples import share
from tests.support.jobs import (
    RELEASE,
    Container,
    InProcess,
    Word,
    account,
    left_in,
    shell,
    terms_of_dataset,
)
from tests.support.ledgers import AT, IDENTITY, postgres_place, require_sound
from tests.support.postgres import cluster, connected

ROOT = Path(__file__).resolve().parents[2]
NUMBERS = count()
ONE = 10**12
LOG = ["0" * 64]


@pytest.fixture(name="server", scope="module")
def running() -> Iterator[str]:
    with cluster() as url:
        yield url


def new_ledger(server: str, epsilon: int) -> str:
    """The URL of a new ledger, which holds clients to its clock."""
    url = postgres_place(server, f"jobs_{next(NUMBERS)}").url
    store = create_store(url, IDENTITY)
    store.add_dataset(terms_of_dataset(epsilon), datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    store.close()
    return url


@pytest.fixture(name="url")
def ledger_url(server: str) -> str:
    return new_ledger(server, 8)


@pytest.fixture(name="store")
def open_ledger(url: str) -> Iterator[Store]:
    store = open_store(url)
    yield store
    store.close()


def held(store: Store) -> float:
    return account(store).held.basic_epsilon / ONE


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_job_whose_clock_is_apart_gets_no_budget(tmp_path: Path, store: Store, hours: int) -> None:
    jobs = InProcess(tmp_path, store, now=datetime.now(UTC) + timedelta(hours=hours))
    request = jobs.request()
    with pytest.raises(LedgerUnavailable, match="the clocks are more than 5 minutes apart") as refused:
        run_job(request)
    assert refused.value.exit_code == 4
    assert left_in(request.output) == []
    assert held(store) == 0
    assert not list(store.reservations())


def test_a_clock_that_jumps_while_a_job_runs_publishes_nothing_and_keeps_the_spend(
    tmp_path: Path, store: Store
) -> None:
    jobs = InProcess(tmp_path, store)
    request = jobs.request()

    def clock() -> datetime:
        return datetime.now(UTC) + timedelta(hours=bool(left_in(request.output)))

    with pytest.raises(LedgerUnavailable, match="minutes apart"):
        run_job(replace(request, clock=clock))
    assert left_in(request.output) == []
    assert held(store) == 1
    assert {each.state for each in store.reservations()} == {ReservationState.HELD}


def test_a_connection_that_drops_while_the_command_runs_is_made_again(
    tmp_path: Path, store: Store, url: str
) -> None:
    """A job of hours outlives most connections: proxies cut them, servers restart."""
    request = InProcess(tmp_path, store, now=datetime.now(UTC)).request()
    ready, done = Word(tmp_path / "ready"), tmp_path / "done"
    os.mkfifo(done)
    while_it_runs = f"echo > {ready.path}; read _ < {done}\n{request.command[-1]}"

    def cut() -> None:
        ready.wait()
        with connected(url) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        done.write_text("\n")

    cutting = threading.Thread(target=cut)
    cutting.start()
    assert run_job(replace(request, command=tuple(shell(while_it_runs)))).verdict.passed
    cutting.join()
    assert held(store) == 1


def in_processes(work: Callable[[int], None], number: int) -> list[int]:
    """The exit codes of so many processes that work at once; they begin together."""
    waiting, begin = os.pipe()
    processes = []
    for each in range(number):
        process = os.fork()
        if process == 0:
            code = 1
            try:
                os.close(begin)
                os.read(waiting, 1)
                work(each)
                code = 0
            finally:
                os._exit(code)
        processes.append(process)
    os.close(waiting)
    os.close(begin)
    return [os.waitstatus_to_exitcode(os.waitpid(each, 0)[1]) for each in processes]


@pytest.mark.parametrize("pays_for", [1, 3])
def test_of_many_processes_of_one_version_as_many_run_as_the_budget_pays_for(
    tmp_path: Path, server: str, pays_for: int
) -> None:
    url = new_ledger(server, pays_for)
    jobs = 8

    def work(number: int) -> None:
        store = open_store(url)
        mine = InProcess(tmp_path, store, now=datetime.now(UTC))
        reads = shell(f"touch {tmp_path}/ran-{number}; exit 1")
        with suppress(GatecliError):
            run_job(mine.request(f"train-{number}", command=tuple(reads)))
        store.close()

    assert in_processes(work, jobs) == [0] * jobs
    store = open_store(url)
    assert len(list(tmp_path.glob("ran-*"))) == pays_for
    assert held(store) == pays_for
    require_sound(store)
    store.close()


def test_of_many_jobs_that_finish_at_once_one_publishes(tmp_path: Path, server: str) -> None:
    url = new_ledger(server, 8)
    jobs = 6

    def work(number: int) -> None:
        store = open_store(url)
        mine = InProcess(tmp_path, store, now=datetime.now(UTC))
        request = mine.request(f"train-{number}")
        different = f"echo {number} > {request.output}/own.bin\n{request.command[-1]}"
        with suppress(GatecliError):
            run_job(replace(request, command=tuple(shell(different))))
        store.close()

    assert in_processes(work, jobs) == [0] * jobs
    published = [each for each in range(jobs) if left_in(Container(tmp_path / f"train-{each}").output)]
    store = open_store(url)
    known = store.reservation(RELEASE)
    assert known is not None
    assert known.state is ReservationState.COMMITTED
    assert len(published) == 1
    require_sound(store)
    store.close()


def test_a_void_and_a_run_at_once_never_leave_a_run_unpaid(server: str) -> None:
    """Each holds the row of the release in turn: the run is paid, or it is refused."""
    for _ in range(share(40)):
        url = new_ledger(server, 8)
        stores = [open_store(url, replay=True) for _ in range(2)]
        request = ReleaseRequest(TERMS, [SUBJECT], ledger=LedgerUse(stores[0], AT, reserves=True))
        costs = judge_releases(request).costs[0]
        accounts, begin, lease = [account(stores[0])], threading.Barrier(2), list[JobLease]()

        def run() -> None:
            begin.wait()  # noqa: B023 - used within this turn
            with suppress(JobRefused):
                use = LedgerUse(stores[0], AT)  # noqa: B023 - used within this turn
                lease.append(take_run(SUBJECT, costs, accounts, JOBS[0], use, "2026-12-31"))  # noqa: B023 - used within this turn

        def take_back() -> None:
            begin.wait()  # noqa: B023 - used within this turn
            with suppress(UsageError):
                void(stores[1], RELEASE, AT, "cancelled", LOG)  # noqa: B023 - used within this turn

        threads = [threading.Thread(target=each) for each in (run, take_back)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        known = stores[0].reservation(RELEASE)
        assert known is not None
        is_paid = known.state is ReservationState.HELD
        assert is_paid or not lease
        assert held(stores[0]) == is_paid
        for store in stores:
            store.close()


def test_jobs_that_are_killed_at_any_moment_have_paid_and_publish_nothing_uncommitted(
    tmp_path: Path,
) -> None:
    command = [sys.executable, "-m", "tests.support.job_kills", str(tmp_path), str(share(250)), "24"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    assert "committed" in done.stdout
    assert "held" in done.stdout
