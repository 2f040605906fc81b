"""Stopping an engine: when its time is up, and when the user says so (Ctrl-C).

Python runs a signal's handler only between two steps of its own, which may be minutes away while an
engine computes. The signal's number is written to a socket at once, though; a thread that waits for it
asks the engine to stop, whose call then fails.
"""

from __future__ import annotations

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from types import FrameType

DONE = b"\0"
ENDING = frozenset({signal.SIGINT, signal.SIGTERM})
"""What ends the work, where a handler of it is set."""
AGAIN = 0.1
"""Seconds between two requests: one that comes between two statements stops neither."""
PATIENCE = 3.0
"""Seconds after which a call that no request stopped is broken off here."""


@dataclass(slots=True)
class Stopped:
    """Why an engine was stopped, if it was."""

    is_late: bool = False
    is_interrupted: bool = False
    is_broken_off: bool = False
    is_over: bool = False


@contextmanager
def stoppable(interrupt: Callable[[], None] | None, timeout: float | None) -> Iterator[Stopped]:
    """While inside, `interrupt` is called from another thread once `timeout` seconds are over or the
    user interrupts. A call that is not stopped by it, or that has none, is broken off by a
    KeyboardInterrupt where it runs in the main thread.
    """
    stopped = Stopped()
    told, telling = socket.socketpair()
    telling.settimeout(0)  # as a signal must not wait
    is_main = threading.current_thread() is threading.main_thread()
    watcher = threading.Thread(
        target=_watch,
        args=(told, stopped, interrupt, _break_off if is_main else _nothing, timeout),
        daemon=True,
    )
    heard = _hearing(telling, stopped, is_patient=interrupt is not None) if is_main else nullcontext()
    with told, telling, heard:
        watcher.start()
        try:
            yield stopped
        finally:
            stopped.is_over = True
            telling.send(DONE)
            watcher.join(PATIENCE)  # asking an engine that is gone may take for ever


@contextmanager
def _hearing(telling: socket.socket, stopped: Stopped, *, is_patient: bool) -> Iterator[None]:
    """Signals are told. A first Ctrl-C raises nothing in the middle of a driver that can be asked to stop."""
    ending = _ending()
    handler = signal.getsignal(ending)
    presses: list[int] = []

    def press(number: int, _frame: FrameType | None) -> None:
        presses.append(number)
        if stopped.is_over:
            stopped.is_interrupted |= not stopped.is_broken_off
        elif stopped.is_broken_off or len(presses) > 1 or not is_patient:
            raise KeyboardInterrupt

    previous = signal.set_wakeup_fd(telling.fileno(), warn_on_full_buffer=False)
    if handler is not None:  # None: it was not set from Python, and could not be put back
        signal.signal(ending, press)
    try:
        yield
    finally:
        if handler is not None:
            signal.signal(ending, handler)
        signal.set_wakeup_fd(previous)


def _watch(
    told: socket.socket,
    stopped: Stopped,
    interrupt: Callable[[], None] | None,
    break_off: Callable[[Stopped], None],
    timeout: float | None,
) -> None:
    numbers = _hear_signals(told, timeout)
    while numbers and DONE not in numbers and ENDING.isdisjoint(numbers):
        numbers = _hear_signals(told, timeout)
    stopped.is_late, stopped.is_interrupted = not numbers, not ENDING.isdisjoint(numbers)
    if stopped.is_interrupted and interrupt is None:
        return  # the handler has raised already
    waited = PATIENCE if interrupt is None else 0.0
    while DONE not in numbers:
        if interrupt is not None:
            with suppress(Exception):  # an engine that is gone needs no stopping: its answer is void anyway
                interrupt()
        if waited >= PATIENCE:
            break_off(stopped)
            waited = float("-inf")
        numbers = _hear_signals(told, AGAIN)
        waited += AGAIN


def _hear_signals(told: socket.socket, timeout: float | None) -> bytes:
    """The numbers of signals, or `DONE`; nothing where the time is up."""
    try:
        told.settimeout(None if timeout is None else min(timeout, threading.TIMEOUT_MAX))
        return told.recv(64)
    except (TimeoutError, BlockingIOError):  # the latter for no time at all
        return b""
    except OSError:  # nobody waits for an answer any more
        return DONE


def _nothing(_stopped: Stopped) -> None:
    """Only the main thread can be interrupted."""


def _break_off(stopped: Stopped) -> None:
    """A driver that waits for its server is interrupted as the user would."""
    identity = threading.main_thread().ident
    if identity is not None and not stopped.is_broken_off:
        stopped.is_broken_off = True
        signal.pthread_kill(identity, _ending())


def _ending() -> signal.Signals:
    """The interrupt; the request to end where that is ignored, as it is in a shell's background job."""
    return signal.SIGINT if callable(signal.getsignal(signal.SIGINT)) else signal.SIGTERM
