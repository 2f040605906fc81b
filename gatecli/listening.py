"""Where a service of this package listens, and its certificate: the same for each of them."""

from __future__ import annotations

import asyncio
import errno
import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from pathlib import Path

from gatecli.errors import ConfigurationError, UsageError


def listen_of(text: str, called: str = "--listen") -> tuple[str, int]:
    """`ADDRESS:PORT`; an IPv6 address stands in brackets, port 0 takes a free one. Raises UsageError."""
    address, separator, port = text.rpartition(":")
    if not separator or not port.isdecimal() or len(port) > 5 or int(port) > 65535:
        raise UsageError(f"{called} {text}: not ADDRESS:PORT", advice="give one such as 0.0.0.0:8080")
    return address.strip("[]"), int(port)


def is_loopback(address: str) -> bool:
    """Whether an address, or localhost, is this machine alone."""
    if address.lower().rstrip(".") == "localhost":
        return True
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def certificate_files(certificate: Path | None, key: Path | None) -> tuple[Path | None, Path | None]:
    """Both or neither. Raises UsageError."""
    if (certificate is None) != (key is None):
        raise UsageError("--tls-cert and --tls-key belong together", advice="give both, or neither")
    return certificate, key


def tls_context(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """The certificate of a port; None without one. Raises ConfigurationError."""
    if certificate is None:
        return None
    for file in filter(None, (certificate, key)):
        try:
            file.read_bytes()
        except OSError as error:
            raise ConfigurationError(
                f"{file} cannot be read: {_in_words(error.strerror)}", advice="name a PEM file that is there"
            ) from None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # A key with a password would otherwise be asked for on the terminal.
        context.load_cert_chain(certificate, key, password=lambda: b"")
    except (OSError, ssl.SSLError):  # its own sentence names lines of OpenSSL
        raise ConfigurationError(
            f"{certificate} and {key or certificate} are not a certificate and its key in PEM",
            advice="give PEM files that belong together, the key without a password",
        ) from None
    return context


def port_fault(where: str, error: OSError) -> str:
    """One sentence on a port that cannot be opened; asyncio's own repeats the address as Python prints it."""
    code = error.errno or 0
    reason = os.strerror(code) if code in errno.errorcode else error.strerror
    return f"{where} cannot be opened: {_in_words(reason)}"


def _in_words(reason: str | None) -> str:
    return (reason or "unknown error").lower()


class NoRoomError(Exception):
    """There was no room for a large body in time."""


class BodyRoom:
    """What large bodies share: memory is bounded whatever comes."""

    def __init__(self, size: int) -> None:
        self._free = self._size = size
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def take_room(self, wanted: int, seconds: float) -> AsyncIterator[None]:
        """Wait for room, and hold it; a body larger than all of it waits until it is alone.

        Raises NoRoomError after so many seconds.
        """
        size = min(wanted, self._size)
        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(lambda: self._free >= size)
                self._free -= size
        except TimeoutError:
            raise NoRoomError from None
        try:
            yield
        finally:
            async with self._changed:
                self._free += size
                self._changed.notify_all()
