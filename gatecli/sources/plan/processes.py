"""A program run to its end: no input, no shell, never longer than it may, and nothing of it left over."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

GRACE = 10.0
"""Seconds from the interrupt to the kill: Terraform stops its providers and releases its lock in them."""

_DRAIN = 5.0
_ENDING = (signal.SIGTERM, signal.SIGHUP)
_Handler = Callable[[int, FrameType | None], Any] | int | signal.Handlers | None


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended, and what it said."""

    code: int
    out: bytes = field(repr=False)
    err: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class TimedOut:
    """A program that had to be ended."""

    seconds: float


def run(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    seconds: float,
    *,
    grace: float = GRACE,
) -> Ended | TimedOut:
    """Run a program in a session of its own; at the time-out, and on every exception, all of it ends.

    Raises `OSError` where it cannot be started.
    """
    process = None
    held = _Held()
    try:
        process = subprocess.Popen(  # noqa: S603 - a list, no shell; the program is the user's choice
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        held.release()
        out, err = process.communicate(timeout=max(seconds, 0))
    except subprocess.TimeoutExpired:
        return TimedOut(seconds)
    else:
        return Ended(process.returncode, out, err)
    finally:
        held.restore()
        if process is not None:
            _end(process, grace)


class _Held:
    """Signals that wait until a child that was just started is known: else nobody would end it."""

    def __init__(self) -> None:
        self._caught: list[int] = []
        self._before: dict[signal.Signals, _Handler] = {}
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, *_ENDING):
                self._before[number] = signal.signal(number, self._catch)

    def _catch(self, number: int, _frame: FrameType | None) -> None:
        self._caught.append(number)

    def restore(self) -> None:
        while self._before:
            number, handler = self._before.popitem()
            signal.signal(number, _usual(handler))

    def release(self) -> None:
        """The handlers as they were; what was caught meanwhile comes now."""
        self.restore()
        while self._caught:
            signal.raise_signal(self._caught.pop())


def _end(process: subprocess.Popen[bytes], grace: float) -> None:
    """Interrupt the process and its children where they still run, then kill what is left of them."""
    try:
        if process.poll() is None:
            _signal(process, signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.communicate(timeout=grace)
    finally:
        _signal(process, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired, ValueError):  # ValueError: all was read before
            process.communicate(timeout=_DRAIN)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    # Gone already; or, on macOS, nothing but a zombie.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


@contextmanager
def terminable() -> Iterator[None]:
    """While it holds, SIGTERM and SIGHUP end the work as Ctrl-C does, so that everything is cleaned up."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _interrupt) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, _usual(handler))


def _usual(handler: _Handler) -> Callable[[int, FrameType | None], Any] | int | signal.Handlers:
    """A handler that was not set from Python (None) cannot be put back."""
    return signal.SIG_DFL if handler is None else handler


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
