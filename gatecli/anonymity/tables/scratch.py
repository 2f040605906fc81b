"""A private folder for what an engine puts on disk; one that a killed process left is removed by the next."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

PREFIX = "gatecli-table-"
HELD = "held"
"""A file that its process keeps locked; the lock ends with the process, however that ends."""


@dataclass(frozen=True, slots=True)
class Scratch:
    """A folder for this process alone, until it is removed."""

    folder: Path
    lock: BinaryIO

    def remove(self) -> None:
        """The folder and all in it; for the second time, nothing."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.lock.close()


def scratch() -> Scratch:
    """A new one. Folders that nobody holds any more are removed first: they are copies of tables."""
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):  # it is held, another user's, or gone meanwhile
            _remove_unheld(left)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    lock = (folder / "new").open("wb")
    fcntl.flock(lock, fcntl.LOCK_EX)
    (folder / "new").rename(folder / HELD)  # it never stands there unlocked
    return Scratch(folder, lock)


def _remove_unheld(folder: Path) -> None:
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        return
    with (folder / HELD).open("rb+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
