"""Bytes and text from files that strangers wrote: bounded, never blocking, one sentence an error."""

from __future__ import annotations

import codecs
import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Protocol

from gatecli.errors import GatecliError, UncheckableError, UsageError
from gatecli.model.document import Position

MAX_BYTES = 16 * 2**20
"""A declaration, a policy or an evidence file above this is refused unread."""

_SMALL = 2**18

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins like UTF-16, so it is looked for first
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_FILE_KINDS = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)

_REASONS = {
    errno.ENOENT: ("does not exist", "check the path"),
    errno.ENOTDIR: ("does not exist", "check the path"),
    errno.EACCES: ("cannot be read: permission denied", "make it readable for the user that runs the gate"),
    errno.EPERM: ("cannot be read: permission denied", "make it readable for the user that runs the gate"),
    errno.ELOOP: ("is a loop of symbolic links", "replace the link by the file"),
    errno.ENAMETOOLONG: ("has a name that is too long", "shorten the path"),
}


class ReadError(Exception):
    """An input cannot be read; its text completes the sentence that begins with the file's name.

    `invalid` separates a readable text of the wrong form from what cannot be read at all.
    """

    def __init__(
        self, problem: str, mend: str = "", *, position: Position | None = None, invalid: bool = False
    ) -> None:
        super().__init__(problem)
        self.problem = problem
        self.mend = mend or "restore the file and run the gate again"
        self.position = position
        self.invalid = invalid


class MissingFileError(ReadError):
    """Nothing stands at the path."""


def unreadable_argument(path: Path, error: ReadError) -> GatecliError:
    """What is raised for a file that an argument names: a usage error where nothing is there."""
    kind = UsageError if isinstance(error, MissingFileError) else UncheckableError
    return kind(f"{path}: it {error.problem}", advice=error.mend)


def _explain_error(error: OSError) -> ReadError:
    problem, mend = _REASONS.get(error.errno or 0, (f"cannot be read: {error.strerror or error}", ""))
    kind = MissingFileError if error.errno in {errno.ENOENT, errno.ENOTDIR} else ReadError
    return kind(problem, mend)


def _refuse_special(mode: int, path: Path) -> None:
    if stat.S_ISREG(mode):
        return
    if stat.S_ISDIR(mode):
        if not os.access(path, os.R_OK | os.X_OK):
            raise ReadError("is a directory that cannot be listed", "make it readable, or leave it out")
        raise ReadError("is a directory", "name a file in it")
    kind = next((name for test, name in _FILE_KINDS if test(mode)), "not a regular file")
    raise ReadError(f"is {kind}", "write it to a regular file and name that")


def _opener(path: str, flags: int) -> int:
    # The file may be swapped for a pipe between the look and the opening: never wait for a writer.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0))


@contextmanager
def open_file(path: Path) -> Iterator[BufferedReader]:
    """The regular file at `path`, open for reading. Raises `ReadError`; never blocks."""
    try:
        _refuse_special(path.stat().st_mode, path)
        with open(path, "rb", opener=_opener) as file:
            _refuse_special(os.fstat(file.fileno()).st_mode, path)
            yield file
    except OSError as error:
        raise _explain_error(error) from error
    except ValueError as error:  # a NUL in the name
        raise ReadError("has a name that no file can have", "check the path") from error


def read_bytes(path: Path, limit: int = MAX_BYTES) -> bytes:
    """All of a regular file of at most `limit` bytes. Raises `ReadError`."""
    with open_file(path) as file:
        size = os.fstat(file.fileno()).st_size
        content = b"" if size > limit else file.read(limit + 1)
    if size > limit or len(content) > limit:
        raise ReadError(f"is larger than {limit // 2**20} MiB", "keep only the declaration in it")
    return content


def read_start(path: Path, length: int) -> bytes:
    """At most the first `length` bytes of a regular file of any size. Raises `ReadError`."""
    with open_file(path) as file:
        return file.read(length)


def read_text(path: Path, limit: int = MAX_BYTES) -> str:
    """The text of a file, in UTF-8 or marked by a byte order mark. Raises `ReadError`."""
    return decode_text(read_bytes(path, limit))


def decode_text(content: bytes) -> str:
    """The text in `content`, without its byte order mark. Raises `ReadError`."""
    mark, encoding = next(
        ((mark, name) for mark, name in _BYTE_ORDER_MARKS if content.startswith(mark)), (b"", "utf-8")
    )
    body = content[len(mark) :]
    if encoding == "utf-8" and b"\0" in body:
        raise ReadError(
            "is a binary file, or UTF-16 without a byte order mark",
            "name a text file in UTF-8: the declaration, not the model",
        )
    try:
        return body.decode(encoding)
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1 if encoding == "utf-8" else None
        byte, offset = body[error.start], error.start + len(mark)
        raise ReadError(
            f"is not {encoding.upper()} text: byte 0x{byte:02x} at offset {offset}",
            "save it as UTF-8",
            position=Position(line, 1) if line else None,
        ) from error


def sha256_of(path: Path) -> str:
    """The SHA-256 of a regular file in lower-case hexadecimal, read in pieces. Raises `ReadError`."""
    with open_file(path) as file:
        if os.fstat(file.fileno()).st_size < _SMALL:  # without the buffer that a large one needs
            return hashlib.sha256(file.read()).hexdigest()
        return hashlib.file_digest(file, "sha256").hexdigest()


class Files(Protocol):
    """Where files are read from: this machine, or a revision."""

    def holds(self, path: Path, /) -> bool:
        """Whether anything stands at `path`, a link that leads nowhere too."""
        ...

    def read(self, path: Path, limit: int = MAX_BYTES, /) -> bytes:
        """All of a regular file of at most `limit` bytes. Raises `ReadError`."""
        ...

    def identify(self, path: Path, /) -> str:
        """One name for every way to a file."""
        ...

    def is_top(self, folder: Path, /) -> bool:
        """Whether a repository begins at `folder`: what lies above is of no concern to it."""
        ...


class _OnDisk:
    """The files of this machine, as they are now."""

    def holds(self, path: Path, /) -> bool:
        return os.path.lexists(path)

    def read(self, path: Path, limit: int = MAX_BYTES, /) -> bytes:
        return read_bytes(path, limit)

    def identify(self, path: Path, /) -> str:
        """A name that no file can have is its own."""
        return str(path) if "\0" in str(path) else os.path.realpath(path)

    def is_top(self, folder: Path, /) -> bool:
        return os.path.lexists(folder / ".git")


ON_DISK: Files = _OnDisk()
