"""A ledger on a PostgreSQL server, in the schema `gatecli` of a database.

A first charge is one statement (`postgres_charge`), everything else a transaction in READ COMMITTED that
holds the rows it changes. A connection that is lost is made again once, and what was asked is asked again:
every method may be.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from threading import RLock
from typing import Any, TypeVar

import psycopg
from psycopg import errors

from gatecli.errors import UsageError
from gatecli.ledger.checking import check_movement
from gatecli.ledger.interface import (
    NO_RELEASES,
    BudgetExceeded,
    LedgerIdentity,
    LedgerUnavailable,
    Outcome,
)
from gatecli.ledger.postgres_charge import charge_parameters, charge_statement, is_first_charge
from gatecli.ledger.postgres_connection import Connection, connect, is_loss, parse, unavailable
from gatecli.ledger.postgres_schema import MIGRATIONS, SCHEMA
from gatecli.ledger.sql import statements as sql
from gatecli.ledger.sql.booking import Request, Run, request_of
from gatecli.ledger.sql.rows import Row
from gatecli.ledger.sql.store import SqlStore
from gatecli.ledger.sql.versions import refuse_newer, refuse_older
from gatecli.model.ledger import SCHEMA_VERSION, Movement

T = TypeVar("T")

SKEW_SECONDS = 300
"""By how much a client's clock may differ from the server's. A run states its start in all that it
reserves, however long it takes: that lies between the moment at which it opened the ledger and now.
"""

ATTEMPTS = 20
"""How often a transaction is tried that another one broke off."""

LOCK_KEY = 0x67617465636C69
"""The advisory lock of whoever gives places in the log, makes or migrates the tables."""

_BROKEN_OFF = (errors.DeadlockDetected, errors.SerializationFailure, errors.UniqueViolation)
_REFUSED = (
    errors.UniqueViolation,
    errors.CheckViolation,
    errors.NotNullViolation,
    errors.NumericValueOutOfRange,
    errors.DeadlockDetected,
    errors.SerializationFailure,
)
PORTFOLIO = "portfolio_holds"
_CLOCK = """
SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
"""
_IS_APART = """
SELECT CAST(:at AS timestamptz) NOT BETWEEN CAST(:since AS timestamptz) - make_interval(secs => :skew)
       AND now() + make_interval(secs => :skew)
