"""A program that is started often, started once: each run is a fork of a process that has imported it.

Most runs of the command line in tests wait for imports, presidio's above all. A server, one for each process
of pytest, imports what the commands import and forks for each run; the fork takes over the caller's streams,
folder and variables and ends as a program of its own does. Where that could make a difference (variables that
Python or a library reads at its start, no `fork`) the program is started as usual. Tests of the start itself
start it themselves.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import io
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal, NoReturn

ROOT = Path(__file__).resolve().parents[2]
LOCALE = {"LANG": "C.UTF-8"}
SINGLE = {"OPENBLAS_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}
"""The server's own variables: a library with threads could not be forked."""
PACKAGES = ("gatecli", "admission")
LIBRARIES = ("duckdb", "ibis.backends.duckdb", "ibis.backends.sqlite", "pyarrow.parquet", "scipy.special")
LATE = ("typer.rich_utils",)
"""Modules that read variables when they are imported."""
READ_AT_THE_START = ("PYTHON", "LC_", "LANGUAGE", "LD_", "OPENBLAS", "OMP_", "MKL_", "ARROW_", "TZ")


@dataclass
class Reading:
    """What comes out of a pipe, to its end, in the background."""

    descriptor: int
    content: bytes = b""
    thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        with open(self.descriptor, "rb") as pipe:  # noqa: PTH123 - a descriptor, no path
            self.content = pipe.read()


def run(
    module: str,
    arguments: Sequence[str | Path],
    *,
    cwd: Path,
    env: Mapping[str, str],
    stdin: str = "",
    timeout: float = 120,
) -> subprocess.CompletedProcess[str]:
    """`python -m MODULE ARGUMENTS`, whose streams are text."""
    done = run_bytes(module, arguments, cwd=cwd, env=env, stdin=stdin.encode(), timeout=timeout)
    return subprocess.CompletedProcess(done.args, done.returncode, text_of(done.stdout), text_of(done.stderr))


def run_bytes(
    module: str,
    arguments: Sequence[str | Path],
    *,
    cwd: Path,
    env: Mapping[str, str],
    stdin: bytes = b"",
    timeout: float = 120,
) -> subprocess.CompletedProcess[bytes]:
    """`python -m MODULE ARGUMENTS`; raises TimeoutExpired after it was killed."""
    words = [str(argument) for argument in arguments]
    command = [sys.executable, "-m", module, *words]
    if not can_be_forked(env):
        return subprocess.run(
            command, cwd=cwd, env=env, input=stdin, capture_output=True, check=False, timeout=timeout
        )
    request = {"module": module, "arguments": words, "cwd": str(cwd), "env": dict(env)}
    return forked(command, request, stdin, timeout)


def can_be_forked(env: Mapping[str, str]) -> bool:
    """Whether a fork behaves as a fresh process with these variables does."""
    same_locale = env.get("LC_ALL", env.get("LANG")) == LOCALE["LANG"]
    fresh = any(name.startswith(READ_AT_THE_START) for name in env)
    return hasattr(os, "fork") and sys.platform == "linux" and same_locale and not fresh


def text_of(content: bytes) -> str:
    return io.TextIOWrapper(io.BytesIO(content), encoding="utf-8").read()


def forked(
    command: list[str], request: object, stdin: bytes, timeout: float
) -> subprocess.CompletedProcess[bytes]:
    (given, giving), (out, writing_out), (err, writing_err) = os.pipe(), os.pipe(), os.pipe()
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            server().ask([given, writing_out, writing_err, theirs.fileno()])
        for descriptor in (given, writing_out, writing_err):
            os.close(descriptor)
        readings = Reading(out), Reading(err)
        threading.Thread(target=write, args=(giving, stdin), daemon=True).start()
        ours.sendall(json.dumps(request).encode() + b"\n")
        process = number_from(ours)
        ready, _, _ = select.select([ours], [], [], timeout)
        if not ready:
            os.kill(process, signal.SIGKILL)
        code = number_from(ours)
    for reading in readings:
        reading.thread.join(timeout)
    if not ready or any(reading.thread.is_alive() for reading in readings):
        raise subprocess.TimeoutExpired(command, timeout, readings[0].content, readings[1].content)
    return subprocess.CompletedProcess(command, code, readings[0].content, readings[1].content)


