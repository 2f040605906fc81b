"""Who may read the page: decided by the head of a request alone.

A page on loopback is reached by every web site that its reader visits: by a name of theirs that leads to
127.0.0.1 (DNS rebinding). Such a request names their host, so a name that the page is not known by is
refused. An address in its place is not a name of theirs.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from gatecli.dashboard.settings import PageSettings

_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]{1,253})(:[0-9]{1,5})?", re.ASCII)
_CREDENTIALS = re.compile(r"(?P<scheme>[A-Za-z]+) +(?P<value>[!-~]{1,4096})", re.ASCII)


@dataclass(frozen=True, slots=True)
class RequestHead:
    """What decides: the address it came from, and every value of three headers."""

    peer: str
    hosts: Sequence[str]
    authorizations: Sequence[str] = ()
    users: Sequence[str] = ()
    """Of the header in which a proxy says who the user is."""


def names_page(head: RequestHead, settings: PageSettings) -> bool:
    """Whether the request names this page by an address, by localhost or by a name that it is known by."""
    if len(head.hosts) != 1 or (match := _HOST.fullmatch(head.hosts[0])) is None:
        return False
    name = match["name"].lower().rstrip(".")
    known = {"localhost", settings.address.lower(), *settings.hosts}
    return name in known or _address(name.strip("[]")) is not None


def may_read(head: RequestHead, settings: PageSettings) -> bool:
    """Whether the request shows the token, or comes through a proxy that is trusted."""
    return settings.is_open or _shows_token(head, settings) or _comes_by_proxy(head, settings)


def _shows_token(head: RequestHead, settings: PageSettings) -> bool:
    if not settings.token or len(head.authorizations) != 1:
        return False
    return hmac.compare_digest(_token_in(head.authorizations[0]), settings.token)


def _token_in(authorization: str) -> bytes:
    """What a program shows as a bearer, and a browser as the password of any user."""
    match = _CREDENTIALS.fullmatch(authorization)
    if match is None:
        return b""
    if match["scheme"].lower() == "bearer":
        return match["value"].encode()
    if match["scheme"].lower() != "basic":
        return b""
    try:
        return base64.b64decode(match["value"], validate=True).partition(b":")[2]
    except ValueError:
        return b""


def _comes_by_proxy(head: RequestHead, settings: PageSettings) -> bool:
    peer = _address(head.peer)
    if peer is None or not any(peer in network for network in settings.proxies):
        return False
    return len(head.users) == 1 and bool(head.users[0].strip())


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """An address; one of IPv4 that is written as IPv6 is one of IPv4."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
