"""Files that a command writes: never one that it reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gatecli.anonymity.tables.files import is_read
from gatecli.cli.ledger_records import write_given
from gatecli.errors import UsageError


def write_into_folder(text: str, output: Path | None) -> None:
    """Write a text to a file, whose folder is made, or show it. Raises UsageError where no folder can be."""
    if output is not None:
        try:
            output.parent.mkdir(parents=True, exist_ok=True)
        except OSError:
            raise UsageError(
                f"{output.parent} is no folder, and none can be made there", advice="choose a writable place"
            ) from None
    write_given(text, output)


def require_another(data: str, files: Sequence[str], target: Path) -> None:
    """Raises UsageError where what is written would replace what is read, or become a part of it."""
    if any(is_read(each, target) for each in (data, *files)):
        raise UsageError(
            f"{target} is the table that is read, or is in its folder",
            advice="write the new table somewhere else",
        )
