"""Where a ledger is: a file, `sqlite:///FILE`, or `postgresql://…`."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import cast
from urllib.parse import unquote

from gatecli.errors import MissingExtraError, UsageError
from gatecli.ledger.interface import LedgerIdentity, Store
from gatecli.ledger.sql.booking import Run
from gatecli.package import module

POSTGRES = ("postgresql", "postgres")

_WORDS_OF_A_SERVER = re.compile(r"\b(dbname|host|hostaddr|passfile|password|port|user)\s*=", re.IGNORECASE)
"""As libpq takes them, without a URL."""


def open_store(url: str, *, read_only: bool = False, replay: bool = False) -> Store:
    """The ledger at a URL; one of older tables is migrated where it is opened for writing.

    `replay` is for an import: its entries keep the times of another ledger, and no clock is compared.
    Raises UsageError for a URL of another kind, MissingExtraError without the driver of PostgreSQL,
    LedgerUnavailable where there is no ledger, or one that cannot be used.
    """
    if _scheme(url) in POSTGRES:
        return cast("Store", _postgres().open_postgres(url, read_only=read_only, replay=replay))
    return cast("Store", module("ledger.sqlite").open_sqlite(_file(url), read_only=read_only))


def create_store(
    url: str, identity: LedgerIdentity, *, replay: bool = False, fill: Callable[[Run], None] | None = None
) -> Store:
    """A new ledger at a URL, with what `fill` writes in the same transaction: both, or neither.

    Raises what `open_store` raises, UsageError where a ledger is already, and what `fill` raises.
    """
    if _scheme(url) in POSTGRES:
        return cast("Store", _postgres().create_postgres(url, identity, replay=replay, fill=fill))
    return cast("Store", module("ledger.sqlite").create_sqlite(_file(url), identity, fill=fill))


def named_ledger(named: str, folder: Path) -> str:
    """The ledger that a document in a folder names: a file beside it, or a URL."""
    return named if "://" in named else str(folder / named)


def file_of(url: str) -> Path | None:
    """The file of a ledger; None for one on a server. Raises UsageError for a URL of another kind."""
    return None if _scheme(url) in POSTGRES else _file(url)


def _scheme(url: str) -> str:
    """The kind of a URL; "" for a file."""
    scheme, found, _ = url.partition("://")
    if not found:
        return ""
    if scheme not in (*POSTGRES, "sqlite"):
        raise UsageError(
            f"{scheme:.20}:// is not a ledger",
            advice="name a file, sqlite:///FILE or postgresql://HOST/DATABASE",
        )
    return scheme


def _file(url: str) -> Path:
    """`sqlite:///FILE` is relative, `sqlite:////FILE` absolute, as SQLAlchemy and ibis have it."""
    path = unquote(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else url
    if not path or "\0" in path or path.startswith(("sqlite:", ":memory:", "file:")):
        raise UsageError("a ledger needs a file", advice="name a file, or sqlite:///FILE")
    if "?" in url or _WORDS_OF_A_SERVER.search(url):  # not shown: a password may be among them
        raise UsageError(
            "the ledger's name holds what a server is given, or the options of a URL",
            advice="name a file, or write a server as postgresql://USER@HOST/DATABASE",
        )
    return Path(path)


def _postgres() -> ModuleType:
    try:
        return module("ledger.postgres")
    except ImportError:
        raise MissingExtraError(
            "a ledger on PostgreSQL needs psycopg", advice="pip install 'gatecli[postgres]'"
        ) from None
