"""Files that a command writes: never one that it reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gatecli.anonymity.tables.files import is_read
from gatecli.errors import UsageError


def require_another(data: str, files: Sequence[str], target: Path) -> None:
    """Raises UsageError where what is written would replace what is read, or become a part of it."""
    if any(is_read(each, target) for each in (data, *files)):
        raise UsageError(
            f"{target} is the table that is read, or is in its folder",
            advice="write the new table somewhere else",
        )
