"""Files that a command writes: never one that it reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gatecli.anonymity.tables.files import holds
from gatecli.errors import NothingToCheckError, UsageError


def require_another(data: str, files: Sequence[str], target: Path) -> None:
    """Raises UsageError where what is written would replace what is read, or become a part of it."""
    file = data.removeprefix("sqlite://").partition("#")[0] if data.startswith("sqlite://") else data
    if any(_is_read(each, target) for each in (file, *files) if "://" not in each):
        raise UsageError(
            f"{target} is the table that is read, or is in its folder",
            advice="write the new table somewhere else",
        )


def _is_read(source: str, target: Path) -> bool:
    try:
        return holds(source, target)
    except NothingToCheckError:  # it is said again where the table is opened
        return False
