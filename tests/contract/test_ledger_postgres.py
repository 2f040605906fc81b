"""A ledger on a server: what only a server can get wrong, and who may do what there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from threading import Barrier, Thread

import psycopg
import pytest

from gatecli.errors import GatecliError, UsageError
from gatecli.ledger import postgres, postgres_schema
from gatecli.ledger.interface import LedgerUnavailable, Outcome, Store
from gatecli.ledger.opening import create_store, open_store
from gatecli.ledger.postgres import PostgresStore
from gatecli.ledger.postgres_connection import connect, parse, unavailable
from gatecli.ledger.postgres_schema import grants
from gatecli.ledger.sql import versions
from gatecli.model.ledger import SCHEMA_VERSION, Movement
from tests.support.cutting_proxy import Moment, cutting_proxy
from tests.support.ledgers import (
    AT,
    IDENTITY,
    LedgerPlace,
    commit,
    movement,
    postgres_place,
    require_sound,
    terms,
    void,
)
from tests.support.postgres import cluster, connected

ROOT = Path(__file__).resolve().parents[2]
NUMBERS = count()
BOTH = ("devices", "people")
READER, WRITER = "ledger reader", "ledger_writer"
STATES = {
    "53100": "the server's disk is full",
    "25006": "the server only reads",
    "57P03": "the server is starting or stopping",
    "40001": "others were writing all the time",
    "XX000": "cannot be used (SQLSTATE XX000)",
}


@pytest.fixture(name="server", scope="module")
def running() -> Iterator[str]:
    with cluster() as url:
        with connected(url) as connection:
            connection.execute(f'CREATE ROLE "{READER}" LOGIN')
            connection.execute(f'CREATE ROLE "{WRITER}" LOGIN')
        yield url


@pytest.fixture(name="place")
def free_place(server: str) -> LedgerPlace:
    return postgres_place(server, f"ledger_{next(NUMBERS)}")


@pytest.fixture(name="store")
def new_store(place: LedgerPlace) -> Iterator[Store]:
    store = place.create()
    for name in BOTH:
        store.add_dataset(terms(name), AT)
    yield store
    require_sound(store)
    store.close()


def as_role(place: LedgerPlace, role: str) -> str:
    return place.url.replace("://postgres@", f"://{role.replace(' ', '%20')}@")


def refusal(url: str, *, read_only: bool = False) -> GatecliError:
    with pytest.raises(LedgerUnavailable) as caught:
        open_store(url, read_only=read_only)
    return caught.value


def grant(place: LedgerPlace, role: str, *, writer: bool) -> None:
    with connected(place.url) as connection:
        for statement in grants(role, writer=writer):
            connection.execute(statement)


def test_a_writer_can_do_all_that_a_ledger_needs(store: Store, place: LedgerPlace) -> None:
    grant(place, WRITER, writer=True)
    writer = open_store(as_role(place, WRITER), replay=True)
    writer.move(movement(datasets=BOTH))
    writer.move(void(datasets=BOTH))
    writer.move(movement(subject="plan", attempt=0), releases={"churn@1": "digest"})
    writer.move(commit("churn@1", attempt=1))
    writer.sequence()
    writer.note_refusal("ledger-budget-exceeded", AT)
    writer.close_dataset("people", AT)
    require_sound(writer)
    writer.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entry SET content = ''",
        "DELETE FROM entry",
        "TRUNCATE entry CASCADE",
        "UPDATE log SET place = 7",
        "DELETE FROM checkpoint",
        "UPDATE ledger SET id = 'other'",
        "UPDATE ledger SET public_key = 'other'",
        "INSERT INTO dataset (name, terms) VALUES ('second', '{}')",
        "DELETE FROM account",
        "DELETE FROM reservation",
        "ALTER TABLE entry DISABLE TRIGGER ALL",
        "DROP TABLE entry CASCADE",
        "SET session_replication_role = replica",
    ],
)
@pytest.mark.usefixtures("store")
def test_a_writer_can_change_no_entry(place: LedgerPlace, statement: str) -> None:
    grant(place, WRITER, writer=True)
    with connected(as_role(place, WRITER)) as connection:
        connection.execute("SET search_path = gatecli")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


@pytest.mark.usefixtures("store")
def test_a_writer_of_an_older_gatecli_gives_no_budget_once_it_is_granted_again(place: LedgerPlace) -> None:
    with connected(place.url) as connection:
        connection.execute(f"GRANT INSERT ON gatecli.dataset, gatecli.account TO {WRITER}")
        connection.execute(f"GRANT UPDATE (public_key) ON gatecli.ledger TO {WRITER}")
    grant(place, WRITER, writer=True)
    writer = open_store(as_role(place, WRITER), replay=True)
    with pytest.raises(LedgerUnavailable, match="the role may not do this") as refused:
        writer.add_dataset(terms("new"), AT)
    assert "owner, who adds datasets" in refused.value.advice
    writer.close()


def test_a_reader_reads_and_changes_nothing(store: Store, place: LedgerPlace) -> None:
    store.move(movement())
    grant(place, READER, writer=False)
    url = as_role(place, READER)
    reader = open_store(url, read_only=True)
    require_sound(reader)
    reader.close()
    presumptuous = open_store(url, replay=True)
    with pytest.raises(LedgerUnavailable, match="the role may not do this"):
        presumptuous.move(movement(subject="churn@2"))
    presumptuous.close()


def test_a_stranger_is_told_whom_to_ask(store: Store, place: LedgerPlace) -> None:
    error = refusal(as_role(place, READER))
    assert "that this user may see" in error.message
    assert "grants" in error.advice


@pytest.mark.usefixtures("store")
def test_triggers_hold_for_replicas_and_for_truncate(place: LedgerPlace) -> None:
    for statement in ("DELETE FROM gatecli.entry", "TRUNCATE gatecli.entry CASCADE"):
        with connected(place.url) as connection:
            connection.execute("SET session_replication_role = replica")
            with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="only appended"):
                connection.execute(statement)


def test_no_other_schema_gets_in_the_way(place: LedgerPlace) -> None:
    with connected(place.url) as connection:
        connection.execute("CREATE TABLE entry (x int)")
        connection.execute("ALTER ROLE postgres IN DATABASE " + database(place) + " SET search_path = public")
    store = place.create()
    store.add_dataset(terms(), AT)
    require_sound(store)
    store.close()


def database(place: LedgerPlace) -> str:
    return place.url.partition("@/")[2].partition("?")[0]


def test_what_is_acknowledged_is_on_the_disk_whatever_the_database_prefers(place: LedgerPlace) -> None:
    with connected(place.url) as connection:
        connection.execute(f"ALTER DATABASE {database(place)} SET synchronous_commit = off")
    store = place.create()
    assert isinstance(store, PostgresStore)
    assert store._connection.execute("SHOW synchronous_commit").fetchone() == ("on",)
    store.close()


def at_time(at: str) -> Movement:
    return replace(movement(), at=at)


def test_a_clock_that_goes_wrong_is_refused(place: LedgerPlace) -> None:
    now = datetime.now(UTC).replace(microsecond=0, tzinfo=None)
    create_store(place.url, IDENTITY).close()
    store = open_store(place.url)
    store.add_dataset(terms(), f"{now.isoformat()}Z")
    for apart in (timedelta(minutes=-6), timedelta(minutes=6)):
        wrong = f"{(now + apart).isoformat()}Z"
        with pytest.raises(LedgerUnavailable, match="more than 5 minutes apart"):
            store.move(at_time(wrong))
        with pytest.raises(LedgerUnavailable, match="more than 5 minutes apart"):
            store.add_dataset(terms("new"), wrong)
        with pytest.raises(LedgerUnavailable, match="more than 5 minutes apart"):
            store.close_dataset("people", wrong)
    assert store.move(at_time(f"{(now - timedelta(minutes=4)).isoformat()}Z")) is Outcome.DONE
    require_sound(store)
    store.close()


def test_a_run_states_its_start_however_long_it_takes(place: LedgerPlace) -> None:
    """The server's time at its start is between its own clock and now."""
    now = datetime.now(UTC).replace(microsecond=0, tzinfo=None)
    start = now - timedelta(hours=3)
    create_store(place.url, IDENTITY).close()
    link = parse(place.url)
    store = PostgresStore(
        link, connect(*link, read_only=False), read_only=False, skew=300, since=f"{start.isoformat()}Z"
    )
    for name in BOTH:
        store.add_dataset(terms(name), f"{start.isoformat()}Z")
    at = f"{(start - timedelta(minutes=4)).isoformat()}Z"
    assert store.move(at_time(at)) is Outcome.DONE
    assert store.move(replace(movement(subject="churn@2", datasets=BOTH), at=at)) is Outcome.DONE
    assert store.move(replace(commit(), at=at)) is Outcome.DONE
    for wrong in (start - timedelta(minutes=6), now + timedelta(minutes=6)):
        with pytest.raises(LedgerUnavailable, match="more than 5 minutes apart"):
            store.move(replace(movement(subject="churn@3"), at=f"{wrong.isoformat()}Z"))
    require_sound(store)
    store.close()


