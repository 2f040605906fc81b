"""A ledger in a file: what only a file can get wrong."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gatecli.errors import GatecliError, UsageError
from gatecli.ledger import file_systems, sqlite, sqlite_schema
from gatecli.ledger.interface import LedgerUnavailable
from gatecli.ledger.opening import create_store, open_store
from gatecli.ledger.sql import versions
from gatecli.ledger.sqlite import SqliteStore
from gatecli.model.ledger import SCHEMA_VERSION
from gatecli.model.portfolio import COLUMNS
from tests.support.ledgers import AT, IDENTITY, evenly, movement, require_sound, terms

ROOT = Path(__file__).resolve().parents[3]
NOBODY = 65534
FILLING = """
import sys
from gatecli.errors import GatecliError
from gatecli.ledger.opening import create_store, open_store
from tests.support.ledgers import AT, IDENTITY, evenly, movement, terms
try:
    store = create_store(sys.argv[1], IDENTITY)
    store.add_dataset(terms(limits=evenly(10**6)), AT)
    for number in range(10**5):
        store.move(movement(subject=f"churn@{number}", amounts=1))
        print("done", flush=True)
except GatecliError as error:
    sys.exit(f"{error.exit_code} {error.message}")
"""


@pytest.fixture(name="file")
def made(tmp_path: Path) -> str:
    file = str(tmp_path / "ledger.db")
    store = create_store(file, IDENTITY)
    store.add_dataset(terms(), AT)
    store.close()
    return file


def asked(file: str, question: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(file)
    try:
        return connection.execute(question).fetchall()
    finally:
        connection.close()


def refusal(file: str, *, read_only: bool = False) -> GatecliError:
    with pytest.raises(LedgerUnavailable) as caught:
        open_store(file, read_only=read_only)
    return caught.value


def test_every_table_is_strict(file: str) -> None:
    tables = asked(
        file, "SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
    )
    assert len(tables) == 9
    assert {name for name, strict in tables if not strict} == {"sqlite_schema"}


def test_a_commit_waits_for_the_disk_and_the_file_is_written_ahead(file: str) -> None:
    store = open_store(file)
    assert isinstance(store, SqliteStore)
    answers = [
        store._connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")
    ]
    assert answers == ["wal", 2]
    store.close()


def test_a_replaced_row_is_refused(file: str) -> None:
    connection = sqlite3.connect(file)
    for table in ("entry", "dataset", "account", "ledger"):
        with pytest.raises(sqlite3.IntegrityError, match="never replaced"):
            connection.execute(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")  # noqa: S608 - our own tables
    connection.close()


def test_a_sum_never_becomes_a_float(file: str) -> None:
    connection = sqlite3.connect(file)
    sums = ", ".join(f"{column} = {column} + {2**63 - 1}" for column in COLUMNS)
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute(f"UPDATE account SET {sums}")  # noqa: S608 - our own columns
    with pytest.raises(sqlite3.IntegrityError, match="REAL"):
        connection.execute("UPDATE account SET basic_epsilon = 0.5")
    connection.close()


def test_what_is_not_a_database_is_not_a_ledger(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    file.write_text("not a database, and longer than the header of one is" * 20)
    assert "is not a ledger" in refusal(str(file)).message
    with pytest.raises(LedgerUnavailable, match="is not a ledger"):
        create_store(str(file), IDENTITY)


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    file = str(tmp_path / "ledger.db")
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE t (x)")
    connection.close()
    before = Path(file).read_bytes()
    assert "is not a ledger" in refusal(file).message
    with pytest.raises(UsageError, match="another database"):
        create_store(file, IDENTITY)
    assert Path(file).read_bytes() == before


def test_a_damaged_file_is_said_to_be_damaged(file: str) -> None:
    content = bytearray(Path(file).read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    Path(file).write_bytes(content)
    assert refusal(file).message.endswith("the file is damaged")


def test_a_ledger_needs_its_folder(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnavailable, match="folder is not there"):
        create_store(str(tmp_path / "none" / "ledger.db"), IDENTITY)


def test_an_empty_file_may_become_a_ledger(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    file.touch()
    assert "is not a ledger" in refusal(str(file)).message
    create_store(str(file), IDENTITY).close()


@pytest.mark.parametrize("read_only", [True, False])
def test_a_ledger_of_a_newer_gatecli_is_refused(file: str, *, read_only: bool) -> None:
    asked(file, f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    error = refusal(file, read_only=read_only)
    assert "this ledger was written by a newer gatecli" in error.message
    assert "newest gatecli" in error.advice


@pytest.fixture
def next_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the next gatecli had one table more."""
    migrations = {**sqlite_schema.MIGRATIONS, 2: ("CREATE TABLE more (x TEXT) STRICT",)}
    monkeypatch.setattr(sqlite, "MIGRATIONS", migrations)
    monkeypatch.setattr(sqlite, "SCHEMA_VERSION", 2)
    monkeypatch.setattr(versions, "SCHEMA_VERSION", 2)


@pytest.mark.usefixtures("next_version")
def test_a_ledger_of_an_older_gatecli_is_migrated_when_it_is_opened_for_writing(tmp_path: Path) -> None:
    file = old_ledger(tmp_path)
    store = open_store(file)
    require_sound(store)
    store.close()
    assert asked(file, "PRAGMA user_version") == [(2,)]
    assert asked(file, "SELECT * FROM more") == []


