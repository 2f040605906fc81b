"""The part of GitHub's API that the comment needs, on loopback: issue comments in pages, and failures."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

LONGEST = 65_536
_COMMENTS = re.compile(r"/repos/acme/model/issues/7/comments")
_COMMENT = re.compile(r"/repos/acme/model/issues/comments/(\d+)")


@dataclass
class GitHub:
    """What the stub holds, was asked, and is told to answer first: (status, headers, after the deed)."""

    url: str = ""
    comments: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    failures: list[tuple[int, dict[str, str], bool]] = field(default_factory=list)
    fails_on: str = ""
    """The method that failures are for; empty for any."""

    def add(self, body: str, kind: str = "Bot") -> dict[str, Any]:
        comment = {"id": len(self.comments) + 1, "body": body, "user": {"type": kind}}
        self.comments.append(comment)
        return comment

    @property
    def written(self) -> list[str]:
        return [method for method, _ in self.asked if method != "GET"]

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: str) -> tuple[int, Any]:
        if len(body) > LONGEST:
            return 422, {"message": f"body is too long (maximum is {LONGEST} characters)"}
        if (known := _COMMENT.fullmatch(path)) and method == "PATCH":
            self.comments[int(known[1]) - 1]["body"] = body
            return 200, self.comments[int(known[1]) - 1]
        if not _COMMENTS.fullmatch(path):
            return 404, {"message": "Not Found"}
        if method == "POST":
            return 201, self.add(body)
        size, page = int(query["per_page"][0]), int(query["page"][0])
        return 200, self.comments[size * (page - 1) : size * page]


def _handler(github: GitHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            url = urlsplit(self.path)
            length = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(length))["body"] if length else ""
            github.asked.append((self.command, url.path))
            if self.headers["Authorization"] != "Bearer loopback":
                self._reply(401, {"message": "Bad credentials"}, {})
                return
            failing = bool(github.failures) and github.fails_on in {"", self.command}
            failure, headers, after = github.failures.pop(0) if failing else (0, {}, True)
            status, answer = 0, None
            if after:
                status, answer = github.answer(self.command, url.path, parse_qs(url.query), body)
            self._reply(failure or status, answer, headers)

        do_GET = do_POST = do_PATCH = _serve  # noqa: N815 - the base's names

        def _reply(self, status: int, data: Any, headers: dict[str, str]) -> None:
            content = json.dumps(data).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def github_api() -> Iterator[GitHub]:
    """Serve a stub on a free port of loopback."""
    github = GitHub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(github))
    github.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield github
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
