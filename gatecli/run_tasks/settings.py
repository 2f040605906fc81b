"""What the service may do, and how long: values that the command line gives."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from gatecli.errors import UsageError

MEBIBYTE = 1 << 20
HTTPS = 443
SHORTEST_KEY = 16
LONGEST_DEADLINE = 590
"""Seconds; HCP Terraform gives a task up that says nothing for ten minutes."""

Host = tuple[str, int]
Network = IPv4Network | IPv6Network

HCP_TERRAFORM: frozenset[Host] = frozenset({("app.terraform.io", HTTPS), ("archivist.terraform.io", HTTPS)})
"""The API, and where it redirects to for a plan's JSON."""

_HOST = re.compile(
    r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?)(:(?P<port>[0-9]{1,5}))?"
)


@dataclass(frozen=True, slots=True)
class RunTaskSettings:
    """How this process serves. `deadline` is in seconds from the delivery of a task to its result.

    `networks` are those of private addresses that may be reached all the same. `pauses` are the seconds
    between attempts to reach HCP Terraform; the last is repeated.
    """

    key: bytes = field(repr=False)
    address: str = "127.0.0.1"
    port: int = 8080
    certificate: Path | None = None
    certificate_key: Path | None = None
    hosts: frozenset[Host] = HCP_TERRAFORM
    networks: tuple[Network, ...] = ()
    authorities: Path | None = None
    deadline: float = 540.0
    plan_bytes: int = 100 * MEBIBYTE
    workers: int = 2
    waiting: int = 32
    drain: float = 20.0
    pauses: tuple[float, ...] = (0.5, 1.0, 2.0, 5.0, 10.0, 15.0)

    @property
    def work(self) -> float:
        """Seconds for the check; what is left of the deadline is for saying what came of it."""
        return self.deadline - min(30.0, self.deadline / 3)


def host_of(text: str) -> Host:
    """`HOST` or `HOST:PORT`; without a port, that of HTTPS. Raises UsageError."""
    match = _HOST.fullmatch(text)
    port = int(match["port"] or HTTPS) if match else 0
    if match is None or not 0 < port < 65536:
        raise UsageError(
            f"--allow-host {text}: not a host", advice="give a name, such as tfe.example.com:8443"
        )
    return match["name"].strip("[]").lower(), port


def network_of(text: str) -> Network:
    """A network in CIDR notation. Raises UsageError."""
    try:
        return ip_network(text)
    except ValueError as error:
        raise UsageError(
            f"--allow-network {text}: not a network", advice="give one such as 10.20.0.0/16"
        ) from error


def key_of(text: str | bytes, where: str) -> bytes:
    """A shared key; a file's last line break is none of it. Raises UsageError for one that is too short."""
    key = (text.encode() if isinstance(text, str) else text).rstrip(b"\r\n")
    if len(key) < SHORTEST_KEY:
        raise UsageError(
            f"the HMAC key in {where} is shorter than {SHORTEST_KEY} bytes",
            advice="make one: openssl rand -hex 32",
        )
    return key
