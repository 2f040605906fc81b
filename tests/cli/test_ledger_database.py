"""`gatecli ledger migrate` and `gatecli ledger grants` as whole processes."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from gatecli.ledger import sqlite
from gatecli.ledger.opening import create_store
from gatecli.model.ledger import SCHEMA_VERSION
from tests.cli.conftest import Run
from tests.support.ledgers import AT, IDENTITY, terms


@pytest.fixture
def old_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As the first version of its tables had it."""
    with monkeypatch.context() as patch:
        patch.setattr(sqlite, "SCHEMA_VERSION", 1)
        store = create_store(str(tmp_path / "ledger.db"), IDENTITY)
        store.add_dataset(terms(), AT)
        store.close()
    return tmp_path / "ledger.db"


@pytest.mark.usefixtures("old_ledger")
def test_an_older_ledger_is_shown_after_the_command_that_the_refusal_names(run: Run) -> None:
    refused = run("ledger", "show")
    assert refused.returncode == 4
    assert "written by an older gatecli" in refused.stderr
    assert "gatecli ledger migrate --ledger ledger.db" in refused.stderr
    done = run("ledger", "migrate", "--ledger", "ledger.db")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"the tables of ledger.db are of version {SCHEMA_VERSION}\n"
    assert run("ledger", "show").returncode == 0


def test_a_ledger_of_a_newer_gatecli_is_refused_by_every_command(run: Run, old_ledger: Path) -> None:
    connection = sqlite3.connect(old_ledger)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    for command in ("show", "verify", "migrate"):
        done = run("ledger", command)
        assert done.returncode == 4, command
        assert "this ledger was written by a newer gatecli" in done.stderr


def test_a_writer_is_granted_more_than_a_reader_and_no_change_of_entries(run: Run) -> None:
    writer, reader = run("ledger", "grants", "w", "--writer").stdout, run("ledger", "grants", "r").stdout
    assert 'GRANT SELECT ON ALL TABLES IN SCHEMA gatecli TO "r";\n' in reader
    assert "INSERT" not in reader
    updates = [line for line in writer.splitlines() if "UPDATE" in line or "DELETE" in line]
    assert updates
    assert not any("entry" in line or ".log" in line for line in updates)
