"""The process in which a mechanism runs: limited in time and memory, it takes questions and sends numbers.

Nothing that it sends is code, and nothing that the mechanism prints or says in an error is sent: it may be
of the data.
"""

from __future__ import annotations

import faulthandler
import inspect
import json
import os
import resource
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Self

from gatecli.audit.calling import MechanismCall, Reference, call_of
from gatecli.audit.descendants import keep_descendants
from gatecli.audit.environment import forget_credentials
from gatecli.audit.identity import identity_of
from gatecli.audit.messages import (
    MOST_CELLS,
    pack_error,
    pack_outputs,
    pack_text,
    receive,
    send,
)
from gatecli.audit.outputs import Outputs, join, read_outputs
from gatecli.errors import GatecliError, UncheckableError, UsageError
from gatecli.model.quoting import quote_name

_LOOK_EVERY = 32
_PART = 512
"""Runs whose outputs are held as they were returned, before they become arrays."""
_UNKNOWN_WIDTH = 500
"""Runs that are asked for at once of a mechanism that has not yet shown how wide its outputs are."""
_MOST_TEXTS = 1000
_MOST_SECONDS = 30 * 24 * 3600.0
_GIGABYTE = 1024**3
_MOST_GIGABYTES = 2**20


@dataclass(frozen=True, slots=True)
class SandboxLimits:
    """What a process of a mechanism may use: seconds of processor, bytes above what Python itself holds,
    how many seconds it may stay silent beyond its own processor time, and how many processes it may start.
    """

    seconds: float = 30.0
    memory: int = 2 * _GIGABYTE
    silence: float = 10.0
    processes: int = 64

    @classmethod
    def of(cls, seconds: object, gigabytes: object = 2.0) -> Self:
        """The limits of a budget of processor time and of memory. Raises UsageError for what is neither."""
        return cls(
            _within(seconds, 0.1, _MOST_SECONDS, "the time budget", "seconds"),
            int(_within(gigabytes, 0.1, _MOST_GIGABYTES, "the memory", "gigabytes") * _GIGABYTE),
        )


def _within(value: object, least: float, most: float, name: str, unit: str) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    # A NaN is in no range.
    if not is_number or not least <= value <= most:  # type: ignore[operator]  # a number
        raise UsageError(f"{name} is not between {least:g} and {most:g} {unit}", advice="write for example 2")
    return float(value)  # type: ignore[arg-type]  # a number


@dataclass(frozen=True, slots=True)
class RunsQuestion:
    """Runs that are asked for: on which data, from which seed, and how much processor time is left for
    them.
    """

    data: int
    seed: tuple[int, ...]
    count: int
    seconds: float


def serve(
    link: socket.socket,
    other_end: socket.socket | None,
    mechanism: Reference | Callable[..., Any],
    claim: tuple[float, float],
    inputs: Sequence[Any],
    limits: SandboxLimits,
) -> None:
    """Answer questions until the other end closes."""
    if other_end is not None:
        other_end.close()  # else the link stays open after the one who asks is gone
    _settle(limits)
    module = mechanism.module if isinstance(mechanism, Reference) else ""
    try:
        if isinstance(mechanism, Reference):  # a copy of a test's process keeps what the test has set
            forget_credentials()
            mechanism = mechanism.load()
        call = call_of(mechanism, *claim)
    except GatecliError as error:
        send(link, pack_error(error.message, error.advice))
        return
    send(link, pack_text(_source_file(call.mechanism)))
    widths: dict[int, int] = {}
    while True:
        try:
            asked = json.loads(receive(link))
        except (EOFError, ConnectionResetError):
            return
        if "identity" in asked:
            send(link, _identity(call.mechanism, module))
            continue
        question = RunsQuestion(asked["data"], tuple(asked["seed"]), asked["count"], asked["seconds"])
        send(link, _answer(call, inputs[question.data], question, widths))