@pytest.mark.parametrize(
    "url", ["postgres://me:s3cret@127.0.0.1:1/x", "postgresql://me@127.0.0.1:1/x?password=s3cret"]
)
def test_a_password_is_in_no_message(url: str) -> None:
    error = refusal(url)
    assert error.exit_code == 4
    assert "cannot be reached" in error.message
    assert "s3cret" not in f"{error.message}{error.advice}{error!r}{error.__cause__!r}"
    assert "postgresql://127.0.0.1:1/x" in error.message


def test_a_store_shows_no_password(store: Store, place: LedgerPlace) -> None:
    other = open_store(place.url.replace("postgres@", "postgres:s3cret@"))
    assert "s3cret" not in repr(other)
    other.close()


def test_a_database_that_is_not_there_is_named(server: str) -> None:
    assert "the database is not there" in refusal(server.replace("/postgres?", "/nowhere?")).message


def test_a_database_in_another_encoding_is_refused(server: str) -> None:
    with connected(server) as connection:
        connection.execute("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0")
    assert "not in UTF-8" in refusal(server.replace("/postgres?", "/latin?")).message


def test_a_standby_is_said_to_only_read(place: LedgerPlace) -> None:
    with connected(place.url) as connection:
        connection.execute(f"ALTER DATABASE {database(place)} SET default_transaction_read_only = on")
    with pytest.raises(LedgerUnavailable, match="only reads"):
        place.create()


