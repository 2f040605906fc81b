"""What goes wrong in an engine, as one sentence that holds no value of a row.

The message of a driver is never shown: it quotes the line, the cell or the query that it stumbled on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from gatecli.anonymity.tables.interface import OpenedTable
from gatecli.anonymity.tables.stopping import stoppable
from gatecli.errors import GatecliError, UncheckableError

_DRIVERS = (
    "duckdb",
    "_duckdb",
    "_lzma",
    "google",
    "grpc",
    "ibis",
    "psycopg",
    "py4j",
    "pyarrow",
    "pyspark",
    "requests",
    "snowflake",
    "sqlglot",
    "sqlite3",
    "trino",
    "urllib3",
    "zlib",
)

_LINE = re.compile(r"on line:? (\d+)", re.IGNORECASE)
_WIDTH = re.compile(r"expected number of columns: (\d+) found: (\d+)", re.IGNORECASE)

_KINDS: tuple[tuple[str, str, str], ...] = (
    (
        r"error when converting column|conversionexception",
        "holds a value that is not of its column's type",
        "check the columns that are said to be numeric: decimal commas are read without that",
    ),
    (
        r"NotImplementedError|MAP_TYPE",
        "has a column of a type whose values cannot be compared",
        "give a view that casts it to text, or leaves it out",
    ),
    (r"interrupt|canceling statement|cancell?ed", "was stopped before it ended", "give it more time"),
    (
        r"out of memory|memory limit|could not allocate",
        "does not fit into the memory that the engine may use",
        "raise the memory limit, or free space for temporary files",
    ),
    (r"no space left|disk", "does not fit on the disk for temporary files", "free some space there"),
    (
        r"line size|maximum_line_size|max_line_size",
        "has a line longer than 32 MB",
        "check the delimiter and the quotes",
    ),
    (
        r"unterminated|quote",
        "has a quote that is not closed, or that is inside a cell",
        "double quotes inside quotes",
    ),
    (r"invalid string encoding|invalid unicode", "holds text that is not Unicode", "write it as UTF-8"),
    (
        r"parquet|magic|footer|thrift|snappy|zstd|not an arrow file|metadata",
        "is truncated or not what its name says",
        "write the file again",
    ),
    (
        r"gzip|lzma|zlib|eof|data stream|compress",
        "is truncated, or not compressed as its name says",
        "compress the file again",
    ),
    (
        r"connection|could not connect|server closed|terminating|password|authentication|refused",
        "cannot be reached any more, or the connection was refused",
        "check the address, the account and that the server runs",
    ),
    (
        r"row-level security",
        "hides rows from this account by its row-level security",
        "check it with an account that sees all rows (BYPASSRLS)",
    ),
    (r"permission denied", "may not be read by this account", "grant it the right to select"),
    (
        r"unicode|utf-?8|encod",
        "is not text in the expected encoding",
        "give its encoding, for example latin-1",
    ),
    (r"csv", "cannot be read as separated text", "check the delimiter and the quotes"),
    (r"json", "is not valid JSON lines", "write one object a line"),
)


def translate_error(name: str, error: Exception) -> UncheckableError:
    """`error` of a driver, without its words."""
    words = _words(error)
    line, width = _LINE.search(words), _WIDTH.search(words)
    if width is not None:
        where = f"line {line[1]}" if line else "a line"
        # The engine's own number is wrong: it stops at the first column too many.
        found = "more" if int(width[2]) > int(width[1]) else "fewer"
        return UncheckableError(
            f"{name}: {where} has {found} columns than the header",
            advice="fix the line, quote cells that hold the delimiter, or give the delimiter",
        )
    for pattern, what, advice in _KINDS:
        if re.search(pattern, words, re.IGNORECASE):
            where = f" (line {line[1]})" if line else ""
            return UncheckableError(f"{name}: the table {what}{where}", advice=advice)
    return UncheckableError(
        f"{name}: the engine could not compute the answer ({type(error).__name__})",
        advice="check that the columns hold plain values, and that the engine is supported",
    )


def _words(error: Exception) -> str:
    """What tells kinds of failure apart; Spark names the condition, and its text holds plans and paths."""
    condition = getattr(error, "getCondition", lambda: None)()
    return f"{type(error).__name__} {condition or error}"


def is_of_a_driver(error: Exception) -> bool:
    """Whether an exception comes from an engine or its driver, not from a bug of ours.

    `NotImplementedError` is ibis's word for a type that it does not know.
    """
    return type(error).__module__.partition(".")[0] in _DRIVERS or isinstance(
        error, OSError | UnicodeError | EOFError | NotImplementedError
    )


@contextmanager
def guard_engine(name: str) -> Iterator[None]:
    """Failures of an engine inside become an `UncheckableError` about `name`."""
    try:
        yield
    except GatecliError:
        raise
    except Exception as error:
        if not is_of_a_driver(error):
            raise
        raise translate_error(name, error) from None


@contextmanager
def computing(opened: OpenedTable) -> Iterator[None]:
    """`guard_engine`, and the engine is stopped when the table's time is up or the user interrupts.

    Raises KeyboardInterrupt for the user's interrupt, whatever the engine makes of it.
    """
    failure: BaseException | None = None
    with stoppable(opened.interrupt, opened.timeout) as stopped:
        try:
            with guard_engine(opened.name):
                yield
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - raised again below, once it is known who stopped it
            failure = error
    if stopped.is_interrupted:
        raise KeyboardInterrupt from None
    if stopped.is_late:
        raise _too_late(opened) from None
    if failure is not None:
        raise failure


def _too_late(opened: OpenedTable) -> UncheckableError:
    return UncheckableError(
        f"{opened.name}: not measured within {opened.timeout:g} s", advice="raise the timeout"
    )
