"""Addresses as they stand in a document: which host and port, and who can reach them."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from gatecli.errors import UsageError
from gatecli.listening import is_loopback, listen_of

_PORTS = {"http": 80, "https": 443}
_EVERYWHERE = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - compared with, never bound


@dataclass(frozen=True, slots=True)
class ModelAddress:
    """What a URL leads to; the host in lower case, `localhost` for every address of the machine itself."""

    scheme: str
    host: str
    port: int
    path: str
    has_password: bool

    @property
    def is_plain(self) -> bool:
        """Whether what is sent can be read on the way, which is more than the machine itself."""
        return self.scheme == "http" and self.host != LOCAL


LOCAL = "localhost"


def address_of(url: str) -> ModelAddress | None:
    """What a URL leads to; None where it is none of HTTP."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname:
        return None
    host = LOCAL if is_loopback(parts.hostname) else parts.hostname.rstrip(".")
    path = f"{parts.path.rstrip('/')}?{parts.query}"
    has_password = parts.username is not None or parts.password is not None
    return ModelAddress(parts.scheme, host, port or _PORTS[parts.scheme], path, has_password)


def listener_of(text: str) -> tuple[str, int] | None:
    """The host and port of a listener; None where it is none."""
    try:
        return listen_of(text)
    except UsageError:
        return None


def is_everywhere(host: str) -> bool:
    """Whether a listener takes connections on every address of the machine."""
    return host in _EVERYWHERE
