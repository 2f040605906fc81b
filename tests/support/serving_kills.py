"""An endpoint that is killed at any moment: what callers were told, and what its ledger says was paid.

One process imports everything, and forks an endpoint for each life: a start takes milliseconds. It has no
threads and no loop of its own, so that nothing of it is half-done in a child.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import select
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path

from gatecli.accounting.answer_noise import grid_noise
from gatecli.checks.personal_data import search_of
from gatecli.data.engines.open_dp import OpenDp
from gatecli.ledger.interface import Store
from gatecli.ledger.opening import create_store, open_store
from gatecli.ledger.verification import verify
from gatecli.model.private_endpoint import PrivateEndpoint
from gatecli.serving.leases import AnswerCost, return_lease, take_lease
from gatecli.serving.server import run
from gatecli.serving.surroundings import ServingSurroundings
from tests.support.leases import NOW, answers_held, people
from tests.support.ledgers import IDENTITY
from tests.support.reviews import policy_of

LEASE, CONNECTIONS, LONGEST = 8, 4, 25
"""Answers of a lease, connections of callers, and answers after which a life ends at the latest."""
MODEL_ANSWER = b'{"predictions":[0.25]}'
EPSILON, PLENTY = Fraction(1, 10), 10_000
"""Of an answer, and of the people."""
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class KillTally:
    """Answers that callers received, refusals they received, and answers that the ledger holds as spent."""

    kills: int
    received: int
    refused: int
    paid: int
    holds: bool


def kill_often(folder: Path, kills: int, seed: int, *, epsilon: int = PLENTY) -> KillTally:
    """Serve and kill so many times, from one ledger."""
    chance = random.Random(seed)  # noqa: S311 - of moments, not of noise
    ledger = folder / "ledger.db"
    store = create_store(str(ledger), IDENTITY)
    people(store, epsilon)
    document = _document(0)
    mechanism = grid_noise(document.spec).mechanism
    _warm(store, AnswerCost("churn", "people", mechanism))
    store.close()
    received = refused = 0
    with _forked(_model) as model_port:
        for number in range(kills):
            with _forked(_endpoint(folder, model_port)) as port:
                caller = Caller(port, f"{seed}-{number}")
                caller.ask_until(chance.randrange(LONGEST), chance.random() / 200)
            received, refused = received + caller.received_at_end(), refused + caller.refused
    store = open_store(str(ledger))
    paid, holds = answers_held(store) / EPSILON, verify(store).holds
    store.close()
    return KillTally(kills, received, refused, int(paid), holds)


class Caller:
    """Some connections, each of which asks a new question as soon as its last one is answered."""

    def __init__(self, port: int, name: str) -> None:
        self._name, self._asked = name, 0
        self._sockets = [socket.create_connection((LOOPBACK, port)) for _ in range(CONNECTIONS)]
        self._got = dict.fromkeys(self._sockets, b"")
        self.received = self.refused = 0

    def ask_until(self, answers: int, pause: float) -> None:
        """Ask until so many answers have come, and as many seconds more at most."""
        for each in self._sockets:
            self._ask(each)
        while self.received + self.refused < answers:
            for each in select.select(self._sockets, [], [], 10)[0]:
                self._receive(each)
                self._ask(each)
        select.select([], [], [], pause)

    def received_at_end(self) -> int:
        """All answers that came whole, also those that lay in the connections when the other end died."""
        for each in self._sockets:
            with suppress(OSError):
                while self._receive(each, is_last=True):
                    pass
            each.close()
        return self.received

    def _ask(self, connection: socket.socket) -> None:
        self._asked += 1
        body = json.dumps({"instances": [[f"{self._name}-{self._asked}"]]}).encode()
        head = "POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    def _receive(self, connection: socket.socket, *, is_last: bool = False) -> bool:
        """Read one answer, or, at the end, whatever there is. False where the connection ended."""
        while True:
            data = connection.recv(1 << 16)
            self._got[connection] += data
            head, found, body = self._got[connection].partition(b"\r\n\r\n")
            if found and len(body) >= _length_of(head):
                is_answer = head.startswith(b"HTTP/1.1 200 ")
                self.received += is_answer
                self.refused += not is_answer
                self._got[connection] = b""
                return True
            if not data:
                if is_last:
                    return False
                raise ConnectionError("the endpoint ended by itself")


def _length_of(head: bytes) -> int:
    return int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])


def _warm(store: Store, cost: AnswerCost) -> None:
    """Do once what each life would do again: what a lease costs is remembered, and OpenDP is imported."""
    return_lease(store, take_lease(store, cost, LEASE, "warm", NOW), 0, NOW)
    OpenDp().add_laplace([0], Fraction(1024))


@contextmanager
def _forked(serve: Callable[[Callable[[int], None]], None]) -> Iterator[int]:
    """A child that tells its port, and is killed at the end."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(reading)
            serve(partial(_tell, writing))
        finally:
            os._exit(1)
    os.close(writing)
    try:
        with os.fdopen(reading) as told:
            port = told.readline()
        if not port:
            raise ConnectionError("the child did not start")
        yield int(port)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _tell(writing: int, port: int) -> None:
    os.write(writing, b"%d\n" % port)
    os.close(writing)


def _document(model_port: int) -> PrivateEndpoint:
    return PrivateEndpoint.from_file(
        {
            "apiVersion": "gatecli.dev/v1",
            "kind": "PrivateEndpoint",
            "metadata": {"name": "churn"},
            "spec": {
                "listen": f"{LOOPBACK}:0",
                "upstream": {"url": f"http://{LOOPBACK}:{model_port}/invocations", "platform": "sagemaker"},
                "mode": "noisy-scores",
                "noise": {"epsilon": str(EPSILON)},
                "budget": {"ledger": "ledger.db", "dataset": "people", "lease": LEASE},
                "pii": {"request": "ignore", "response": "ignore"},
                "limits": {"refusalMilliseconds": 0, "connections": 50},
            },
        }
    )


def _endpoint(folder: Path, model_port: int) -> Callable[[Callable[[int], None]], None]:
    document = _document(model_port)
    law = policy_of()

    def serve(tell: Callable[[int], None]) -> None:
        def log(event: str, /, **fields: object) -> None:
            if event == "listening":
                tell(int(str(fields["port"])))

        run(ServingSurroundings(document, folder, lambda: law, search_of(law.spec.pii), log, lambda: NOW))

    return serve


def _model(tell: Callable[[int], None]) -> None:
    """A model that answers every question alike."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, OSError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(_length_of(head))
                told = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                writer.write(told % len(MODEL_ANSWER) + MODEL_ANSWER)
        writer.close()

    async def serve() -> None:
        server = await asyncio.start_server(answer, LOOPBACK, 0)
        tell(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())
