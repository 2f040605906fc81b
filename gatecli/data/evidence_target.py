"""Where evidence may be written: never over a file that the session reads."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from gatecli.anonymity.tables.files import is_read
from gatecli.errors import UsageError

_BESIDE_A_LEDGER = ("", "-wal", "-shm", "-journal")
"""SQLite keeps changes in files of these names."""


def require_apart(target: Path, source: Any, files: Sequence[str]) -> None:
    """Raises UsageError where `target` is the table (a file of it, or in its folder), or one of the files.

    By whatever name: through links too, and with the files that a ledger keeps beside it.
    """
    names = [unquote(each.removeprefix("sqlite:///")) for each in files]
    inputs = [Path(name + ending) for name in names if "://" not in name for ending in _BESIDE_A_LEDGER]
    is_named = isinstance(source, str | os.PathLike)
    if (is_named and is_read(os.fspath(source), target)) or any(_is_same(each, target) for each in inputs):
        raise UsageError(
            f"{target} is read by this session, so evidence is not written over it",
            advice="write the evidence to a file of its own",
        )


def _is_same(one: Path, other: Path) -> bool:
    if os.path.realpath(one) == os.path.realpath(other):
        return True
    return one.exists() and other.exists() and one.samefile(other)
