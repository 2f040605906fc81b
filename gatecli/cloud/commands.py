"""The command of a job: what it may start, what it is told, and how it ends."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from gatecli.cloud.jobs import Job
from gatecli.errors import UsageError

JOB_VARIABLE = "GATECLI_JOB"
"""How the command is told which job it is of, for `gatecli.evidence.write(…, job=…)`."""

_CODE = frozenset(
    {".py", ".pyc", ".pyz", ".ipynb", ".sh", ".r", ".jl", ".jar", ".js", ".pl", ".rb", ".so", ".whl"}
)
_INTERPRETERS = re.compile(
    r"(python|pypy)[\d.]*|rscript|julia|node|perl|ruby|java|torchrun|accelerate|spark-submit|flwr"
)
"""They take the first argument that is no option as a script."""
_STARTERS = re.compile(
    r"sh|bash|dash|zsh|ksh|busybox|env|nice|nohup|timeout|stdbuf|time|xargs|mpirun|uv|poetry"
)
"""They start what stands anywhere in their arguments, or in a text of them."""
_SEARCHED = (
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "PYTHONHOME",
    "PATH",
    "LD_PRELOAD",
    "LD_LIBRARY_PATH",
    "BASH_ENV",
    "ENV",
)
_OURS = re.compile(r"GATECLI_.*|PG[A-Z]+")


def require_own_code(command: Sequence[str], job: Job, environment: Mapping[str, str], here: Path) -> None:
    """Raise UsageError where code would come from an input of the job: what is pinned is the image alone."""
    folders = {each.name: each.folder.resolve() for each in job.inputs if each.folder is not None}
    for what, path in _sources(command, environment, here):
        for name, folder in folders.items():
            if path.resolve().is_relative_to(folder):
                raise UsageError(
                    f"{what} is below the input {name}, and what an input brings is no code of the image",
                    advice="put the code into the image, which is pinned by its digest",
                )


def _sources(
    command: Sequence[str], environment: Mapping[str, str], here: Path
) -> Iterator[tuple[str, Path]]:
    """Where code comes from: the program, scripts among its arguments, what is searched, where it starts."""
    program = shutil.which(command[0], path=environment.get("PATH"))
    yield "the program of the command", here / (program or command[0])
    for number, argument in enumerate(command[1:], 1):
        for word in _scripts(command, number):
            yield f"argument {number} of the command", here / word
        value = argument.partition("=")[2] if argument.startswith("-") else argument
        if Path(value).suffix.lower() in _CODE:
            yield f"argument {number} of the command", here / value
    for name in _SEARCHED:
        for entry in filter(None, re.split(r"[:\s]", environment.get(name, ""))):
            yield f"an entry of {name}", here / entry
    yield "the folder that the command starts in", here


def _scripts(command: Sequence[str], number: int) -> Sequence[str]:
    """The words of an argument that the program may start."""
    program, argument = Path(command[0]).name.lower(), command[number]
    if _STARTERS.fullmatch(program):
        return re.findall(r"[^\s;&|<>()'\"`$={}]+", argument)
    if _INTERPRETERS.fullmatch(program) and all(each.startswith("-") for each in command[1:number]):
        return () if argument.startswith("-") else (argument,)
    return ()


def environment_of(job: Job, given: Mapping[str, str]) -> dict[str, str]:
    """What the command is told: not the ledger, its key or its password, which could undo what it spends."""
    kept = {name: value for name, value in given.items() if not _OURS.fullmatch(name)}
    return {**kept, JOB_VARIABLE: job.digest}


def run_command(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run it to its end; its exit code, or 128 and the number of the signal that ended it.

    A request to end is passed on to it. Raises UsageError where it cannot be started.
    """
    try:
        process = subprocess.Popen(command, env=dict(environment))  # noqa: S603 - the job's own command
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it holds a NUL"
        raise UsageError(
            f"the command cannot be started: {reason}", advice="check the name of its program after --"
        ) from None
    with _passed_on(process):
        code = process.wait()
    return code if code >= 0 else 128 - code


@contextmanager
def _passed_on(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """While it runs, what asks this process to end asks that one."""

    def pass_on(number: int, _frame: FrameType | None) -> None:
        process.send_signal(number)

    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = {number: signal.signal(number, pass_on) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


def is_program(name: str, environment: Mapping[str, str]) -> bool:
    """Whether there is such a program: known before any budget is taken."""
    found = shutil.which(name, path=environment.get("PATH", os.defpath))
    return found is not None