"""
_TABLES_THERE = f"SELECT to_regclass('{SCHEMA}.ledger') IS NOT NULL"
_PARAMETER = re.compile(r"(?<![:\w]):([a-z_][a-z_0-9]*)")


class PostgresStore(SqlStore):
    """A ledger on a server."""

    def __init__(
        self,
        link: tuple[str, str],
        connection: Connection,
        *,
        read_only: bool,
        skew: int | None,
        since: str | None = None,
    ) -> None:
        self._conninfo, where = link
        self._connection = connection
        self._turn = RLock()
        self._skew = skew
        self._since = since or _clock(connection)
        super().__init__(where, _identity(connection), read_only=read_only)

    def move(
        self,
        movement: Movement,
        *,
        lapses: str | None = None,
        releases: Mapping[str, str] = NO_RELEASES,
        signatures: Sequence[str] = (),
    ) -> Outcome:
        check_movement(movement, lapses, releases, signatures)
        request = request_of(movement, lapses, releases, signatures)
        if is_first_charge(request) and not self.read_only:
            outcome = self._charge_at_once(request)
            if outcome is not None:
                return outcome
        return self._change(lambda run: self._book(run, request))

    def _charge_at_once(self, request: Request) -> Outcome | None:
        """A first charge in one statement; None where it was refused, and a transaction has to say why."""
        statement, parameters = charge_statement(request), charge_parameters(request, self._skew, self._since)
        charges = request.movement.charges
        try:
            with self._turn:
                written = self._ask(lambda to: to.execute(statement, parameters, prepare=True).rowcount)
        except errors.CheckViolation as refused:
            if refused.diag.constraint_name != PORTFOLIO or len(charges) > 1:
                return None
            if self.reservation(request.movement.subject) is None:
                raise BudgetExceeded(charges[0].dataset) from None
            return None
        except _REFUSED:
            return None
        except psycopg.Error as error:
            raise unavailable(error, self.where) from None
        return Outcome.DONE if written == len(charges) else None

    def _write(self, work: Callable[[Run], T]) -> T:
        with self._turn:
            try:
                for _ in range(ATTEMPTS):
                    with suppress(*_BROKEN_OFF):  # nothing was written; it is done again from its start
                        return self._ask(lambda to: _in_transaction(to, work))
            except psycopg.Error as error:
                raise unavailable(error, self.where) from None
        raise LedgerUnavailable(
            f"the ledger {self.where}: others were writing all the time", advice="try again"
        )

    def _read(self, statement: str, parameters: dict[str, Any]) -> list[Row]:
        with self._turn:
            try:
                return self._ask(lambda to: _rows(to, statement, parameters))
            except psycopg.Error as error:
                raise unavailable(error, self.where) from None

    def _ask(self, action: Callable[[Connection], T]) -> T:
        """The action, once more on a new connection where the first one was lost on the way."""
        try:
            return action(self._connection)
        except psycopg.Error as error:
            if not is_loss(error):
                raise
        self._connection.close()
        self._connection = connect(self._conninfo, self.where, read_only=self.read_only)
        if _identity(self._connection).id != self.identity.id:
            raise LedgerUnavailable(
                f"another ledger answers at {self.where} now",
                advice="check what the server was restored from",
            )
        return action(self._connection)

    def _check_clock(self, run: Run, at: str) -> None:
        if self._skew is None:
            return
        if run(_IS_APART, {"at": at, "since": self._since, "skew": self._skew})[0][0]:
            ((server,),) = run(_CLOCK, {})
            raise LedgerUnavailable(
                f"it is {at} here and {server} at the ledger {self.where}: the clocks are more than "
                f"{self._skew // 60} minutes apart",
                advice="set the clock of this machine, or that of the server",
            )

    def _hold_log(self, run: Run) -> None:
        run("SELECT pg_advisory_xact_lock(:key)", {"key": LOCK_KEY})

    def close(self) -> None:
        with self._turn:
            self._connection.close()


def create_postgres(
    url: str, identity: LedgerIdentity, *, replay: bool = False, fill: Callable[[Run], None] | None = None
) -> PostgresStore:
    """A new ledger in the schema `gatecli`, with what `fill` writes in the same transaction.

    Raises UsageError where one is already, LedgerUnavailable.
    """
    link = parse(url)
    connection = connect(*link, read_only=False)

    def make(run: Run) -> None:
        run("SELECT pg_advisory_xact_lock(:key)", {"key": LOCK_KEY})
        if run(_TABLES_THERE, {})[0][0]:
            raise UsageError(f"there is a ledger at {link[1]}", advice="name another database")
        run(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}", {})
        _migrate(run, 0)
        row = {"id": identity.id, "name": identity.name, "made_at": identity.made_at}
        run(sql.ADD_IDENTITY, row | {"public_key": identity.public_key})
        if fill is not None:
            fill(run)

    return _open(link, connection, make, read_only=False, skew=None if replay else SKEW_SECONDS)


def open_postgres(url: str, *, read_only: bool = False, replay: bool = False) -> PostgresStore:
    """The ledger on a server, migrated where it is older and opened for writing. Raises LedgerUnavailable."""
    link = parse(url)
    connection = connect(*link, read_only=read_only)

    def prepare(run: Run) -> None:
        version = _version(run)
        refuse_newer(version, link[1])
        if read_only:
            refuse_older(version, link[1])
        elif version < SCHEMA_VERSION:
            run("SELECT pg_advisory_xact_lock(:key)", {"key": LOCK_KEY})
            refuse_newer(_version(run), link[1])
            _migrate(run, _version(run))

    return _open(link, connection, prepare, read_only=read_only, skew=None if replay else SKEW_SECONDS)


def _open(
    link: tuple[str, str],
    connection: Connection,
    prepare: Callable[[Run], None],
    *,
    read_only: bool,
    skew: int | None,
) -> PostgresStore:
    try:
        _in_transaction(connection, prepare)
        return PostgresStore(link, connection, read_only=read_only, skew=skew)
    except psycopg.Error as error:
        connection.close()
        raise unavailable(error, link[1]) from None
    except BaseException:
        connection.close()
        raise


def _version(run: Run) -> int:
    return int(run("SELECT version FROM schema_version", {})[0][0])


def _migrate(run: Run, version: int) -> None:
    """The tables of this version, from those of an older one."""
    for number in range(version + 1, SCHEMA_VERSION + 1):
        for statement in MIGRATIONS[number]:
            run(statement, {})
    run("UPDATE schema_version SET version = :version", {"version": SCHEMA_VERSION})


def _identity(connection: Connection) -> LedgerIdentity:
    return LedgerIdentity(*_rows(connection, sql.IDENTITY, {})[0])


def _clock(connection: Connection) -> str:
    """The server's time."""
    return str(_rows(connection, _CLOCK, {})[0][0])


def _in_transaction(connection: Connection, work: Callable[[Run], T]) -> T:
    with connection.transaction():
        return work(lambda statement, parameters: _rows(connection, statement, parameters))


def _rows(connection: Connection, statement: str, parameters: dict[str, Any]) -> list[Row]:
    cursor = (
        connection.execute(_translate(statement), parameters)
        if parameters
        else connection.execute(_translate(statement))
    )
    return list(cursor.fetchall()) if cursor.description else []


@cache
def _translate(statement: str) -> bytes:
    """The statement with the placeholders of psycopg, and rows held."""
    held = statement.replace(sql.LOCK, "FOR NO KEY UPDATE")
    return _PARAMETER.sub(r"%(\1)s", held).encode()
