"""Both stores of a ledger survive what falls over: clients, the server, the power."""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from gatecli.ledger.interface import LedgerUnavailable
from gatecli.ledger.opening import create_store, open_store
from tests.support.examples import share
from tests.support.ledger_kills import require_acknowledged, require_sums
from tests.support.ledgers import IDENTITY, require_sound
from tests.support.postgres import cluster
from tests.support.power_cuts import Disk, cuts, may_trace, record

ROOT = Path(__file__).resolve().parents[2]
MOVEMENTS = 200


def campaign(*arguments: str) -> str:
    """Kills, in a process without threads, which may fork."""
    command = [sys.executable, "-m", "tests.support.ledger_kills", *arguments]
    return subprocess.run(command, check=True, cwd=ROOT, capture_output=True, text=True).stdout


def test_no_file_loses_or_doubles_what_killed_clients_wrote(tmp_path: Path) -> None:
    kills = share(600)
    said = campaign("clients", str(tmp_path / "ledger.db"), str(kills), "18")
    assert said.startswith(f"{kills} kills, ")


def test_no_server_loses_or_doubles_what_killed_clients_wrote() -> None:
    kills = share(600)
    with cluster() as url:
        said = campaign("clients", url, str(kills), "18")
    assert said.startswith(f"{kills} kills, ")


def test_a_server_that_falls_over_loses_and_doubles_nothing() -> None:
    with cluster():
        """Skipped where no server is installed."""
    kills = share(50)
    assert campaign("servers", str(kills), "18").startswith(f"{kills} kills, ")


def judge(disk: Disk, chance: random.Random) -> None:
    """After the power failed, a ledger is what was acknowledged, and perhaps the movement under way."""
    with tempfile.TemporaryDirectory() as folder:
        disk.cut(chance, Path(folder))
        file = str(Path(folder) / "ledger.db")
        if not disk.said:
            begin_again(file)
            return
        store = open_store(file)
        try:
            require_sound(store)
            require_acknowledged(store, "writer", len(disk.said) - 1)
            require_sums(store, [len(disk.said) - 1])
        finally:
            store.close()


def begin_again(file: str) -> None:
    """A ledger that nobody was told of is there as a whole, or may be made anew."""
    try:
        store = open_store(file)
    except LedgerUnavailable:
        store = create_store(file, IDENTITY)
    require_sound(store)
    store.close()


def traced(folder: Path, *pragmas: str) -> Path:
    if not may_trace():
        pytest.skip("strace is not installed, or may not watch a process")
    (folder / "there").mkdir()
    log = folder / "log"
    file = str(folder / "there" / "ledger.db")
    record(["-m", "tests.support.ledger_writing", file, str(MOVEMENTS), *pragmas], log)
    return log


def test_a_power_cut_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    cuts(traced(tmp_path), tmp_path / "there", share(600), 18, judge)


def test_a_power_cut_is_seen_where_commits_do_not_wait_for_the_disk(tmp_path: Path) -> None:
    """The simulation can fail: it does for the settings that this store does not use."""
    log = traced(tmp_path, "synchronous = NORMAL")
    with pytest.raises((AssertionError, LedgerUnavailable)):
        cuts(log, tmp_path / "there", 100, 18, judge)
