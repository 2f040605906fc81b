"""Files that a command writes: never one that it reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gatecli.anonymity.tables.files import is_read
from gatecli.cli.ledger_records import write_given
from gatecli.errors import UsageError


def write_into_folder(text: str, output: Path | None) -> None:
    """Write a text to a file, whose folder is made, or show it. Raises UsageError where it cannot be."""
    if output is not None:
        make_folder(output.parent)
    write_given(text, output)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, where they are missing. Raises UsageError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        raise UsageError(f"{folder} cannot be made a folder", advice="choose a writable place") from None


def require_another(data: str, files: Sequence[str], target: Path) -> None:
    """Raises UsageError where what is written would replace what is read, or become a part of it."""
    if any(is_read(each, target) for each in (data, *files)):
        raise UsageError(
            f"{target} is the table that is read, or is in its folder",
            advice="write the new table somewhere else",
        )
