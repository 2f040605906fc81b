"""A mechanism in a process of its own: started, asked, watched, ended.

A reference is imported in a fresh interpreter (spawn). A function that cannot be sent, such as a test's
lambda, runs in a copy of this process (fork), which Windows does not have.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import signal
import warnings
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any, Self

from gatecli.audit.calling import Reference
from gatecli.audit.outputs import Outputs
from gatecli.audit.worker import SandboxLimits, serve, unpack
from gatecli.errors import UncheckableError

_START_SECONDS = 60.0


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
        self._pipe: Connection | None = None
        self.seconds = 0.0
        self.code_file = ""
        """The file that defines the mechanism; "" where there is none."""

    def __enter__(self) -> Self:
        methods = multiprocessing.get_all_start_methods()
        is_named = isinstance(self._mechanism, Reference)
        if not is_named and "fork" not in methods:
            raise UncheckableError(
                "this system cannot copy a process, which a function that is not in a module needs",
                advice="name it as MODULE:FUNCTION",
            )
        context: Any = multiprocessing.get_context("spawn" if is_named else "fork")
        self._pipe, theirs = context.Pipe()
        ours = None if is_named else self._pipe  # a copy of this process holds a copy of this end
        arguments = (theirs, ours, self._mechanism, self._claim, self._inputs, self._limits)
        self._process = context.Process(target=serve, args=arguments, daemon=True)
        with warnings.catch_warnings():
            # Threads of numpy's libraries, which take care of copies themselves.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._process.start()
        theirs.close()
        try:
            self.code_file = str(json.loads(self._hear(_START_SECONDS)).get("file", ""))
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    @property
    def limit(self) -> float:
        """The budget of processor time, in seconds."""
        return self._limits.seconds

    def identity(self) -> str:
        """The digest of what the mechanism is (`gatecli.audit.identity`)."""
        with contextlib.suppress(BrokenPipeError):  # the reason is read below
            self._connection.send_bytes(b'{"identity": true}')
        return str(json.loads(self._hear(_START_SECONDS))["identity"])

    def draw(self, data: int, seed: Sequence[int], count: int) -> Outputs:
        """The outputs of so many runs on an input. Raises TimeSpent where the budget ends before they are
        done.
        """
        left = self._limits.seconds - self.seconds
        if left <= 0:
            raise TimeSpent
        question = {"data": data, "seed": list(seed), "count": count, "seconds": left}
        with contextlib.suppress(BrokenPipeError):  # the reason is read below
            self._connection.send_bytes(json.dumps(question).encode())
        outputs, seconds = unpack(self._hear(left + self._limits.silence))
        self.seconds += seconds
        if outputs.runs < count:
            raise TimeSpent
        return outputs

    @property
    def _connection(self) -> Connection:
        if self._pipe is None:
            raise UncheckableError("the mechanism's process was not started")
        return self._pipe

    def _hear(self, patience: float) -> bytes:
        try:
            if not self._connection.poll(patience):
                raise UncheckableError(
                    f"the mechanism did not answer within {patience:.0f} s",
                    advice="look for an endless loop, or give it smaller inputs with --pairs",
                )
            answer = self._connection.recv_bytes()
        except (EOFError, ConnectionResetError):
            raise UncheckableError(f"the mechanism's process ended: {self._ending()}") from None
        if answer.startswith(b'{"error"'):
            unpack(answer)
        return answer

    def _ending(self) -> str:
        if self._process is None:
            return "it was not started"
        self._process.join(5)
        code = self._process.exitcode
        return f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"

    def _end(self) -> None:
        if self._process is not None:
            _end_group(self._process.pid)
            self._process.kill()
            self._process.join()
            self._process.close()
        if self._pipe is not None:
            self._pipe.close()
        self._process = self._pipe = None


def _end_group(leader: int | None) -> None:
    """End what the mechanism started; it is of a session of its own (`worker.serve`)."""
    if leader and hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, signal.SIGKILL)
