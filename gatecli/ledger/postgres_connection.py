"""Connections to PostgreSQL, and what goes wrong with them as sentences.

No text of the driver or the server is shown: it may quote a URL with its password, or a row.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.numeric import Int8Dumper

from gatecli.errors import UsageError
from gatecli.ledger.interface import LedgerUnavailable
from gatecli.ledger.postgres_schema import SCHEMA

Connection = psycopg.Connection[tuple[Any, ...]]

OLDEST = 120000
"""PostgreSQL 12: sha256() is of 11, plans that are kept and MATERIALIZED of 12."""

_DEFAULTS = {
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "application_name": "gatecli",
}

_SETTINGS = {
    "search_path": f"{SCHEMA}, pg_temp",  # no other schema can put a table of its own in the way
    "default_transaction_isolation": "read committed",
    "plan_cache_mode": "force_generic_plan",  # a statement is planned once for each connection
    "lock_timeout": "30s",
    "statement_timeout": "10min",
    "idle_in_transaction_session_timeout": "60s",
}
_CONFIGURE = "SELECT " + ", ".join(
    f"set_config('{name}', '{value}', false)" for name, value in _SETTINGS.items()
)
_ACKNOWLEDGE_WHAT_IS_WRITTEN = (
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
)

_NOT_THERE = (
    "there is no ledger in this database that this user may see",
    "make one: gatecli ledger init; or ask its owner for the grants of a writer or a reader",
)

_BY_STATE: tuple[tuple[str, str, str], ...] = (
    ("53100", "the server's disk is full", "free some space there; nothing was written"),
    ("53300", "the server has no connection left", "try again, or raise max_connections"),
    ("53", "the server has no room left", "try again, or give it more memory"),
    ("25006", "the server only reads", "name the primary server"),
    (
        "42501",
        "the role may not do this",
        "ask the ledger's owner, who adds datasets, and grants what a writer or a reader needs",
    ),
    ("42P01", *_NOT_THERE),
    ("3F000", *_NOT_THERE),
    ("55P03", "others held the dataset all the time", "try again"),
    ("57014", "the server broke off the statement", "try again"),
    ("57", "the server is starting or stopping", "try again"),
    ("08", "the connection was lost", "ask again: what was done is not done twice"),
    ("40", "others were writing all the time", "try again"),
)

_BY_TEXT: tuple[tuple[str, str, str], ...] = (
    ("password authentication failed", "the server refused the password", "check user and password"),
    ("no password supplied", "the server wants a password", "put it into the URL, or into PGPASSWORD"),
    ("no pg_hba.conf entry", "the server refuses this user from this host", "ask its administrator"),
    ("does not exist", "the user or the database is not there", "check both in the URL"),
    ("translate host name", "the host has no address", "check the host in the URL"),
    ("timeout expired", "the server did not answer in time", "check host, port and firewall"),
    ("too many clients", "the server has no connection left", "try again, or raise max_connections"),
    ("starting up", "the server is starting", "try again"),
    ("shutting down", "the server is stopping", "try again"),
    ("certificate", "the server's certificate is not trusted", "check sslmode and sslrootcert in the URL"),
)


def parse(url: str) -> tuple[str, str]:
    """What the driver is given, and what may be shown. Raises UsageError for a URL that cannot be read."""
    try:
        given = conninfo_to_dict(url)
    except psycopg.Error:
        raise UsageError(
            "the URL of the ledger cannot be read",
            advice="write postgresql://USER:PASSWORD@HOST:PORT/DATABASE",
        ) from None
    host, port = given.get("host") or "", given.get("port") or ""
    if "@" in str(host):
        raise UsageError(
            "the URL of the ledger has an @ too many: one stands before the host",
            advice="write an @ in a password or a user's name as %40",
        )
    place = "" if str(host).startswith("/") else str(host)
    shown = f"postgresql://{place}{f':{port}' if port else ''}/{given.get('dbname') or ''}"
    wanted: dict[str, Any] = {**_DEFAULTS, **given, "client_encoding": "UTF8"}
    return make_conninfo(**wanted), shown


def connect(conninfo: str, where: str, *, read_only: bool) -> Connection:
    """A connection whose statements are done when they return. Raises LedgerUnavailable."""
    try:
        connection = psycopg.connect(conninfo, autocommit=True)
    except psycopg.Error as error:
        raise unreachable(error, where) from None
    try:
        connection.adapters.register_dumper(int, Int8Dumper)  # one type, one prepared statement
        _require_server(connection, where)
        connection.execute(_CONFIGURE)
        connection.execute(_ACKNOWLEDGE_WHAT_IS_WRITTEN)
        if read_only:
            connection.execute("SET default_transaction_read_only = on")
    except psycopg.Error as error:
        connection.close()
        raise unavailable(error, where) from None
    except BaseException:
        connection.close()
        raise
    return connection


def _require_server(connection: Connection, where: str) -> None:
    if connection.info.server_version < OLDEST:
        raise LedgerUnavailable(
            f"the ledger {where}: the server is too old", advice="use PostgreSQL 12 or newer"
        )
    if connection.info.parameter_status("server_encoding") != "UTF8":
        raise LedgerUnavailable(
            f"the ledger {where}: the database is not in UTF-8",
            advice="make one: CREATE DATABASE ledger ENCODING 'UTF8' TEMPLATE template0",
        )


def unreachable(error: psycopg.Error, where: str) -> LedgerUnavailable:
    """Why no connection was made."""
    text = str(error)
    for phrase, reason, advice in _BY_TEXT:
        if phrase in text:
            return LedgerUnavailable(f"the ledger {where}: {reason}", advice=advice)
    return LedgerUnavailable(
        f"the ledger {where}: the server cannot be reached", advice="check that it runs, and host and port"
    )


def unavailable(error: psycopg.Error, where: str) -> LedgerUnavailable:
    """Why a statement failed."""
    state = error.sqlstate or ("08" if is_loss(error) else "")
    for prefix, reason, advice in _BY_STATE:
        if state.startswith(prefix):
            return LedgerUnavailable(f"the ledger {where}: {reason}", advice=advice)
    return LedgerUnavailable(
        f"the ledger {where} cannot be used (SQLSTATE {state or 'unknown'})",
        advice="run gatecli ledger verify",
    )


_LOSSES = (
    errors.AdminShutdown,
    errors.CrashShutdown,
    errors.CannotConnectNow,
    errors.IdleInTransactionSessionTimeout,
)


def is_loss(error: psycopg.Error) -> bool:
    """Whether the connection is gone, and with it the answer to what was asked."""
    if isinstance(error, _LOSSES):
        return True
    return error.sqlstate is None and isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