def number_from(answers: socket.socket) -> int:
    """The next line, and no byte of the one after it: whether there is one has to show in `select`."""
    line = b""
    while not line.endswith(b"\n"):
        byte = answers.recv(1)
        if not byte:
            raise RuntimeError("the warm process has ended")
        line += byte
    return int(line)


def write(descriptor: int, content: bytes) -> None:
    try:
        with open(descriptor, "wb") as pipe:
            pipe.write(content)
    except BrokenPipeError:
        """The program did not read all of it: its own affair."""


@dataclass
class Server:
    """The running server: it ends when its end of the socket is closed."""

    control: socket.socket
    lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, descriptors: list[int]) -> None:
        with self.lock:
            socket.send_fds(self.control, [b"!"], descriptors)


@cache
def server() -> Server:
    ours, theirs = socket.socketpair()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.warm", str(theirs.fileno())],
        cwd=ROOT,
        env={"PATH": os.environ.get("PATH", ""), **LOCALE, **SINGLE},
        pass_fds=[theirs.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    theirs.close()
    atexit.register(process.wait)
    atexit.register(ours.close)
    return Server(ours)


def serve(control: socket.socket) -> None:
    """Fork for each request until the caller is gone."""
    running: dict[int, socket.socket] = {}
    waking, woken = os.pipe()
    sources: list[socket.socket | int] = [control, waking]
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    while True:
        ready, _, _ = select.select(sources, [], [])
        if waking in ready:
            os.read(waking, 1024)
            tell_what_ended(running)
        if control not in ready:
            continue
        asked, descriptors, _, _ = socket.recv_fds(control, 1, 4)
        if not asked:
            return
        answer = socket.socket(fileno=descriptors[3])
        process = os.fork()
        if process == 0:
            signal.set_wakeup_fd(-1)
            for kept in (control, *running.values()):
                kept.close()
            os.close(waking)
            os.close(woken)
            become(descriptors[:3], answer)
        for descriptor in descriptors[:3]:
            os.close(descriptor)
        running[process] = answer
        answer.sendall(f"{process}\n".encode())


def tell_what_ended(running: dict[int, socket.socket]) -> None:
    while running:
        process, status = os.waitpid(-1, os.WNOHANG)
        if process == 0:
            return
        with running.pop(process) as answer:
            answer.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())


def become(streams: list[int], answer: socket.socket) -> NoReturn:
    """Be the program that was asked for, as if just started, and end as it ends."""
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
        os.close(descriptor)
    with answer, answer.makefile("r") as asked:
        request = json.loads(asked.readline())
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    open_streams()
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    tempfile.tempdir = None
    sys.path[0] = request["cwd"]
    sys.argv = [request["module"], *request["arguments"]]
    code = code_of(request["module"])
    threading._shutdown()  # type: ignore[attr-defined]  # what an interpreter does at its end
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        if not stream.closed:
            stream.flush()
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        signal.raise_signal(-code)
    os._exit(code)  # objects of the server are not collected: that would take longer than most programs


def open_streams() -> None:
    """New ones: the server's remember that what they wrote to could be rewound."""
    sys.stdin = opened(0, "r", "surrogateescape")
    sys.stdout = opened(1, "w", "surrogateescape")
    sys.stderr = opened(2, "w", "backslashreplace", buffering=1)


def opened(descriptor: int, mode: Literal["r", "w"], errors: str, *, buffering: int = -1) -> io.TextIOWrapper:
    """A stream as an interpreter opens it."""
    return open(descriptor, mode, buffering, encoding="utf-8", errors=errors, newline="\n", closefd=False)


def code_of(module: str) -> int:
    """The exit code of a program, whose last words are on stderr, as an interpreter has them."""
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return (end.code or 0) & 0xFF
        sys.stderr.write(f"{end.code}\n")
        return 1
    except BaseException as error:  # noqa: BLE001 - as an interpreter
        sys.excepthook(type(error), error, error.__traceback__)
        return -signal.SIGINT if isinstance(error, KeyboardInterrupt) else 1
    return 0


def imported() -> None:
    """Import what the commands import when they are asked for."""
    for package in PACKAGES:
        paths = importlib.import_module(package).__path__
        for module in pkgutil.walk_packages(paths, f"{package}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    for library in LIBRARIES:
        importlib.import_module(library)
    for late in LATE:
        sys.modules.pop(late, None)


if __name__ == "__main__":
    imported()
    gc.collect()
    gc.freeze()
    serve(socket.socket(fileno=int(sys.argv[1])))
