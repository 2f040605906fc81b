"""A stand-in for HCP Terraform, written from its published protocol: real TLS on free loopback ports.

Source: HashiCorp, "Run tasks integration API" and "Plans API". What is sent to it is refused (422) where
it is not what the protocol says.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import queue
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from admission.tls.certificates import issue, new_authority

KEY = "a key that both sides share"
TOKEN = "token-that-nobody-may-see.atlasv1.0123456789"  # noqa: S105 - it opens nothing
PATIENCE = 60.0
"""Seconds to wait for what another process does on a busy machine."""

Respond = Callable[["Handler"], None]


@dataclass
class Stub:
    """`pages` answer GET by path; `statuses` are those of the next callbacks, then 200."""

    port: int = 0
    authority: Path = Path()
    pages: dict[str, Respond] = field(default_factory=dict)
    statuses: list[int] = field(default_factory=list)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    results: queue.Queue[dict[str, Any]] = field(default_factory=queue.Queue)
    raw: list[bytes] = field(default_factory=list)

    def url(self, path: str, host: str = "localhost") -> str:
        return f"https://{host}:{self.port}{path}"

    def serve_plan(self, content: bytes, path: str = "/plan") -> None:
        """As the API does it: one redirect to a signed address."""
        self.pages[path] = redirect(self.url(f"/object{path}?signature=a%2Fb+c"))
        self.pages[f"/object{path}"] = content_of(content)

    def task(self, name: str = "1", *, path: str = "/plan", **changes: Any) -> dict[str, Any]:
        """A task as the documentation shows one."""
        return {
            "payload_version": 1,
            "stage": "post_plan",
            "access_token": TOKEN,
            "capabilities": {"outcomes": True},
            "configuration_version_download_url": None,
            "is_speculative": False,
            "organization_name": "hospital",
            "plan_json_api_url": self.url(path),
            "run_app_url": self.url("/app/hospital/data/runs/run-1"),
            "run_id": "run-1",
            "run_message": "Triggered via UI",
            "task_result_callback_url": self.url(f"/api/v2/task-results/{name}/callback"),
            "task_result_enforcement_level": "mandatory",
            "task_result_id": f"taskrs-{name}",
            "vcs_branch": None,
            "workspace_name": "data",
            **changes,
        }

    def final(self) -> dict[str, Any]:
        """The next final result's attributes and outcomes; those that say "running" are skipped."""
        while True:
            data = self.results.get(timeout=PATIENCE)
            if data["attributes"]["status"] != "running":
                return data


class Handler(BaseHTTPRequestHandler):
    """One request to the stub."""

    stub: Stub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.stub.asked.append(("GET", self.path, dict(self.headers)))
        respond = self.stub.pages.get(self.path.partition("?")[0], status(404))
        respond(self)

    def do_PATCH(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.stub.asked.append(("PATCH", self.path, dict(self.headers)))
        self.stub.raw.append(body)
        code = self.stub.statuses.pop(0) if self.stub.statuses else 200
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            code = 401
        elif code == 200 and not is_result(self.headers["Content-Type"], body):
            code = 422
        status(code)(self)
        if code == 200:
            self.stub.results.put(json.loads(body)["data"])

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's own word
        """Say nothing."""


def status(code: int) -> Respond:
    def respond(handler: Handler) -> None:
        handler.send_response(code)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return respond


def redirect(location: str, code: int = 307) -> Respond:
    def respond(handler: Handler) -> None:
        handler.send_response(code)
        handler.send_header("Location", location)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return respond


def content_of(content: bytes, *, promised: int = 0, **headers: str) -> Respond:
    """An answer; `promised` bytes more are announced than come."""

    def respond(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content) + promised))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(content)
        handler.close_connection = bool(promised)

    return respond


def held(until: threading.Event, then: Respond) -> Respond:
    """An answer that comes when it is let."""

    def respond(handler: Handler) -> None:
        if until.wait(PATIENCE):
            then(handler)

    return respond


def is_result(media_type: str, body: bytes) -> bool:
    """Whether this is a task result as the documentation has it."""
    data = json.loads(body)["data"]
    outcomes = data.get("relationships", {}).get("outcomes", {}).get("data", [])
    return (
        media_type == "application/vnd.api+json"
        and data["type"] == "task-results"
        and data["attributes"]["status"] in {"running", "passed", "failed"}
        and isinstance(data["attributes"]["message"], str)
        and all(map(_is_outcome, outcomes))
    )


def _is_outcome(outcome: dict[str, Any]) -> bool:
    own = outcome["attributes"]
    tags = [tag for each in own.get("tags", {}).values() for tag in each]
    return (
        outcome["type"] == "task-result-outcomes"
        and all(isinstance(own[name], str) for name in ("outcome-id", "description"))
        and "\n" not in own["description"]
        and len(own.get("body", "")) < 1_000_000
        and all(tag.get("level", "none") in {"none", "info", "warning", "error"} for tag in tags)
    )


def signature(body: bytes, key: str = KEY) -> str:
    return hmac.new(key.encode(), body, hashlib.sha512).hexdigest()


def authority_in(folder: Path) -> tuple[Path, Path, Path]:
    """An authority, and a certificate and key for loopback: three PEM files."""
    now = datetime.now(UTC)
    authority = new_authority(now)
    leaf = issue(authority, ["localhost", "127.0.0.1", "127.0.0.2"], now)
    files = (folder / "ca.pem", folder / "stub.pem", folder / "stub.key")
    for file, content in zip(files, (authority.certificate, leaf.certificate, leaf.key), strict=True):
        file.write_bytes(content)
    return files


@contextmanager
def standing_in(folder: Path, address: str = "127.0.0.1") -> Iterator[Stub]:
    """A stub that serves in a thread, with certificates in `folder`."""
    authority, certificate, key = authority_in(folder)
    stub = Stub(authority=authority)
    server = ThreadingHTTPServer((address, 0), type("Own", (Handler,), {"stub": stub}))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.daemon_threads = True
    server.block_on_close = False
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that hangs up is a case
    stub.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