def test_a_servers_full_disk_is_named_and_what_was_acknowledged_is_kept() -> None:
    if os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("only root can give a server a small disk of its own")
    script = 'mount -t tmpfs -o size=128m,mode=777 tmpfs "$1" && TMPDIR="$1" exec "$2" -m "$3" "$1"'
    with tempfile.TemporaryDirectory() as disk:
        Path(disk).chmod(0o755)  # the server's own user goes through it
        command = ["unshare", "-m", "sh", "-c", script, "full", disk, sys.executable]
        done = subprocess.run(
            [*command, "tests.support.full_server"], cwd=ROOT, capture_output=True, text=True, check=False
        )
    assert "4 the ledger postgresql:///postgres: the server's disk is full\n" in done.stdout, done.stderr
    assert done.stdout.endswith("sound True\n")


@pytest.mark.parametrize("state", STATES)
def test_what_a_server_says_becomes_a_sentence_of_ours(state: str) -> None:
    error = psycopg.errors.lookup(state)("DETAIL: a row")
    assert STATES[state] in unavailable(error, "here").message


@pytest.mark.parametrize("read_only", [True, False])
def test_a_ledger_of_a_newer_gatecli_is_refused(store: Store, place: LedgerPlace, *, read_only: bool) -> None:
    place.tamper(f"UPDATE schema_version SET version = {SCHEMA_VERSION + 1}")  # noqa: S608 - our own number
    assert "this ledger was written by a newer gatecli" in refusal(place.url, read_only=read_only).message
    place.tamper(f"UPDATE schema_version SET version = {SCHEMA_VERSION}")  # noqa: S608 - our own number


def test_an_older_ledger_is_migrated_when_it_is_opened_for_writing_and_refused_for_reading(
    store: Store, place: LedgerPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    following = SCHEMA_VERSION + 1
    migrations = {**postgres_schema.MIGRATIONS, following: ("CREATE TABLE more (x text)",)}
    monkeypatch.setattr(postgres, "MIGRATIONS", migrations)
    monkeypatch.setattr(postgres, "SCHEMA_VERSION", following)
    monkeypatch.setattr(versions, "SCHEMA_VERSION", following)
    error = refusal(place.url, read_only=True)
    assert "older gatecli" in error.message
    assert "gatecli ledger migrate" in error.advice
    place.open().close()
    place.open(read_only=True).close()
    with pytest.raises(psycopg.errors.DuplicateTable):
        place.tamper("CREATE TABLE more (x text)")


def test_two_make_one_ledger(place: LedgerPlace) -> None:
    together, found = Barrier(2), []

    def make() -> None:
        together.wait()
        try:
            place.create().close()
            found.append("made")
        except UsageError:
            found.append("refused")

    threads = [Thread(target=make) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == ["made", "refused"]


def test_a_deadlock_is_tried_again(store: Store, place: LedgerPlace) -> None:
    """Somebody else holds people and wants devices; the store holds devices and wants people."""
    with connected(place.url) as other:
        other.execute("SET search_path = gatecli")
        other.execute("SET deadlock_timeout = '1min'")  # the store is the one that finds out
        with other.transaction():
            other.execute("SELECT 1 FROM account WHERE name = 'people' FOR UPDATE")
            asked = Thread(target=lambda: store.move(movement(datasets=BOTH)))
            asked.start()
            while not other.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchone():
                pass
            other.execute("SELECT 1 FROM account WHERE name = 'devices' FOR UPDATE")
        asked.join()
    assert store.reservation("churn@1") is not None


def test_another_ledger_in_the_same_place_is_not_written(place: LedgerPlace) -> None:
    """After a server was restored from something else."""
    place.create().close()
    with cutting_proxy(place.url) as (proxy, url):
        store = open_store(url, replay=True)
        with connected(place.url) as connection:
            connection.execute("DROP SCHEMA gatecli CASCADE")
        create_store(place.url, type(IDENTITY)("other", "other", AT)).close()
        proxy.cut_at(1, Moment.BEFORE)
        with pytest.raises(LedgerUnavailable, match="another ledger"):
            store.add_dataset(terms(), AT)
        store.close()
