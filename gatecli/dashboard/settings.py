"""How the page is served, and to whom: values that the command line gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from gatecli.errors import UsageError
from gatecli.listening import is_loopback

SHORTEST_TOKEN = 16
Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class PageSettings:
    """Where the page listens, and who may read it.

    A request is answered where it shows the `token`, or where it comes from a machine in `proxies` with a
    user in the header `proxy_header`; where there is neither, anybody who reaches the port may read it.
    `hosts` are the names that the page is known by, besides addresses and localhost. The ledger is verified
    every `verify_seconds`, and never where that is 0.
    """

    address: str = "127.0.0.1"
    port: int = 9464
    certificate: Path | None = None
    certificate_key: Path | None = None
    token: bytes = field(default=b"", repr=False)
    proxies: tuple[Network, ...] = ()
    proxy_header: str = ""
    hosts: frozenset[str] = frozenset()
    verify_seconds: int = 3600

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches the port."""
        return is_loopback(self.address)

    @property
    def is_open(self) -> bool:
        """Whether anybody who reaches the port may read the page."""
        return not self.token and not self.proxies


def check_exposure(settings: PageSettings, *, insecure: bool) -> None:
    """Raise UsageError for a page that other machines could read in transit, or without leave."""
    if bool(settings.proxies) != bool(settings.proxy_header):
        raise UsageError(
            "--trusted-proxy and --proxy-header belong together",
            advice="name the proxy's addresses, and the header in which it says who the user is",
        )
    if settings.is_local:
        return
    where = f"{settings.address or '0.0.0.0'}:{settings.port}"  # noqa: S104 - how it is shown
    if settings.certificate is None and not insecure:
        raise UsageError(
            f"other machines reach {where}, and it has no certificate",
            advice="give --tls-cert and --tls-key, or --insecure-listen where a proxy encrypts",
        )
    if settings.is_open:
        raise UsageError(
            f"other machines reach {where}, and nothing says who may read it",
            advice="give --token-file or GATECLI_LEDGER_TOKEN, or --trusted-proxy and --proxy-header",
        )


def proxy_network(text: str) -> Network:
    """A network in CIDR notation, or one address. Raises UsageError."""
    try:
        return ip_network(text)
    except ValueError:
        raise UsageError(
            f"--trusted-proxy {text}: not a network", advice="give one such as 10.20.0.5/32"
        ) from None


def token_of(text: str | bytes, where: str) -> bytes:
    """A token, without the last line break of a file. Raises UsageError for one that is too short."""
    token = (text.encode() if isinstance(text, str) else text).rstrip(b"\r\n")
    if len(token) < SHORTEST_TOKEN:
        raise UsageError(
            f"the token in {where} is shorter than {SHORTEST_TOKEN} bytes",
            advice="make one: openssl rand -hex 32",
        )
    return token
