"""The process in which a mechanism runs: limited in time and memory, it takes questions and sends numbers.

Nothing that it sends is code: two arrays and a line of JSON.
"""

from __future__ import annotations

import inspect
import io
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from gatecli.audit.calling import MechanismCall, Reference, call_of, first_line
from gatecli.audit.identity import identity_of
from gatecli.audit.outputs import Outputs, read_outputs
from gatecli.errors import GatecliError, UncheckableError

if sys.platform != "win32":
    import resource

_LOOK_EVERY = 32


@dataclass(frozen=True, slots=True)
class SandboxLimits:
    """What a process of a mechanism may use: seconds of processor, bytes above what Python itself holds,
    and how many seconds it may stay silent beyond its own processor time.
    """

    seconds: float = 30.0
    memory: int = 2 * 1024**3
    silence: float = 10.0


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
    pipe: Connection,
    other_end: Connection | None,
    mechanism: Reference | Callable[..., Any],
    claim: tuple[float, float],
    inputs: Sequence[Any],
    limits: SandboxLimits,
) -> None:
    """Answer questions until the pipe closes. What is printed goes to stderr: stdout is the report's."""
    if other_end is not None:
        other_end.close()  # else the pipe stays open after the one who asks is gone
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is the parent's
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.dup2(2, 1)
    if hasattr(os, "setsid"):
        os.setsid()  # what the mechanism starts is ended with it
    _limit(limits)
    try:
        call = call_of(mechanism.load() if isinstance(mechanism, Reference) else mechanism, *claim)
        pipe.send_bytes(json.dumps({"file": _source_file(call.mechanism)}).encode())
    except GatecliError as error:
        pipe.send_bytes(json.dumps({"error": error.message, "advice": error.advice}).encode())
        return
    while True:
        try:
            asked = json.loads(pipe.recv_bytes())
        except EOFError:
            return
        if "identity" in asked:
            pipe.send_bytes(_identity(call.mechanism))
            continue
        question = RunsQuestion(asked["data"], tuple(asked["seed"]), asked["count"], asked["seconds"])
        pipe.send_bytes(_answer(call, inputs[question.data], question))


def _source_file(mechanism: Callable[..., Any]) -> str:
    try:
        return inspect.getsourcefile(inspect.unwrap(mechanism)) or ""
    except TypeError:  # a builtin has none
        return ""


def _identity(mechanism: Callable[..., Any]) -> bytes:
    try:
        return json.dumps({"identity": identity_of(mechanism)}).encode()
    except UncheckableError as error:
        return json.dumps({"error": error.message, "advice": error.advice}).encode()


def _limit(limits: SandboxLimits) -> None:
    if sys.platform == "win32":
        return
    held = _address_space()
    most = resource.getrlimit(resource.RLIMIT_AS)[1]
    wanted = held + limits.memory
    if sys.platform == "linux" and (most == resource.RLIM_INFINITY or wanted < most):
        resource.setrlimit(resource.RLIMIT_AS, (wanted, most))
    cpu = int(limits.seconds * 2 + 60)
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def _address_space() -> int:
    if sys.platform != "linux":
        return 0
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - one number of the kernel
        return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")


def _answer(call: MechanismCall, data: Any, question: RunsQuestion) -> bytes:
    started = time.process_time()
    try:
        found = _run(call, data, question, started + question.seconds)
        outputs = read_outputs(found)
    except UncheckableError as error:
        return json.dumps({"error": error.message, "advice": error.advice}).encode()
    except BaseException as error:  # noqa: BLE001 - whatever a stranger's code raises, SystemExit as well
        said = f"the mechanism raised {type(error).__name__}: {first_line(error)}"
        return json.dumps({"error": said.rstrip(": ")}).encode()
    return pack(outputs, time.process_time() - started)


def _run(call: MechanismCall, data: Any, question: RunsQuestion, deadline: float) -> list[Any]:
    """The outputs; fewer than asked for where the time is over."""
    run = call.outputs(data, question.seed, question.count)
    if "runs" in call.names:
        return _check_count(run(0), question.count)
    found: list[Any] = []
    for index in range(question.count):
        found += run(index)
        if index % _LOOK_EVERY == 0 and time.process_time() > deadline:
            break
    return found


def _check_count(found: list[Any], count: int) -> list[Any]:
    if len(found) != count:
        raise UncheckableError(
            f"the mechanism returned {len(found)} outputs for {count} runs",
            advice="a parameter named runs asks for that many independent outputs, one an item",
        )
    return found


def pack(outputs: Outputs, seconds: float) -> bytes:
    """Outputs as bytes: one line of JSON, then two arrays."""
    head = {
        "seconds": seconds,
        "flat": outputs.is_flat,
        "texts": [[code, text] for code, text in outputs.texts.items()],
    }
    body = io.BytesIO()
    np.save(body, outputs.values, allow_pickle=False)
    np.save(body, outputs.kinds, allow_pickle=False)
    return json.dumps(head).encode() + b"\n" + body.getvalue()


def unpack(answer: bytes) -> tuple[Outputs, float]:
    """What `pack` wrote, and the seconds of processor. Raises UncheckableError where the answer tells of an
    error.
    """
    head, _, body = answer.partition(b"\n")
    said = json.loads(head)
    if "error" in said:
        raise UncheckableError(said["error"], advice=said.get("advice", ""))
    file = io.BytesIO(body)
    values, kinds = np.load(file, allow_pickle=False), np.load(file, allow_pickle=False)
    texts = {float(code): str(text) for code, text in said["texts"]}
    return Outputs(values, kinds, bool(said["flat"]), texts), float(said["seconds"])
