"""Replicas of the webhook as real processes, and manifests turned towards them."""

from __future__ import annotations

import base64
import signal
import ssl
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from copy import deepcopy
from datetime import UTC, datetime
from http.client import HTTPException, HTTPSConnection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from admission.tls.certificates import KeyPair, issue
from tests.e2e.processes import LOOPBACK, Program, free_port

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "GATECLI_ADMISSION_"
RUN = (sys.executable, "-m", "admission", "run")
STUB = (sys.executable, "-m", "tests.e2e.stub_webhook")
CONFIGURATIONS = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
Turn = Callable[[Mapping[str, Any]], dict[str, Any]]
UNVERIFIED = ssl.create_default_context()  # as the kubelet's probes
UNVERIFIED.check_hostname = False
UNVERIFIED.verify_mode = ssl.CERT_NONE


class WebhookProcess:
    """One replica: a process that is started, stopped, killed and started again at the same port.

    `settings` are names of admission/settings.py in lower case; address and ports are added. Within its
    `with` block the process runs and is ready; after it the process is gone. Its log is
    `folder/NAME.log`, all runs in one.
    """

    def __init__(
        self, name: str, folder: Path, settings: Mapping[str, object], command: Sequence[str] = RUN
    ) -> None:
        self.name, self.port, self.metrics_port = name, free_port(), free_port()
        self._folder, self._command = folder, command
        own = {"address": LOOPBACK, "port": self.port, "metrics_port": self.metrics_port}
        named = {f"{PREFIX}{key.upper()}": str(value) for key, value in {**own, **settings}.items()}
        self._environment = {**named, "STUB_NAME": name, "PYTHONUNBUFFERED": "1"}
        self._program: Program | None = None

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.end()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> None:
        """SIGKILL where it was ever started."""
        if self._program is not None:
            self._program.kill()

    @property
    def url(self) -> str:
        """Its address, for those who go past the Service."""
        return f"https://{LOOPBACK}:{self.port}"

    @property
    def program(self) -> Program:
        """The process, running or ended."""
        assert self._program is not None, f"{self.name} was never started"
        return self._program

    def start(self, *, ready: bool = True, seconds: float = 60.0) -> Self:
        """Start it; with `ready` it is so on return, or RuntimeError holds the end of the log."""
        self._program = Program(self.name, self._command, self._folder, self._environment, ROOT)
        if ready:
            self._program.wait_until(self.is_ready, seconds=seconds)
        return self

    def stop(self, *, seconds: float = 30.0) -> int:
        """SIGTERM, as a Pod that is deleted gets it; the exit code."""
        return self.program.stop(seconds=seconds)

    def kill(self) -> int:
        """SIGKILL: no goodbye; the exit code."""
        return self.program.kill()

    def send(self, number: signal.Signals) -> None:
        """Any signal."""
        self.program.send(number)

    def logged(self) -> str:
        """All that it wrote, in all its runs."""
        return self.program.logged()

    def is_ready(self) -> bool:
        """Whether /readyz says 200."""
        try:
            return self.get("/readyz")[0] == 200
        except (OSError, HTTPException):
            return False

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of a GET at the webhook's port, whatever certificate it shows."""
        with closing(HTTPSConnection(LOOPBACK, self.port, timeout=2, context=UNVERIFIED)) as connection:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()


def write_certificates(folder: Path, authority: KeyPair, *names: str) -> Path:
    """A folder with tls.crt and tls.key for the loopback and `names`, as a mounted Secret holds them."""
    pair = issue(authority, (LOOPBACK, "localhost", *names), datetime.now(UTC))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tls.crt").write_bytes(pair.certificate)
    (folder / "tls.key").write_bytes(pair.key)
    return folder


def render_url_overlay(
    manifests: Sequence[Mapping[str, Any]], url: str, ca_bundle: bytes
) -> list[dict[str, Any]]:
    """Copies of `manifests` whose webhooks are called at `url` and their own path, in place of a Service.

    `ca_bundle` is PEM. The certificate must then hold the host of `url`.
    """

    def turn(client: Mapping[str, Any]) -> dict[str, Any]:
        path = client.get("service", {}).get("path", "")
        return {"url": url.rstrip("/") + path, "caBundle": base64.b64encode(ca_bundle).decode()}

    return [_with_clients(manifest, turn) for manifest in manifests]


def render_service_overlay(manifests: Sequence[Mapping[str, Any]], port: int) -> list[dict[str, Any]]:
    """Copies of `manifests` whose Services lead to `port` of the loopback; the webhooks keep theirs.

    The API server itself resolves a Service of type ExternalName, without kube-proxy, and goes on to
    expect the certificate of NAME.NAMESPACE.svc: certificates and bundles are used as in a real cluster.
    """

    def turn(client: Mapping[str, Any]) -> dict[str, Any]:
        return (
            {**client, "service": {**client["service"], "port": port}} if "service" in client else {**client}
        )

    external = {"type": "ExternalName", "externalName": "localhost"}
    return [
        {**manifest, "spec": external} if manifest["kind"] == "Service" else _with_clients(manifest, turn)
        for manifest in manifests
    ]


def _with_clients(manifest: Mapping[str, Any], turn: Turn) -> dict[str, Any]:
    copy = deepcopy(dict(manifest))
    if copy["kind"] in CONFIGURATIONS:
        for webhook in copy["webhooks"]:
            webhook["clientConfig"] = turn(webhook["clientConfig"])
    return copy
