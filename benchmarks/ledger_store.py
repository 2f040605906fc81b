"""The ledger's stores: PostgreSQL beside SELECT FOR UPDATE in the same run, SQLite, and many datasets.

python benchmarks/ledger_store.py [--seconds S] [--rounds N] [--attempts N] [--datasets N]

- 32 writers charge one dataset: in one statement (ours), and in a transaction of four (the peer), by turns;
- so many attempts of 32 writers on a budget that half of them fit: how many units were overspent (none);
- SQLite: charges a second of one writer and of four;
- N datasets with 100 releases each: one account and its reservations, as `gatecli ledger show` reads them.

Each commit waits for the disk, but where it is said that none does. How fast the disk is stands beside the
figures: without it they say nothing of a ledger. `--attempts 1000000` takes half an hour.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from gatecli.ledger.interface import BudgetExceeded, Store  # noqa: E402 - after the path
from gatecli.ledger.opening import create_store, open_store  # noqa: E402 - after the path
from gatecli.ledger.sql import statements as sql  # noqa: E402 - after the path
from gatecli.ledger.sql.rows import amount_parameters, terms_text  # noqa: E402 - after the path
from gatecli.model.ledger import Movement, content_of  # noqa: E402 - after the path
from gatecli.model.portfolio import COLUMNS, Amounts, is_admitted  # noqa: E402 - after the path
from tests.support.ledgers import AT, IDENTITY, evenly, movement, require_sound, terms  # noqa: E402 - after the path
from tests.support.postgres import FAST, connected, server  # noqa: E402 - after the path

WRITERS = 32
PLENTY = evenly(10**15)
AMOUNTS = ", ".join(COLUMNS)
LIMITS = ", ".join(f"{column}_limit" for column in COLUMNS)
FORK = multiprocessing.get_context("fork")
Spend = Callable[[Movement], object]


def our_way(url: str) -> Spend:
    store = open_store(url, replay=True)
    return store.move


def peer_way(url: str) -> Spend:
    """Four prepared statements in a transaction: hold and read, change, write entry, write subject."""
    connection = connected(url)
    connection.execute("SET search_path = gatecli")
    held = f"SELECT entries, head, {AMOUNTS}, {LIMITS} FROM account WHERE name = 'people' FOR UPDATE"  # noqa: S608 - our own columns
    change = with_placeholders(sql.CHARGE)
    write = with_placeholders(sql.ADD_ENTRY)
    reserve = with_placeholders(f"WITH subject AS ({sql.ADD_RESERVATION}) {sql.ADD_TO_RESERVATION}")

    def spend(asked: Movement) -> None:
        (charge,) = asked.charges
        with connection.transaction():
            row = connection.execute(held, prepare=True).fetchone()
            assert row is not None
            after = Amounts(*row[2:11]) + charge.amounts
            if not is_admitted(after, Amounts(*row[11:])):
                raise BudgetExceeded("people")
            content = content_of(asked, charge)
            head = sha256(row[1] + content.encode()).digest()
            amounts = amount_parameters(charge.amounts)
            subject = {"subject": asked.subject, "attempt": 0, "digest": asked.digest}
            connection.execute(change, {"name": "people", "head": head, **amounts}, prepare=True)
            entry = {"dataset": "people", "number": row[0], "kind": "reserve", "hash": head, "signature": ""}
            connection.execute(write, {**subject, **entry, **amounts, "content": content}, prepare=True)
            more = {"state": "held", "at": asked.at, "plan": None, "lapses": None}
            connection.execute(reserve, {**subject, **more, **amounts, "dataset": "people"}, prepare=True)

    return spend


def with_placeholders(statement: str) -> str:
    """The statement with the driver's placeholders."""
    words = statement.replace(sql.LOCK, "").split(":")
    first, *others = words
    return first + "".join(
        f"%({word[: len(word) - len(word.lstrip('abcdefghijklmnopqrstuvwxyz_0123456789'))]})s"
        f"{word.lstrip('abcdefghijklmnopqrstuvwxyz_0123456789')}"
        for word in others
    )


def spend_for(way: Callable[[str], Spend], url: str, seconds: float, name: str) -> int:
    """How many charges one writer makes."""
    spend, done = way(url), 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        spend(movement(subject=f"{name}@{done}", amounts=1))
        done += 1
    return done