def _settle(limits: SandboxLimits) -> None:
    """Make this process one that can be ended with all that it starts, and that shows nothing."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is the parent's
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.setsid()
    keep_descendants()
    _drop_output()
    _limit(limits)


def _drop_output() -> None:
    """What a mechanism prints may be of its data, and is printed a million times."""
    faulthandler.disable()
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - until the end


def _source_file(mechanism: Callable[..., Any]) -> str:
    try:
        return inspect.getsourcefile(inspect.unwrap(mechanism)) or ""
    except (TypeError, ValueError):  # a builtin has none, nor has a wrapper of itself
        return ""


def _identity(mechanism: Callable[..., Any], module: str) -> bytes:
    try:
        return pack_text(identity_of(mechanism, module))
    except UncheckableError as error:
        return pack_error(error.message, error.advice)


def _limit(limits: SandboxLimits) -> None:
    if sys.platform == "linux":
        _lower(resource.RLIMIT_AS, _address_space() + limits.memory)
    _lower(resource.RLIMIT_CPU, int(limits.seconds * 2 + 60))
    _lower(resource.RLIMIT_CORE, 0)


def _lower(kind: int, wanted: int) -> None:
    most = resource.getrlimit(kind)[1]
    value = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    resource.setrlimit(kind, (value, value))  # the hard limit too: else the mechanism lifts it


def _address_space() -> int:
    return int(Path("/proc/self/statm").read_text("ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")


def _answer(call: MechanismCall, data: Any, question: RunsQuestion, widths: dict[int, int]) -> bytes:
    started = _time_used()
    try:
        outputs = _run(call, data, question, widths.get(question.data))
        widths[question.data] = max(widths.get(question.data, 0), outputs.width)
    except UncheckableError as error:
        return pack_error(error.message, error.advice)
    except BaseException as error:  # noqa: BLE001 - whatever a stranger's code raises, SystemExit as well
        return pack_error(f"the mechanism raised {quote_name(type(error).__name__)}{_place(error)}")
    return pack_outputs(outputs, max(0.0, _time_used() - started))  # a mechanism may have set its clock


def _time_used() -> float:
    """Seconds of processor of this process, and of those that it has waited for."""
    waited = os.times()
    return time.process_time() + waited.children_user + waited.children_system


def _place(error: BaseException) -> str:
    """Where an error was raised, and not what it says, which may be of the data: the last place in a file
    that is not of this package or of a library.
    """
    frames = traceback.extract_tb(error.__traceback__)
    own = Path(__file__).parent
    foreign = [frame for frame in frames if Path(frame.filename).parent != own]
    near = [
        frame for frame in foreign if not {"site-packages", "dist-packages"} & {*Path(frame.filename).parts}
    ]
    return f" in line {near[-1].lineno} of {quote_name(Path(near[-1].filename).name)}" if near else ""


def _run(call: MechanismCall, data: Any, question: RunsQuestion, width: int | None) -> Outputs:
    """The outputs: fewer than asked for where the time is over, or where more would be too many cells."""
    if "runs" in call.names:
        fitting = _UNKNOWN_WIDTH if width is None else MOST_CELLS // max(1, width)
        count = min(question.count, max(1, fitting))
        return _few_texts(read_outputs(_check_count(call.outputs(data, question.seed, count)(0), count)))
    deadline = _time_used() + question.seconds
    run = call.outputs(data, question.seed, question.count)
    parts: list[Outputs] = []
    done = 0
    while done < question.count and sum(part.values.size for part in parts) < MOST_CELLS:
        found: list[Any] = []
        for index in range(done, min(done + _PART, question.count)):
            found += run(index)
            if index % _LOOK_EVERY == 0 and _time_used() > deadline:
                break
        parts.append(read_outputs(found))
        done += len(found)
        if _time_used() > deadline:
            break
    return _few_texts(join(parts))


def _few_texts(outputs: Outputs) -> Outputs:
    texts = dict(islice(outputs.texts.items(), _MOST_TEXTS))
    return Outputs(outputs.values, outputs.kinds, outputs.is_flat, texts)


def _check_count(found: list[Any], count: int) -> list[Any]:
    if len(found) != count:
        raise UncheckableError(
            f"the mechanism returned {len(found)} outputs for {count} runs",
            advice="a parameter named runs asks for that many independent outputs, one an item",
        )
    return found
