"""Where the page may listen, and what it needs there."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest

from gatecli.dashboard.settings import PageSettings, check_exposure, proxy_network, token_of
from gatecli.errors import UsageError
from gatecli.listening import is_loopback

EVERY = "0.0.0.0"  # noqa: S104 - an address that is refused
TOKEN = b"0123456789abcdef"
PROXIES = (ip_network("10.0.0.5/32"),)
CERTIFICATE = (Path("tls.crt"), Path("tls.key"))


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.0.1", "::1", "localhost", "LOCALHOST"])
def test_loopback_needs_neither_a_certificate_nor_a_token(address: str) -> None:
    assert is_loopback(address)
    check_exposure(PageSettings(address), insecure=False)


@pytest.mark.parametrize("address", ["", EVERY, "::", "192.0.2.1", "ledger.example", "localhost.example"])
def test_elsewhere_a_certificate_or_a_flag_is_needed(address: str) -> None:
    settings = PageSettings(address, token=TOKEN)
    with pytest.raises(UsageError, match="has no certificate"):
        check_exposure(settings, insecure=False)
    check_exposure(settings, insecure=True)
    check_exposure(PageSettings(address, 1, *CERTIFICATE, token=TOKEN), insecure=False)


def test_elsewhere_somebody_must_say_who_may_read() -> None:
    with pytest.raises(UsageError, match="nothing says who may read it"):
        check_exposure(PageSettings(EVERY, 1, *CERTIFICATE), insecure=False)
    proxied = PageSettings(EVERY, 1, *CERTIFICATE, proxies=PROXIES, proxy_header="X-User")
    check_exposure(proxied, insecure=False)


@pytest.mark.parametrize(
    "settings",
    [PageSettings(proxies=PROXIES), PageSettings(proxy_header="X-User")],
    ids=["addresses", "header"],
)
def test_a_proxy_has_addresses_and_a_header(settings: PageSettings) -> None:
    with pytest.raises(UsageError, match="belong together"):
        check_exposure(settings, insecure=False)


def test_the_token_is_in_no_picture_of_the_settings() -> None:
    assert TOKEN.decode() not in repr(PageSettings(token=TOKEN))


def test_the_line_break_of_a_file_is_no_part_of_the_token() -> None:
    assert token_of(TOKEN + b"\r\n", "a file") == token_of(TOKEN.decode(), "a variable") == TOKEN


def test_a_short_token_is_refused_and_not_shown() -> None:
    with pytest.raises(UsageError) as caught:
        token_of("too-short", "a file")
    assert "too-short" not in str(caught.value)


def test_a_proxy_is_a_network_or_an_address() -> None:
    assert proxy_network("10.0.0.5") == PROXIES[0]
    with pytest.raises(UsageError, match="not a network"):
        proxy_network("10.0.0.1/8")
