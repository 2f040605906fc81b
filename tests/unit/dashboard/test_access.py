"""Who may read the page, decided by the head of a request."""

from __future__ import annotations

import base64
from dataclasses import replace
from ipaddress import ip_network

import pytest

from gatecli.dashboard.access import RequestHead, may_read, names_page
from gatecli.dashboard.settings import PageSettings

TOKEN = b"0123456789abcdef-\xc3\xa9"
WITH_TOKEN = PageSettings(token=TOKEN)
PROXIES = (ip_network("10.0.0.5/32"), ip_network("fd00::/64"))
BEHIND_PROXY = PageSettings(proxies=PROXIES, proxy_header="X-User")
KNOWN = PageSettings(hosts=frozenset({"ledger.acme.example"}))


def head(peer: str = "127.0.0.1", *, host: str = "localhost", **given: tuple[str, ...]) -> RequestHead:
    return RequestHead(peer, (host,), **given)


def basic(password: bytes, user: bytes = b"anybody") -> str:
    return "Basic " + base64.b64encode(user + b":" + password).decode()


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "LocalHost:9464", "127.0.0.1:9464", "10.1.2.3", "[::1]:80", "ledger.acme.example",
        "LEDGER.acme.example.:443",
    ],
)  # fmt: skip
def test_the_page_is_known_by_addresses_and_by_its_names(host: str) -> None:
    assert names_page(head(host=host), KNOWN)


@pytest.mark.parametrize(
    "host",
    [
        "", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example",
        "ledger.acme.example.evil.example", "localhost@evil.example", "evil.example:9464", "localhost:port",
        "localhost:1:2", "local host", "[::1", "::1", "2130706433", "localhost/", "ｌocalhost",
    ],
)  # fmt: skip
def test_another_name_is_not_the_page(host: str) -> None:
    assert not names_page(head(host=host), KNOWN)


def test_the_name_that_it_listens_at_is_the_page() -> None:
    assert names_page(head(host="ledger.internal:9464"), PageSettings("Ledger.internal"))


def test_a_request_names_one_host() -> None:
    assert not names_page(RequestHead("127.0.0.1", ()), KNOWN)
    assert not names_page(RequestHead("127.0.0.1", ("localhost", "localhost")), KNOWN)


def test_without_a_token_or_a_proxy_anybody_who_reaches_the_port_may_read() -> None:
    assert may_read(head(), PageSettings())


@pytest.mark.parametrize(
    "shown", [basic(TOKEN), basic(TOKEN, b""), basic(TOKEN).replace("Basic", "basic ")], ids=range(3)
)
def test_a_browser_shows_the_token_as_a_password(shown: str) -> None:
    assert may_read(head(authorizations=(shown,)), WITH_TOKEN)


def test_a_program_shows_the_token_as_a_bearer() -> None:
    settings = PageSettings(token=b"0123456789abcdef")
    assert may_read(head(authorizations=("Bearer 0123456789abcdef",)), settings)


@pytest.mark.parametrize(
    "shown",
    [
        (), ("",), ("Bearer",), ("Bearer ",), ("Bearer 0123456789abcde",), ("Bearer 0123456789abcdef0",),
        ("Basic !",), ("Basic " + base64.b64encode(b"0123456789abcdef").decode(),), (basic(b""),),
        ("Digest 0123456789abcdef",), ("Bearer 0123456789abcdef", "Bearer 0123456789abcdef"),
        ("Bearer 0123456789abcdef ",), ("0123456789abcdef",),
    ],
)  # fmt: skip
def test_anything_else_is_not_the_token(shown: tuple[str, ...]) -> None:
    assert not may_read(head(authorizations=shown), PageSettings(token=b"0123456789abcdef"))


@pytest.mark.parametrize("peer", ["10.0.0.5", "::ffff:10.0.0.5", "fd00::7"])
def test_a_trusted_proxy_says_who_the_user_is(peer: str) -> None:
    assert may_read(head(peer, users=("ada",)), BEHIND_PROXY)


@pytest.mark.parametrize("peer", ["10.0.0.6", "127.0.0.1", "::1", "", "10.0.0.5.evil.example"])
def test_nobody_else_says_who_the_user_is(peer: str) -> None:
    assert not may_read(head(peer, users=("ada",)), BEHIND_PROXY)


@pytest.mark.parametrize("users", [(), ("",), (" ",), ("ada", "eve")])
def test_a_proxy_that_names_no_user_or_two_lets_nobody_in(users: tuple[str, ...]) -> None:
    assert not may_read(head("10.0.0.5", users=users), BEHIND_PROXY)


def test_beside_a_proxy_the_token_opens_the_page_too() -> None:
    both = replace(BEHIND_PROXY, token=TOKEN)
    assert may_read(head("192.0.2.1", authorizations=(basic(TOKEN),)), both)
    assert may_read(head("10.0.0.5", users=("ada",)), both)
    assert not may_read(head("192.0.2.1", users=("ada",)), both)
