"""Two processes that ask of one ledger, and one that is killed in the middle: nothing is overspent."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from gatecli.data import open_table
from gatecli.data.refusals import BudgetUsedUpError
from gatecli.ledger.opening import open_store
from gatecli.model.ledger import Account, ReservationState
from tests.cli.conftest import Run
from tests.support.private_tables import frame

ASK = """
import os, signal, sys
from gatecli.data import open_table
from gatecli.data.refusals import BudgetUsedUpError

table = open_table("t.parquet", dataset="people", ledger="ledger.db")
if sys.argv[1] == "killed":
    table._respondent._purse.settle = lambda subject: os.kill(os.getpid(), signal.SIGKILL)
print("ready", flush=True)
sys.stdin.readline()
answered = 0
try:
    while True:
        table.count(epsilon="0.25")
        answered += 1
except BudgetUsedUpError:
    print(answered)
"""


@pytest.fixture
def folder(run: Run, tmp_path: Path) -> Path:
    budget = ("--unit", "row", "--epsilon", "2", "--delta", "1e-6", "--records", "6")
    assert run("ledger", "init").returncode == 0
    assert run("ledger", "dataset", "add", "people", *budget).returncode == 0
    pq.write_table(frame(), tmp_path / "t.parquet")
    return tmp_path


def start(folder: Path, how: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", ASK, how],
        cwd=folder,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


def account(folder: Path) -> Account:
    store = open_store(str(folder / "ledger.db"), read_only=True)
    try:
        found = store.account("people")
        assert found is not None
        return found
    finally:
        store.close()


def test_two_processes_that_ask_at_once_share_one_budget(folder: Path) -> None:
    both = [start(folder, "asks") for _ in range(2)]
    for each in both:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for each in both:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    said = [each.communicate()[0] for each in both]
    assert [each.returncode for each in both] == [0, 0]
    assert sum(map(int, said)) == 8
    assert account(folder).held.basic_epsilon == 2 * 10**12


def test_what_was_reserved_by_a_process_that_was_killed_stays_spent(folder: Path) -> None:
    killed = start(folder, "killed")
    killed.communicate("go\n")
    assert killed.returncode == -signal.SIGKILL
    assert account(folder).held.basic_epsilon == 10**12 // 4
    store = open_store(str(folder / "ledger.db"), read_only=True)
    assert [each.state for each in store.reservations(None, "people")] == [ReservationState.HELD]
    store.close()
    with open_table(frame(), dataset="people", ledger=folder / "ledger.db") as table:
        with pytest.raises(BudgetUsedUpError):
            table.count(epsilon=2)
        table.count(epsilon="1.75")
        with pytest.raises(BudgetUsedUpError):
            table.count(epsilon="0.001")
    assert account(folder).held.basic_epsilon <= 2 * 10**12