def charges_per_second(way: Callable[[str], Spend], url: str, seconds: float, round_: str) -> float:
    names = [f"{way.__name__} {round_} {number}" for number in range(WRITERS)]
    with FORK.Pool(WRITERS) as pool:
        done = pool.map(partial(_spend_by_name, way, url, seconds), names, chunksize=1)
    return sum(done) / seconds


def _spend_by_name(way: Callable[[str], Spend], url: str, seconds: float, name: str) -> int:
    return spend_for(way, url, seconds, name)


def synchronisations_per_second(folder: Path) -> float:
    """How fast the disk is just now: a shared one may be fifty times as fast a minute later."""
    file, done = os.open(folder / "probe", os.O_CREAT | os.O_RDWR), 0
    begin = time.monotonic()
    while time.monotonic() - begin < 0.3:
        os.pwrite(file, bytes(8192), 0)
        os.fdatasync(file)
        done += 1
    os.close(file)
    return done / 0.3


def compare(url: str, seconds: float, rounds: int, folder: Path) -> None:
    """Both ways by turns, each first as often; a ratio for each round, and none is left out."""
    ways = (our_way, peer_way)
    ratios, totals = [], dict.fromkeys(ways, 0.0)
    for number in range(rounds):
        rates: dict[Callable[[str], Spend], float] = {}
        disk = []
        for way in ways if number % 2 == 0 else reversed(ways):
            disk.append(synchronisations_per_second(folder))
            rates[way] = charges_per_second(way, url, seconds, str(number))
            totals[way] += rates[way]
        ratios.append(rates[our_way] / rates[peer_way])
        print(
            f"  one statement {rates[our_way]:,.0f}, SELECT FOR UPDATE {rates[peer_way]:,.0f} a second: "
            f"{ratios[-1]:.2f}; disk before each turn: {', '.join(f'{each:,.0f}' for each in disk)} syncs",
            flush=True,
        )
    print(
        f"  ratio: median of rounds {statistics.median(ratios):.2f}, {min(ratios):.2f} to {max(ratios):.2f}, "
        f"of all charges {totals[our_way] / totals[peer_way]:.2f} (goal: 3 or more)"
    )


def compare_on(settings: Sequence[str], what: str, given: argparse.Namespace, folder: Path) -> None:
    with server("max_connections=200", *settings) as running:
        store = create_store(running.url, IDENTITY, replay=True)
        store.add_dataset(terms("people", PLENTY), AT)
        store.close()
        print(f"PostgreSQL, {WRITERS} writers on one dataset, {what}")
        compare(running.url, given.seconds, given.rounds, folder)


def attempt(url: str, dataset: str, attempts: int, name: str) -> int:
    store, done = open_store(url, replay=True), 0
    for number in range(attempts):
        try:
            store.move(movement(subject=f"{name}@{number}", amounts=1, datasets=(dataset,)))
            done += 1
        except BudgetExceeded:
            pass
    store.close()
    return done


