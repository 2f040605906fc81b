"""Where this service may go: hosts that were named, at addresses that are public or were permitted.

A task names the addresses to fetch from and to answer to. Whoever has the key could name any, and a
name that is permitted may come to lead elsewhere: so the address is checked that is connected to.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from gatecli.run_tasks.settings import Host, Network

Address = IPv4Address | IPv6Address

UNREADABLE = (ValueError, IndexError)
"""What yarl raises for a text that is not a URL; the second for `https://[]@`."""

_URL = re.compile(r"[\x21-\x7e]{1,16384}")
_NAT64 = IPv6Network("64:ff9b::/96")
"""Addresses that stand for IPv4 ones (RFC 6052)."""
_NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


class EgressForbiddenError(Exception):
    """A place this service may not go to; the text names its host at most."""


class Targets:
    """The allow-list."""

    def __init__(self, hosts: frozenset[Host], networks: Sequence[Network]) -> None:
        self._hosts = hosts
        self._networks = tuple(networks)

    def url(self, text: str) -> URL:
        """A URL that may be asked: HTTPS, of a host on the list, no credentials. Raises ForbiddenError."""
        if not _URL.fullmatch(text):
            raise EgressForbiddenError("an address is not a URL")
        try:
            # As it stands: a signed address may not be quoted anew.
            url = URL(text, encoded=True)
            host, port = (url.host or "").lower(), url.port
        except UNREADABLE as error:
            raise EgressForbiddenError("an address is not a URL") from error
        if url.scheme != "https":
            raise EgressForbiddenError("an address is not HTTPS")
        if url.user is not None or url.password is not None:
            raise EgressForbiddenError("an address holds credentials")
        if (host, port) not in self._hosts:
            raise EgressForbiddenError(
                f"{host[:253] or 'an address without a host'} is not on the list of allowed hosts"
            )
        self._literal(host)
        return url

    def address(self, text: str) -> None:
        """Raises ForbiddenError for an address that is neither public nor in a permitted network."""
        address = ip_address(text.partition("%")[0])
        if any(address in network for network in self._networks):
            return
        if not all(map(_is_public, _embedded_addresses(address))):
            raise EgressForbiddenError(
                "a host resolves to an address that is not public (--allow-network permits some)"
            )

    def _literal(self, host: str) -> None:
        try:
            ip_address(host)
        except ValueError:
            return  # a name, whose addresses are checked when they are known
        self.address(host)


class CheckedResolver(AbstractResolver):
    """Names to addresses, each of which `targets` permits; one that it does not forbids all."""

    def __init__(self, targets: Targets) -> None:
        self._targets = targets

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """What is then connected to. Raises ForbiddenError, and OSError where there is none."""
        found = await asyncio.get_running_loop().getaddrinfo(
            host, port, type=socket.SOCK_STREAM, family=family
        )
        addresses = [(str(address[0]), kind, protocol) for kind, _, protocol, _, address in found]
        for text, _, _ in addresses:
            self._targets.address(text)
        return [
            ResolveResult(hostname=host, host=text, port=port, family=kind, proto=protocol, flags=_NUMERIC)
            for text, kind, protocol in addresses
        ]

    async def close(self) -> None:
        """Nothing is held."""


def _embedded_addresses(address: Address) -> list[Address]:
    """The address, and those that it carries inside."""
    if isinstance(address, IPv4Address):
        return [address]
    teredo = address.teredo or ()
    nat64 = [IPv4Address(int(address) & 0xFFFFFFFF)] if address in _NAT64 else []
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    return [address, *nat64, *teredo, *([address.sixtofour] if address.sixtofour else [])]


def _is_public(address: Address) -> bool:
    return address.is_global and not address.is_multicast
