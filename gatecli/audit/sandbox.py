"""A mechanism in a process of its own: started, asked, watched, ended.

A reference is imported in a fresh interpreter (spawn). A function that cannot be sent, such as a test's
lambda, runs in a copy of this process (fork).
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import signal
import socket
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import resource_tracker
from multiprocessing.process import BaseProcess
from types import FrameType, TracebackType
from typing import Any, Self, TypeVar

from gatecli.audit.calling import Reference
from gatecli.audit.descendants import end_all
from gatecli.audit.messages import BrokenMessageError, receive, send, unpack_outputs, unpack_text
from gatecli.audit.outputs import Outputs, join
from gatecli.audit.watch import Watch
from gatecli.audit.worker import SandboxLimits, serve
from gatecli.errors import UncheckableError

_START_SECONDS = 60.0
_JOIN_SECONDS = 3.0
KEPT_CELLS = 2**23
"""Cells of the outputs of one input that are held at once."""

Heard = TypeVar("Heard")


class TimeSpent(Exception):
    """The budget of processor time is over."""


class Sandbox:
    """Runs of one mechanism on numbered inputs; a context manager, after which no process is left.

    Raises UncheckableError, with what went wrong, from every call where the mechanism cannot be run.
    """

    def __init__(
        self, mechanism: Reference | Callable[..., Any], claim: tuple[float, float], inputs: Sequence[Any],
        limits: SandboxLimits,
    ) -> None:  # fmt: skip
        self._mechanism, self._claim, self._inputs, self._limits = mechanism, claim, inputs, limits
        self._process: BaseProcess | None = None
        self._link: socket.socket | None = None
        self._watch: Watch | None = None
        self._told = 0.0
        self._widest = 1
        self.code_file = ""
        """The file that defines the mechanism; "" where there is none."""

    def __enter__(self) -> Self:
        try:
            if isinstance(self._mechanism, Reference):
                # Before, since it lets signals through again once it runs.
                resource_tracker.ensure_running()
            with _held_signals():
                self._start()
            self.code_file = self._hear(_START_SECONDS, unpack_text)
            self._begin_watch()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _start(self) -> None:
        is_named = isinstance(self._mechanism, Reference)
        context: Any = multiprocessing.get_context("spawn" if is_named else "fork")
        self._link, theirs = socket.socketpair()
        ours = None if is_named else self._link  # a copy of this process holds a copy of this end
        arguments = (theirs, ours, self._mechanism, self._claim, self._inputs, self._limits)
        self._process = context.Process(target=serve, args=arguments, daemon=True)
        try:
            with warnings.catch_warnings():
                # Threads of numpy's libraries, which take care of copies themselves.
                warnings.simplefilter("ignore", DeprecationWarning)
                self._process.start()
        except OSError as error:
            raise UncheckableError(f"no process can be started: {error.strerror}") from None
        finally:
            theirs.close()

    def _begin_watch(self) -> None:
        if self._process is not None and self._process.pid is not None:
            self._watch = Watch(self._process.pid, self._limits)

    @property
    def limit(self) -> float:
        """The budget of processor time, in seconds."""
        return self._limits.seconds

    def identity(self) -> str:
        """The digest of what the mechanism is (`gatecli.audit.identity`)."""
        with contextlib.suppress(OSError):  # the reason is read below
            send(self._connection, b'{"identity": true}')
        return self._hear(_START_SECONDS, unpack_text)

    @property
    def seconds(self) -> float:
        """The processor time that is used: as the kernel counts it, else as the process tells it."""
        counted = self._watch.seconds() if self._watch else None
        return self._told if counted is None else counted

    @property
    def most_runs(self) -> int:
        """How many outputs of one input can be held at once: fewer where they are wide."""
        return max(1, KEPT_CELLS // self._widest)

    def draw(self, data: int, seed: Sequence[int], count: int) -> Outputs:
        """The outputs of so many runs on an input. Raises TimeSpent where the budget ends before they are
        done.
        """
        parts: list[Outputs] = []
        done = 0
        while done < count:
            left = self.limit - self.seconds
            if left <= 0:
                raise TimeSpent
            # Wide outputs come in parts, each from a seed of its own.
            question = {"data": data, "seed": [*seed, done] if done else list(seed)}
            part = self._ask({**question, "count": count - done, "seconds": left}, count - done)
            parts.append(part)
            done += part.runs
            self._widest = max(self._widest, part.width)
            if done * self._widest > 4 * KEPT_CELLS:
                raise UncheckableError(
                    f"{done} outputs of up to {self._widest} values are too many to hold",
                    advice="return fewer values, or attack smaller inputs with --pairs",
                )
        return join(parts) if len(parts) > 1 else parts[0]

    def _ask(self, question: dict[str, Any], count: int) -> Outputs:
        with contextlib.suppress(OSError):  # the reason is read below
            send(self._connection, json.dumps(question).encode())

        def read(message: bytes) -> tuple[Outputs, float]:
            return unpack_outputs(message, count)

        outputs, seconds = self._hear(question["seconds"] + self._limits.silence, read)
        self._told += seconds
        return outputs

    @property
    def _connection(self) -> socket.socket:
        if self._link is None:
            raise UncheckableError("the mechanism's process was not started")
        return self._link

    def _hear(self, patience: float, read: Callable[[bytes], Heard]) -> Heard:
        try:
            return read(receive(self._connection, patience))
        except TimeoutError:
            raise UncheckableError(
                f"the mechanism did not answer within {patience:.0f} s",
                advice="look for an endless loop, or give it smaller inputs with --pairs",
            ) from None
        except (EOFError, OSError):
            raise self._ending() from None
        except BrokenMessageError:
            raise UncheckableError(
                "the mechanism's process sent what is not an answer",
                advice="a mechanism must not write to descriptors that it did not open",
            ) from None

    def _ending(self) -> Exception:
        """Why nothing more is heard."""
        if self._watch is not None and self._watch.breach:
            return TimeSpent() if self._watch.is_time else UncheckableError(self._watch.breach)
        return UncheckableError(f"the mechanism's process ended: {self._exit()}")

    def _exit(self) -> str:
        if self._process is None:
            return "it was not started"
        self._process.join(_JOIN_SECONDS)
        code = self._process.exitcode
        if code is None:
            return "it closed its connection"
        return f"signal {-code}" if code < 0 else f"exit code {code}"

    def _end(self) -> None:
        with _held_signals():
            if self._watch is not None:
                self._watch.stop()
            if self._process is not None and self._process.pid is not None:
                end_all(self._process.pid)
                self._process.join(_JOIN_SECONDS)
                with contextlib.suppress(ValueError):  # the kernel cannot end it yet
                    self._process.close()
            if self._link is not None:
                self._link.close()
            self._process = self._link = None


@contextlib.contextmanager
def _held_signals() -> Iterator[None]:
    """A wish to end this process waits until a process that is being started is known, or one is ended.

    What is started does not see it: there, an interrupt of the terminal would end in a traceback.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    caught: list[int] = []

    def catch(number: int, _frame: FrameType | None) -> None:
        caught.append(number)

    before = {each: signal.signal(each, catch) for each in (signal.SIGINT, signal.SIGTERM)}
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, before)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for each, handler in before.items():
            signal.signal(each, signal.SIG_DFL if handler is None else handler)
        for number in caught:
            signal.raise_signal(number)