def overspend(url: str, attempts: int) -> None:
    """Half of the attempts fit; each account of what was done is then compared with every other."""
    fits = attempts // 2
    store = open_store(url, replay=True)
    store.add_dataset(terms("scarce", evenly(fits)), AT)
    begin = time.monotonic()
    names = [f"scarce {number}" for number in range(WRITERS)]
    with FORK.Pool(WRITERS) as pool:
        done = sum(pool.map(partial(attempt, url, "scarce", attempts // WRITERS), names, chunksize=1))
    account = store.account("scarce")
    assert account is not None
    entries = sum(entry.amounts.basic_epsilon for entry in store.entries("scarce"))
    overspent = max(0, account.held.basic_epsilon - fits, entries - fits, done - fits)
    print(
        f"{attempts:,} attempts, room for {fits:,}: {done:,} done, {account.held.basic_epsilon:,} held, "
        f"{entries:,} in the entries; overspent {overspent} (goal: 0); {time.monotonic() - begin:,.0f} s"
    )
    store.close()


def measure_sqlite(folder: Path, seconds: float) -> None:
    file = str(folder / "ledger.db")
    store = create_store(file, IDENTITY)
    store.add_dataset(terms("people", PLENTY), AT)
    for writers in (1, 4):
        before = synchronisations_per_second(folder)
        names = [f"sqlite {writers} {number}" for number in range(writers)]
        with FORK.Pool(writers) as pool:
            done = pool.map(partial(_spend_by_name, our_way, file, seconds), names, chunksize=1)
        print(
            f"SQLite, {writers} writers: {sum(done) / seconds:,.0f} charges a second; "
            f"the disk: {before:,.0f} syncs a second before, {synchronisations_per_second(folder):,.0f} after"
        )
    require_sound(store)
    store.close()


def show_times(store: Store, names: Sequence[str]) -> list[float]:
    seen = []
    for name in names:
        begin = time.perf_counter()
        account, found = store.account(name), list(store.reservations(dataset=name))
        seen.append(time.perf_counter() - begin)
        assert account is not None
        assert len(found) == 100
    return seen


def measure_show(url: str, datasets: int, fill: Callable[[int], None]) -> None:
    create_store(url, IDENTITY, replay=True).close()
    fill(datasets)
    store = open_store(url, read_only=True)
    seen = show_times(store, [f"d{number:05}" for number in range(0, datasets, max(1, datasets // 50))])
    begin = time.perf_counter()
    assert len(list(store.accounts())) == datasets
    listed = time.perf_counter() - begin
    print(
        f"{store!r:.40}: {datasets:,} datasets of 100 releases: one {statistics.median(seen) * 1e3:.1f} ms, "
        f"at most {max(seen) * 1e3:.1f} (goal: 100); all accounts {listed * 1e3:,.0f} ms"
    )
    store.close()


def fill_rows(datasets: int) -> tuple[list[tuple[Any, ...]], ...]:
    """Rows of the tables, written past the store: what is timed is how they are read."""
    names = [f"d{number:05}" for number in range(datasets)]
    head = bytes(32)
    spent, limits = [100] * len(COLUMNS), [1000] * len(COLUMNS)
    of_release = [(name, f"{name}/churn@{number:02}") for name in names for number in range(100)]
    return (
        [(name, terms_text(terms(name, evenly(1000)))) for name in names],
        [(name, "any", 101, head, *spent, *limits) for name in names],
        [(subject, 0, "held", "digest", "digest", AT, None, None) for _, subject in of_release],
        [(subject, name, *[1] * len(COLUMNS)) for name, subject in of_release],
    )


INTO = (
    "dataset (name, terms)",
    f"account (name, admission, entries, head, {AMOUNTS}, {LIMITS})",
    "reservation (subject, attempt, state, digest, last_digest, at, plan, lapses)",
    f"reservation_charge (subject, dataset, {AMOUNTS})",
)


def fill_sqlite(file: str, datasets: int) -> None:
    import sqlite3  # noqa: PLC0415 - a benchmark's own way to the tables

    connection = sqlite3.connect(file)
    with connection:
        for into, rows in zip(INTO, fill_rows(datasets), strict=True):
            marks = ", ".join("?" * len(rows[0]))
            connection.executemany(f"INSERT INTO {into} VALUES ({marks})", rows)  # noqa: S608 - our own tables
    connection.close()


def fill_postgres(url: str, datasets: int) -> None:
    with psycopg.connect(url.replace("postgres://", "postgresql://")) as connection:
        connection.execute("SET search_path = gatecli")
        for into, rows in zip(INTO, fill_rows(datasets), strict=True):
            with connection.cursor().copy(f"COPY {into} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        connection.commit()
        connection.autocommit = True
        connection.execute("ANALYZE")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--attempts", type=int, default=10_000)
    parser.add_argument("--datasets", type=int, default=10_000)
    given = parser.parse_args()
    print(f"as of {datetime.now(UTC):%Y-%m-%d}, SQLite and PostgreSQL on this machine's disk", flush=True)
    with tempfile.TemporaryDirectory() as there:
        if given.rounds:
            compare_on((), "each commit waits for the disk", given, Path(there))
            compare_on(FAST, "no commit waits for the disk", given, Path(there))
            measure_sqlite(Path(there), given.seconds)
    with server("max_connections=200") as running, tempfile.TemporaryDirectory() as folder:
        with connected(running.url) as connection:
            connection.execute("CREATE DATABASE many")
        create_store(running.url, IDENTITY, replay=True).close()
        if given.attempts:
            overspend(running.url, given.attempts)
        if given.datasets:
            many = running.url.replace("/postgres?", "/many?")
            measure_show(many, given.datasets, partial(fill_postgres, many))
            file = str(Path(folder) / "many.db")
            measure_show(file, given.datasets, partial(fill_sqlite, file))


if __name__ == "__main__":
    main()
