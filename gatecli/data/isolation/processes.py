"""A process of our own at the other end of a socket, which ends with what it works for."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import weakref
from contextlib import suppress
from typing import IO, Any

PATIENCE = 10.0
"""Seconds that the other process has to end by itself."""


def start_worker(module: str, owner: object) -> tuple[IO[str], weakref.finalize[Any, Any]]:
    """`python -P -m MODULE FD` with the stream to it, and what ends it: called, or when `owner` is gone."""
    ours, theirs = socket.socketpair()
    with theirs:
        # Its own session: an interruption here does not stop it between a reservation and an answer.
        process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-P", "-m", module, str(theirs.fileno())],  # no module of the current folder
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,  # what libraries say there may be of rows
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
    stream = ours.makefile("rw", encoding="utf-8", newline="\n")
    return stream, weakref.finalize(owner, _end, os.getpid(), ours, stream, process)


def _end(ours: int, link: socket.socket, stream: IO[str], process: subprocess.Popen[bytes]) -> None:
    """End the other process. A fork of ours, which has the same link, leaves it alone."""
    if os.getpid() != ours:
        return
    with suppress(OSError):  # a fork may keep the link open: it is shut down, and not only closed
        link.shutdown(socket.SHUT_RDWR)
    with suppress(OSError):  # what was not sent yet need not be
        stream.close()
    link.close()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
