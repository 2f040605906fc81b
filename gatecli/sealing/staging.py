"""Large files that appear whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from typing import IO

from gatecli.errors import UsageError

PRIVATE = 0o600


@contextmanager
def stage_file(path: Path, *, is_private: bool) -> Iterator[IO[bytes]]:
    """A file beside `path`, readable for nobody else, that takes its place once the block has ended well.

    `is_private` keeps it readable for its owner alone. Raises UsageError where it cannot be written, and for
    a link (such as `/dev/stdout`), which a file would replace.
    """
    temporary = _name_beside(path)  # before it is there, so that an interruption at any moment removes it
    try:
        with open(temporary, "xb", opener=_open_private) as file:
            yield file
            store(file)
        if not is_private:
            temporary.chmod(_shared_mode())
        temporary.replace(path)
    except OSError as error:
        raise unwritable(path, error) from None
    finally:
        temporary.unlink(missing_ok=True)


def _name_beside(path: Path) -> Path:
    """A name that nothing has. Raises UsageError where a file cannot take the place of `path`."""
    if "\0" in str(path):
        raise unwritable(path, ValueError())
    try:
        if path.is_symlink():
            raise UsageError(f"{path} is a link, and is not replaced", advice="name a file with --output")
        if path.exists() and not path.is_file():
            raise UsageError(f"{path} is not a regular file", advice="name a file with --output")
    except OSError as error:  # a name that is too long, a folder that is closed
        raise unwritable(path, error) from None
    return path.with_name(f".{path.name[:50]}.{token_hex(8)}")


def _open_private(name: str, flags: int) -> int:
    return os.open(name, flags, PRIVATE)


def store(file: IO[bytes]) -> None:
    """Have the disk hold what was written. Raises OSError where it does not, as where it is full."""
    file.flush()
    os.fsync(file.fileno())


def unwritable(path: Path, error: Exception) -> UsageError:
    """What is raised where a file cannot be written."""
    reason = getattr(error, "strerror", None) or "its name cannot be one"
    return UsageError(f"cannot write {path}: {reason}", advice="choose a writable place")


def _shared_mode() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask
