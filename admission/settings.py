"""What the environment says of how the webhook runs; what it permits stands in the policy.

The package's only reader of the environment.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from gatecli.errors import ConfigurationError

PREFIX = "GATECLI_ADMISSION_"
MEBIBYTE = 1024 * 1024

# A Service by the name of gatecli-admission puts these into every Pod of its namespace.
_SERVICE_LINK = re.compile(r"SERVICE_(HOST|PORT(_\w+)?)|PORT(_\d+_(TCP|UDP|SCTP)(_\w+)?)?")

Reader = Callable[[str], Any]
"""Text to value; raises ValueError with the end of the sentence "… must be"."""


def whole(least: int, most: int) -> Reader:
    """A whole number."""

    def read(text: str) -> int:
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 12 else -1
        if not least <= number <= most:
            raise ValueError(f"a whole number from {least} to {most}")
        return number

    return read


def seconds(least: float, most: float) -> Reader:
    """Seconds, as a decimal number."""

    def read(text: str) -> float:
        number = float(text) if re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", text) else -1.0
        if not least <= number <= most:
            raise ValueError(f"seconds from {least:g} to {most:g}")
        return number

    return read


def path(text: str) -> Path:
    """A path; whether it is there is found out by who opens it."""
    if not text or "\0" in text:
        raise ValueError("a path")
    return Path(text)


def name(text: str) -> str:
    """A Kubernetes name: a DNS label."""
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", text):
        raise ValueError("a name of lower-case letters, digits and dashes")
    return text


def one_of(*words: str) -> Reader:
    """One of these words."""

    def read(text: str) -> str:
        if text not in words:
            raise ValueError("one of " + ", ".join(words))
        return text

    return read


def switch(text: str) -> bool:
    """Yes or no."""
    return bool(one_of("true", "false")(text) == "true")


def words(text: str) -> str:
    """Text of one line, such as an address or a certificate's name."""
    if not text or not text.isprintable() or len(text) > 253:
        raise ValueError("a short text of one line")
    return text


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """How this process runs; each field is read from `GATECLI_ADMISSION_` and its name in capitals."""

    policy: Path | None = None
    policy_name: str = "default"
    namespace: str = "gatecli-system"
    fingerprint_key: Path | None = None
    scan_seconds: float = 1.5
    body_bytes: int = 7 * MEBIBYTE
    workers: int = 2
    address: str = ""
    port: int = 9443
    metrics_port: int = 8080
    inline_bytes: int = 64 * 1024
    read_seconds: float = 2.0
    request_seconds: float = 4.5
    drain_seconds: float = 15.0
    poll_seconds: float = 5.0
    settle_seconds: float = 60.0
    fail_mode: Literal["deny", "allow"] = "deny"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    name: str = "gatecli-admission"
    certificates: Path | None = None
    client_ca: Path | None = None
    client_name: str = ""
    kubeconfig: Path | None = None
    key: Path | None = None
    registry_config: Path | None = None
    rescan_seconds: float = 3600.0
    rescan_pause_seconds: float = 0.5
    scan_secrets: bool = False


