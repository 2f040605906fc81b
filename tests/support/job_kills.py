"""Jobs that are killed at any moment, and what must stand in the ledger and in their folders afterwards.

python -m tests.support.job_kills FOLDER KILLS SEED

Each job makes a version of its own, in a process that is killed after a random part of the time that a whole
job takes. What read the data is paid, and what is declared in an output is committed.
"""

from __future__ import annotations

import os
import random
import select
import signal
import sys
import time
from pathlib import Path

from gatecli.cloud.running import run_job
from gatecli.ledger.interface import Store
from gatecli.ledger.opening import open_store
from gatecli.model.ledger import ReservationState
from tests.support.jobs import Container, InProcess, account, declaration, ledger, shell, terms_of_dataset
from tests.support.ledgers import require_sound

ONE = 10**12


def run_one(folder: Path, number: int) -> None:
    """One job from its start; its command says in a file that it reads."""
    store = open_store(str(folder / "ledger.db"), replay=True)
    jobs = InProcess(folder, store)
    name = f"train-{number}"
    container = Container(folder / name, name).make(declared=declaration(version=str(number)))
    reading = f"touch {folder}/read-{number}\n"
    run_job(jobs.request(name, command=tuple(shell(reading + container.trainer()[-1]))))
    store.close()


def start(folder: Path, number: int) -> int:
    process = os.fork()
    if process:
        return process
    code = 1
    try:
        run_one(folder, number)
        code = 0
    finally:
        os._exit(code)


def ended(process: int, seconds: float) -> bool:
    """Whether a process ended by itself within so long; it is killed where not."""
    descriptor = os.pidfd_open(process)
    ready, _, _ = select.select([descriptor], [], [], seconds)
    os.close(descriptor)
    if not ready:
        os.kill(process, signal.SIGKILL)
    _, status = os.waitpid(process, 0)
    return os.waitstatus_to_exitcode(status) == 0


def require_paid(store: Store, folder: Path, number: int) -> str:
    """What became of a job: how far it came, once it is shown that this was paid and bound."""
    release = f"churn@{number}"
    found, run = store.reservation(release), store.reservation(f"{release}+run:first")
    output = Container(folder / f"train-{number}").output
    if (folder / f"read-{number}").exists():
        assert run is not None, release
        assert found is not None, release
        assert found.charges[0].amounts.basic_epsilon == ONE
        assert found.state in {ReservationState.HELD, ReservationState.COMMITTED}
    if (output / "privacy.json").exists():
        assert found is not None, release
        assert found.state is ReservationState.COMMITTED, release
    if found is None:
        return "not begun"
    return found.state.value if run is not None else "reserved"


def kill_jobs(folder: Path, kills: int, seed: int) -> dict[str, int]:
    """Kill so many jobs; how many came how far."""
    chance = random.Random(seed)  # noqa: S311 - moments to kill at
    ledger(folder / "ledger.db", terms_of_dataset(10 * kills + 100)).close()
    run_one(folder, 0)  # what it imports, its forks need not
    began = time.monotonic()
    assert ended(start(folder, 1), 120)
    whole, killed, number = time.monotonic() - began, 0, 1
    while killed < kills:
        number += 1
        before = time.monotonic()
        by_itself = ended(start(folder, number), chance.uniform(0, 1.2 * whole))
        killed += not by_itself
        whole = time.monotonic() - before if by_itself else whole
    store = open_store(str(folder / "ledger.db"), replay=True)
    ends: dict[str, int] = {}
    for each in range(number + 1):
        end = require_paid(store, folder, each)
        ends[end] = ends.get(end, 0) + 1
    reserved = sum(each.charges[0].amounts.basic_epsilon == ONE for each in store.reservations())
    assert account(store).held.basic_epsilon == reserved * ONE
    require_sound(store)
    store.close()
    return ends


if __name__ == "__main__":
    sys.stdout.write(f"{kill_jobs(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))}\n")
