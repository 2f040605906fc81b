"""Opening a table, wherever it lives."""

from __future__ import annotations

from pathlib import Path

from gatecli.anonymity.tables.databases import is_url, open_database, without_password
from gatecli.anonymity.tables.files import open_file
from gatecli.anonymity.tables.interface import OpenedTable, TableOptions

DEFAULTS = TableOptions()


def open_table(source: str | Path, options: TableOptions = DEFAULTS) -> OpenedTable:
    """The table of a file, a folder, a glob pattern or a database's URL; nothing is counted yet.

    Raises NothingToCheckError where there is none, UsageError for a bad name or option,
    MissingExtraError for a missing driver, UncheckableError where it cannot be read.
    """
    text = str(source)
    return open_database(text, options) if is_url(text) else open_file(text, options)


def source_name(source: str) -> str:
    """A source as findings and reports name it."""
    return without_password(source) if is_url(source) else source
