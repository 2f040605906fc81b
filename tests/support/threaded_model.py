"""A model on loopback in threads of this process, for endpoints that are processes of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

ANSWER = b'{"predictions":[0.25]}'


@dataclass
class ThreadedModel:
    """Answers every question alike, once its gate is open; tells when it was asked."""

    port: int = 0
    answer: bytes = ANSWER
    gate: Event | None = None
    was_asked: Event = field(default_factory=Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/invocations"


@contextmanager
def threaded_model(answer: bytes = ANSWER) -> Iterator[ThreadedModel]:
    model = ThreadedModel(answer=answer)

    class Handler(BaseHTTPRequestHandler):
        """`GET /ping` and `POST /invocations`."""

        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            model.was_asked.set()
            if model.gate is not None:
                model.gate.wait(60)
            self._answer(model.answer)

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    model.port = server.server_address[1]
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield model
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
