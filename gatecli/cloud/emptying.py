"""The folders of a job's outputs, emptied: the platform keeps whatever stands there."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from gatecli.cloud.jobs import is_folder


def empty(folders: Sequence[Path]) -> Path | None:
    """Take away what a run left that did not pass. What is put in the place of a folder is taken away, and
    not what a link leads to. Returns a folder that could not be emptied, None where all are empty.
    """
    for folder in folders:
        if folder.is_symlink() or not is_folder(folder):
            with suppress(OSError):
                folder.unlink(missing_ok=True)
        else:
            _remove_all(folder)
    return next((each for each in folders if os.path.lexists(each) and _holds_something(each)), None)


def _remove_all(folder: Path) -> None:
    """Folders are brought up to the top before they are removed, so that none stands too deep for it."""
    stuck: set[str] = set()
    while waiting := [name for name in _names(folder) if name not in stuck]:
        for name in waiting:
            try:
                _remove(folder / name, folder)
            except OSError:
                stuck.add(name)


def _remove(entry: Path, top: Path) -> None:
    if not _is_own_folder(entry):
        entry.unlink()
        return
    for name in _names(entry):
        child = entry / name
        with suppress(OSError):
            if _is_own_folder(child):
                _allow(child)
                child.rename(top / secrets.token_hex(16))
            else:
                child.unlink()
    entry.rmdir()


def _names(folder: Path) -> list[str]:
    """What a folder holds, which its owner is let see and change: a command may have taken its own rights."""
    try:
        _allow(folder)
        return os.listdir(folder)  # noqa: PTH208 - names that may not be text
    except OSError:
        return []


def _allow(folder: Path) -> None:
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & stat.S_IRWXU != stat.S_IRWXU:
        folder.chmod(mode | stat.S_IRWXU)


def _is_own_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _holds_something(folder: Path) -> bool:
    if folder.is_symlink() or not is_folder(folder):
        return True
    try:
        return any(folder.iterdir())
    except OSError:
        return True
