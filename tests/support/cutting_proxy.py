"""A way to a PostgreSQL server that breaks at a statement one names."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Thread
from urllib.parse import parse_qs, urlsplit

ENDS_STATEMENT = (b"Q", b"S")
"""Messages that the server answers: a simple query, and the end of an extended one (protocol 3.0)."""


class Moment(StrEnum):
    BEFORE = "before the server got it"
    AFTER = "after the server did it"


@dataclass
class CuttingProxy:
    """Passes connections on to a server's socket; cuts one at the n-th statement from now on."""

    server: str
    listener: socket.socket
    moment: Moment = Moment.BEFORE
    left: int = -1
    """Statements until the cut; negative for none."""
    stays_cut: bool = False
    """Whether no connection is made after the cut."""
    has_cut: bool = False
    _threads: list[Thread] = field(default_factory=list)

    def cut_at(self, statement: int, moment: Moment, *, stays_cut: bool = False) -> None:
        """Cut at this statement, the first being 1."""
        self.moment, self.left, self.stays_cut, self.has_cut = moment, statement, stays_cut, False

    def heal(self) -> None:
        """Cut nothing, and take connections again."""
        self.left, self.stays_cut = -1, False

    def accept(self) -> None:
        """Until the listener is closed."""
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                if self.has_cut and self.stays_cut:
                    client.close()
                else:
                    self._start(client)

    def _start(self, client: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX)
        server.connect(self.server)
        for work in (self._pass_requests, self._pass_answers):
            thread = Thread(target=work, args=(client, server), daemon=True)
            thread.start()
            self._threads.append(thread)

    def _pass_requests(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError, EOFError):
            server.sendall(_length_and_rest(client))  # who connects, without a type
            while True:
                kind = _exactly(client, 1)
                message = kind + _length_and_rest(client)
                if kind in ENDS_STATEMENT and self.left > 0:
                    self.left -= 1
                if self.left == 0 and self.moment is Moment.BEFORE:
                    self._cut()
                    break
                server.sendall(message)
        _close(client, server)

    def _pass_answers(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while answer := server.recv(65536):
                if self.left == 0 and self.moment is Moment.AFTER:
                    self._cut()
                    break
                client.sendall(answer)
        _close(client, server)

    def _cut(self) -> None:
        self.left, self.has_cut = -1, True


def _exactly(connection: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        more = connection.recv(size - len(found))
        if not more:
            raise EOFError
        found += more
    return found


def _length_and_rest(connection: socket.socket) -> bytes:
    head = _exactly(connection, 4)
    return head + _exactly(connection, struct.unpack("!I", head)[0] - 4)


def _close(*connections: socket.socket) -> None:
    for connection in connections:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        connection.close()


@contextmanager
def cutting_proxy(url: str) -> Iterator[tuple[CuttingProxy, str]]:
    """The proxy, and the URL through it, of a server that is reached by a socket."""
    parts = urlsplit(url)
    folder = parse_qs(parts.query)["host"][0]
    listener = socket.create_server(("127.0.0.1", 0))
    proxy = CuttingProxy(f"{folder}/.s.PGSQL.5432", listener)
    accepting = Thread(target=proxy.accept, daemon=True)
    accepting.start()
    port = listener.getsockname()[1]
    try:
        yield (
            proxy,
            f"postgres://{parts.username}@127.0.0.1:{port}{parts.path}?sslmode=disable&gssencmode=disable",
        )
    finally:
        _close(listener)
        accepting.join()