@pytest.mark.usefixtures("next_version")
def test_a_ledger_of_an_older_gatecli_is_refused_for_reading_with_the_command_that_migrates(
    tmp_path: Path,
) -> None:
    file = old_ledger(tmp_path)
    error = refusal(file, read_only=True)
    assert "older gatecli" in error.message
    assert f"gatecli ledger migrate --ledger {file}" in error.advice
    assert asked(file, "PRAGMA user_version") == [(1,)]


def old_ledger(folder: Path) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite, "SCHEMA_VERSION", 1)
        file = str(folder / "ledger.db")
        store = create_store(file, IDENTITY)
        store.add_dataset(terms(), AT)
        store.close()
    return file


def test_a_network_file_system_is_refused_with_the_reason(
    file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"server:/export {tmp_path} nfs4 rw 0 0\n")
    monkeypatch.setattr(file_systems, "MOUNTS", mounts)
    monkeypatch.setattr("sys.platform", "linux")
    with pytest.raises(LedgerUnavailable, match=r"network file system \(nfs4\).*two machines") as caught:
        create_store(str(tmp_path / "new.db"), IDENTITY)
    assert "PostgreSQL" in caught.value.advice
    assert "network file system" in refusal(file).message
    assert not (tmp_path / "new.db").exists()


def test_an_old_sqlite_is_refused(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sqlite3.sqlite_version_info", (3, 36, 0))
    assert "too old" in refusal(file).message


@contextmanager
def not_root() -> Iterator[None]:
    """As a user for whom permissions hold."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@contextmanager
def foreign_ledger(*, writable_folder: bool) -> Iterator[str]:
    """A ledger whose file nobody may write."""
    folder = Path("/tmp") / f"ledger-{os.getpid()}"  # noqa: S108 - of this process, where everybody may look
    folder.mkdir()
    file = str(folder / "ledger.db")
    try:
        create_store(file, IDENTITY).close()
        Path(file).chmod(0o444)
        folder.chmod(0o777 if writable_folder else 0o555)
        with not_root():
            yield file
    finally:
        folder.chmod(0o700)
        shutil.rmtree(folder)


@pytest.mark.parametrize("writable_folder", [True, False])
def test_a_file_that_cannot_be_written_is_refused_for_writing(*, writable_folder: bool) -> None:
    with foreign_ledger(writable_folder=writable_folder) as file:
        error = refusal(file)
        assert error.exit_code == 4
        assert "the file cannot be written" in error.message


def test_a_file_that_cannot_be_written_can_be_read() -> None:
    with foreign_ledger(writable_folder=True) as file:
        store = open_store(file, read_only=True)
        assert store.identity == IDENTITY
        store.close()


def test_reading_beside_others_needs_a_folder_that_may_be_written() -> None:
    """For the file of locks; without one a reader would see half of what another one writes."""
    with foreign_ledger(writable_folder=False) as file:
        assert "its folder" in refusal(file, read_only=True).advice


READING = """
import sys
from gatecli.ledger.opening import open_store
print([account.entries for account in open_store(sys.argv[1], read_only=True).accounts()])
"""


def test_a_ledger_on_a_disk_that_is_read_only_can_be_read(file: str) -> None:
    script = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" || exit 77; "$2" -c "$3" "$4"'
    require_namespace()
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script, "read", str(Path(file).parent), sys.executable, READING, file],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("[1]\n", "")


def test_no_ledger_is_made_where_nobody_may_write() -> None:
    with foreign_ledger(writable_folder=False) as file, pytest.raises(LedgerUnavailable) as caught:
        create_store(f"{file}2", IDENTITY)
    assert "cannot be" in caught.value.message


def require_namespace() -> None:
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-rm", "true"], check=False).returncode:
        pytest.skip("no namespace with mounts of its own can be made here")


def filled(command: list[str], **more: object) -> tuple[int, str]:
    """How many movements were acknowledged until nothing more fitted, and what was said then."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, **more)  # type: ignore[call-overload]  # keywords of any kind
    return done.stdout.count("done"), done.stderr


def require_kept(file: str, acknowledged: int) -> None:
    store = open_store(file)
    require_sound(store)
    account = store.account("people")
    assert account is not None
    assert account.held == evenly(acknowledged)
    store.close()


def test_a_file_that_may_not_grow_keeps_what_was_acknowledged(tmp_path: Path) -> None:
    file = str(tmp_path / "ledger.db")

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

    acknowledged, said = filled([sys.executable, "-c", FILLING, file], preexec_fn=limit)
    assert acknowledged
    assert said.startswith("4 the ledger")
    assert "the disk cannot be read or written" in said
    require_kept(file, acknowledged)


def test_a_full_disk_keeps_what_was_acknowledged(tmp_path: Path) -> None:
    disk, copy = tmp_path / "disk", tmp_path / "copy"
    disk.mkdir()
    script = (
        'mount -t tmpfs -o size=600k tmpfs "$1" || exit 77; "$2" -c "$3" "$1/ledger.db"; code=$?; '
        'cp -r "$1" "$4"; exit $code'
    )
    words = ["sh", "-c", script, "full", str(disk), sys.executable, FILLING, str(copy)]
    require_namespace()
    acknowledged, said = filled(["unshare", "-rm", *words])
    assert "the disk is full" in said
    assert said.startswith("4 the ledger")
    require_kept(str(copy / "ledger.db"), acknowledged)


def test_others_that_write_all_the_time_are_waited_for_and_then_named(
    file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.01)
    other = sqlite3.connect(file, isolation_level=None)
    store = open_store(file)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LedgerUnavailable, match="others were writing"):
        store.move(movement())
    other.execute("ROLLBACK")
    store.move(movement())
    store.close()
    other.close()
