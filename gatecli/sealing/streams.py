"""Streams that count and hash what passes, and the pipe from one epoch to the next."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from typing import TypeVar

from gatecli.model.sealed_artifact import SealedBytes
from gatecli.sealing.age_format import Readable, SealBroken, Writable

LONGEST_LINE = 2**20
PIECE = 2**18
Taken = TypeVar("Taken")


class StreamError(Exception):
    """A stream ended because a file could not be read or written."""

    def __init__(self, reason: str, *, is_writing: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_writing = is_writing


class PassedBytes:
    """The digest and the size of what passed."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._size = 0

    def add(self, content: bytes) -> None:
        self._digest.update(content)
        self._size += len(content)

    def bytes(self) -> SealedBytes:
        """What passed until now."""
        return SealedBytes(sha256=self._digest.hexdigest(), size=self._size)


class Failures:
    """The first thing that failed in a stream, which the library between tells in words, or not at all."""

    def __init__(self) -> None:
        self.first: BaseException | None = None

    def keep(self, work: Callable[[], Taken], *, is_writing: bool) -> Taken:
        """Do a piece of work. Raises what failed, and keeps it."""
        try:
            return work()
        except OSError as error:
            self.first = self.first or StreamError(error.strerror or str(error), is_writing=is_writing)
            raise
        except BaseException as error:
            self.first = self.first or error
            raise


class TalliedReader:
    """What was read before (`head`), then a stream; only the stream is counted."""

    def __init__(self, source: Readable, failures: Failures, head: bytes = b"") -> None:
        self.tally = PassedBytes()
        self._source = source
        self._failures = failures
        self._head = head

    def read(self, size: int = -1, /) -> bytes:
        return self._failures.keep(lambda: self._read(size), is_writing=False)

    def _read(self, size: int) -> bytes:
        if self._head:
            taken = self._head if size < 0 else self._head[:size]
            self._head = self._head[len(taken) :]
            return taken
        content = self._source.read(size)
        self.tally.add(content)
        return content

    def drain(self) -> None:
        """Read what is left, so that all of the file is counted."""
        while self.read(PIECE):
            continue


class TalliedWriter:
    """A stream; with `split`, its first line is kept apart and not counted."""

    def __init__(self, target: Writable, failures: Failures, *, split: bool = False) -> None:
        self.tally = PassedBytes()
        self.line: bytes | None = None if split else b""
        self._held = b""
        self._target = target
        self._failures = failures

    def write(self, content: bytes, /) -> int:
        return self._failures.keep(lambda: self._write(content), is_writing=True)

    def _write(self, content: bytes) -> int:
        rest = self._split(content) if self.line is None else content
        if rest:
            self.tally.add(rest)
            self._target.write(rest)
        return len(content)

    def _split(self, content: bytes) -> bytes:
        self._held += content
        line, end, rest = self._held.partition(b"\n")
        if len(line) > LONGEST_LINE:
            raise SealBroken("it holds no manifest")
        if not end:
            return b""
        self.line, self._held = line + end, b""
        return rest

    def flush(self) -> None:
        self._failures.keep(self._target.flush, is_writing=True)


class Pipe:
    """From a thread that decrypts to one that encrypts; an end that broke off is told from one that came."""

    def __init__(self) -> None:
        reading, writing = os.pipe()
        self._reading = os.fdopen(reading, "rb", buffering=PIECE)
        self._writing = os.fdopen(writing, "wb", buffering=PIECE)
        self._is_whole = False

    def write(self, content: bytes, /) -> int:
        return self._writing.write(content)

    def flush(self) -> None:
        self._writing.flush()

    def end(self, *, is_whole: bool) -> None:
        """No more is written; `is_whole` says that all was."""
        self._is_whole = is_whole
        try:
            self._writing.close()
        except BrokenPipeError:
            self._is_whole = False

    def read(self, size: int = -1, /) -> bytes:
        content = self._reading.read(size)
        if not content and not self._is_whole:
            raise SealBroken("what was decrypted is not whole")
        return content

    def stop(self) -> None:
        """No more is read."""
        self._reading.close()