FIELDS: Mapping[str, tuple[Reader, str]] = MappingProxyType(
    {
        "policy": (path, "a policy file; without one, a PrivacyPolicy of the cluster is in force"),
        "policy_name": (name, "the name of the cluster's PrivacyPolicy that is in force"),
        "namespace": (name, "the namespace of the webhook itself"),
        "fingerprint_key": (path, "a file with the organisation's fingerprint key"),
        "scan_seconds": (
            seconds(0.05, 25),
            "the longest time for one search; keep it below the webhook's timeout",
        ),
        "body_bytes": (whole(MEBIBYTE, 64 * MEBIBYTE), "the largest body that is read"),
        "workers": (whole(1, 64), "threads for long searches"),
        "address": (words, "the address to listen on; without one, all"),
        "port": (whole(0, 65535), "the port of the webhook and the probes, with TLS; 0 takes a free one"),
        "metrics_port": (whole(0, 65535), "the port of /metrics, in plain HTTP; 0 opens none"),
        "inline_bytes": (whole(0, 16 * MEBIBYTE), "bodies up to this size are judged without a worker"),
        "read_seconds": (seconds(0.1, 30), "the longest time to receive a body"),
        "request_seconds": (
            seconds(0.1, 30),
            "what an answer may take, waiting counted; less than the webhook's time-out",
        ),
        "drain_seconds": (
            seconds(0, 600),
            "how long to keep serving after SIGTERM, until endpoints are removed",
        ),
        "poll_seconds": (
            seconds(0.05, 300),
            "how often files, the Secret and the policies of the cluster are checked",
        ),
        "settle_seconds": (
            seconds(0, 3600),
            "how long a new authority is in the webhook configurations before it signs",
        ),
        "fail_mode": (one_of("deny", "allow"), "the answer to a review when a bug prevents a decision"),
        "log_level": (one_of("debug", "info", "warning", "error"), "the lowest level that is logged"),
        "name": (name, "the name of the Service, its Secret (-tls), its Lease and its configurations"),
        "certificates": (path, "a folder with tls.crt and tls.key, as cert-manager mounts it"),
        "client_ca": (
            path,
            "the authority of the API server's client certificate; the certificate is then required",
        ),
        "client_name": (words, "the common name that the client certificate must have"),
        "kubeconfig": (path, "the kubeconfig for the API server; without one, the pod's service account"),
        "key": (path, "a file with the webhook's own key, the same for all replicas"),
        "registry_config": (path, "a config.json of Docker with the credentials of OCI registries"),
        "rescan_seconds": (
            seconds(0, 604_800),
            "the time from the start of one background scan to the start of the next; 0 never scans",
        ),
        "rescan_pause_seconds": (seconds(0, 60), "how long the background scan pauses between two lists"),
        "scan_secrets": (switch, "whether the background scan lists Secrets; it needs a role for that"),
    }
)
"""How each field is read, and what it is."""


def read_settings(environment: Mapping[str, str] | None = None) -> WebhookSettings:
    """The settings of `environment` (default: the process's own).

    Raises ConfigurationError with every problem, one a line; an unknown name is one.
    """
    given = os.environ if environment is None else environment
    ours = {key.removeprefix(PREFIX): text for key, text in given.items() if key.startswith(PREFIX)}
    problems: list[str] = []
    values: dict[str, Any] = {}
    for key, text in sorted(ours.items()):
        field = key.lower()
        if _SERVICE_LINK.fullmatch(key) and (field not in FIELDS or "://" in text):
            continue
        if field in FIELDS and key.isupper():
            try:
                values[field] = FIELDS[field][0](text)
            except ValueError as error:
                problems.append(f"{PREFIX}{key} must be {error}")
        else:
            problems.append(f"{PREFIX}{key} is not a setting")
    if problems:
        raise ConfigurationError(
            "\n".join(problems), advice="known are " + ", ".join(PREFIX + field.upper() for field in FIELDS)
        )
    return WebhookSettings(**values)


def api_server(environment: Mapping[str, str] | None = None) -> str:
    """The address of the API server as the kubelet tells a pod; ConfigurationError outside one."""
    given = os.environ if environment is None else environment
    host, port = given.get("KUBERNETES_SERVICE_HOST", ""), given.get("KUBERNETES_SERVICE_PORT", "443")
    if not host:
        raise ConfigurationError(
            "this process does not run in a pod", advice=f"set {PREFIX}KUBECONFIG to a kubeconfig file"
        )
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"


def usual_kubeconfig(environment: Mapping[str, str] | None = None) -> Path | None:
    """The file that kubectl would read: the first of KUBECONFIG, else ~/.kube/config; None where none is."""
    given = os.environ if environment is None else environment
    named = [Path(each) for each in given.get("KUBECONFIG", "").split(os.pathsep) if each]
    usual = [Path(given["HOME"]) / ".kube" / "config"] if given.get("HOME") else []
    return next((each for each in named or usual if each.is_file()), None)
