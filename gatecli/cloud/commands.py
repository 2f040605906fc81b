"""The command of a job: what it may start, what it is told, and how it ends."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from gatecli.audit.descendants import descendants, end_descendants, orphans_adopted
from gatecli.checks.cloud.programs import SEARCHED, code_words, search_entries
from gatecli.cloud.jobs import Job, real
from gatecli.errors import InterruptedRunError, UncheckableError, UsageError

JOB_VARIABLE = "GATECLI_JOB"
"""How the command is told which job it is of, for `gatecli.evidence.write(…, job=…)`."""

_OURS = re.compile(r"GATECLI_.*|PG[A-Z]+")


def require_own_code(command: Sequence[str], job: Job, environment: Mapping[str, str], here: Path) -> None:
    """Raise UsageError where code would come from an input of the job: what is pinned is the image alone."""
    folders = {each.name: real(each.folder) for each in job.inputs if each.folder is not None}
    for what, path in _sources(command, environment, here):
        for name, folder in folders.items():
            if real(path).is_relative_to(folder):
                raise UsageError(
                    f"{what} is below the input {name}, so its code is not part of the image",
                    advice="put the code into the image, which is pinned by its digest",
                )


def _sources(
    command: Sequence[str], environment: Mapping[str, str], here: Path
) -> Iterator[tuple[str, Path]]:
    """Where code comes from: the program, scripts among its arguments, what is searched, where it starts."""
    program = shutil.which(command[0], path=environment.get("PATH"))
    yield "the program of the command", here / (program or command[0])
    for number in range(1, len(command)):
        for word in code_words(command, number, lambda name: os.path.exists(here / name)):  # noqa: PTH110 - never raises
            yield f"argument {number} of the command", here / word
    for name in sorted(SEARCHED & environment.keys()):
        for entry in search_entries(environment[name]):
            yield f"an entry of {name}", here / entry
    yield "the folder that the command starts in", here


def environment_of(job: Job, given: Mapping[str, str]) -> dict[str, str]:
    """What the command is told: not the ledger, its key or its password, which could undo what it spends."""
    kept = {name: value for name, value in given.items() if not _OURS.fullmatch(name)}
    return {**kept, JOB_VARIABLE: job.digest}


@dataclass(slots=True)
class _Requests:
    """Requests to end: passed on to the process, and all of its group, once it runs; and remembered."""

    process: subprocess.Popen[bytes] | None = None
    numbers: list[int] = field(default_factory=list)

    def pass_on(self, number: int, _frame: FrameType | None) -> None:
        self.numbers.append(number)
        if self.process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)

    def begin(self, process: subprocess.Popen[bytes]) -> None:
        """Pass on what was asked since, and what will be."""
        self.process = process
        for number in self.numbers.copy():
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, number)


def run_command(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run it to its end; its exit code, or 128 and the number of the signal that ended it.

    It reads nothing from this process, and a request to end is passed on to it. What it started and left is
    ended with it: nothing of it may write after its end. Raises UsageError where it cannot be started,
    InterruptedRunError where it was asked to end, whatever it says then.
    """
    before = set(descendants(os.getpid()))
    requests = _Requests()
    with orphans_adopted(), _requests_handled_by(requests):
        try:
            process = subprocess.Popen(  # noqa: S603 - the job's own command
                command, env=dict(environment), stdin=subprocess.DEVNULL, process_group=0
            )
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it holds a NUL"
            raise UsageError(
                f"the command cannot be started: {reason}", advice="check the name of its program after --"
            ) from None
        requests.begin(process)
        code = _wait_for(process, before)
        if not end_descendants(before):
            raise UncheckableError(
                "the command left processes that do not end, which may still write",
                advice="let it wait for what it starts",
            )
    if requests.numbers:
        raise InterruptedRunError(
            "the job was asked to end while its command ran", advice="run it as another job: charged again"
        )
    return code if code >= 0 else 128 - code


def _wait_for(process: subprocess.Popen[bytes], kept: Collection[int]) -> int:
    """Its exit code. Orphans that end meanwhile were adopted, so they are waited for, too."""
    while sys.platform == "linux":
        ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
        if ended is None or ended.si_pid == process.pid or ended.si_pid in kept:
            break
        with suppress(ChildProcessError):
            os.waitpid(ended.si_pid, 0)
    return process.wait()


_ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGHUP") if hasattr(signal, name))


@contextmanager
def _requests_handled_by(requests: _Requests) -> Iterator[None]:
    """While it lasts, requests to end are told to that object, and end nothing here. Those that are ignored,
    as under nohup, stay ignored.
    """
    if threading.current_thread() is not threading.main_thread():  # only there signals have handlers
        yield
        return
    handled = [number for number in _ENDING if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, requests.pass_on) for number in handled}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


@contextmanager
def put_off() -> Iterator[None]:
    """While it lasts, requests to end are put off: what is done must be done wholly. They are not kept:
    what follows is an end.
    """
    with _requests_handled_by(_Requests()):
        yield


@contextmanager
def ended_by_hangup() -> Iterator[None]:
    """While it lasts, the end of a terminal interrupts as Ctrl-C does, instead of ending this at once."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGHUP"):
        yield
        return
    before = signal.getsignal(signal.SIGHUP)
    if before is signal.SIG_DFL:  # under nohup it is ignored
        signal.signal(signal.SIGHUP, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


def is_program(name: str, environment: Mapping[str, str]) -> bool:
    """Whether there is such a program: known before any budget is taken."""
    found = shutil.which(name, path=environment.get("PATH", os.defpath))
    return found is not None
