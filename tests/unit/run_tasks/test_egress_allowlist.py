"""Where the service may go."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import ip_network
from typing import Any

import pytest

from gatecli.run_tasks.egress_allowlist import CheckedResolver, EgressForbiddenError, Targets
from gatecli.run_tasks.settings import HCP_TERRAFORM

OWN = Targets(HCP_TERRAFORM, ())


@pytest.mark.parametrize(
    "text",
    [
        "https://app.terraform.io/api/v2/plans/plan-1/json-output",
        "https://APP.terraform.io:443/x",
        "https://archivist.terraform.io/v1/object/dmF1bHQ6djE6?a=%2F+b",
    ],
)
def test_hcp_terraform_may_be_asked(text: str) -> None:
    assert OWN.url(text).scheme == "https"


def test_a_signed_address_is_asked_as_it_stands() -> None:
    text = "https://archivist.terraform.io/v1/%41?signature=a%2Fb+c%3D&x='"
    assert str(OWN.url(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "app.terraform.io",
        "//app.terraform.io/x",
        "http://app.terraform.io/x",
        "ftp://app.terraform.io/x",
        "file:///etc/passwd",
        "https:///x",
        "https://app.terraform.io:8443/x",
        "https://app.terraform.io:99999/x",
        "https://app.terraform.io:x/",
        "https://user@app.terraform.io/x",
        "https://user:word@app.terraform.io/x",
        "https://app.terraform.io@evil.example/x",
        "https://evil.example/app.terraform.io",
        "https://evil.example#app.terraform.io",
        "https://evil.example\\@app.terraform.io/x",
        "https://app.terraform.io.evil.example/x",
        "https://xapp.terraform.io/x",
        "https://app.terraform.io./x",
        "https://app.terraform.io/x y",
        "https://app.terraform.io/x\r\nHost: evil",
        "https://app.terraform.io\u3002evil/x",
        "https://[::1]/x",
        "https://[/x",
        "https://[]@",
        "https://127.0.0.1/x",
        "https://2130706433/x",
        "https://169.254.169.254/latest/meta-data",
    ],
)
def test_nothing_else_may(text: str) -> None:
    with pytest.raises(EgressForbiddenError):
        OWN.url(text)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_a_public_address_may_be_reached(address: str) -> None:
    OWN.address(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "0.0.0.0",  # noqa: S104 - an address that is refused
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fd00:ec2::254",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "2002:a00:1::",
    ],
)
def test_no_other_address_may(address: str) -> None:
    with pytest.raises(EgressForbiddenError, match="not public"):
        OWN.address(address)


def test_a_permitted_network_permits_itself_alone() -> None:
    inside = Targets(frozenset({("10.1.2.3", 443)}), [ip_network("10.1.0.0/16")])
    inside.address("10.1.2.3")
    inside.url("https://10.1.2.3/x")
    with pytest.raises(EgressForbiddenError):
        inside.address("10.2.0.1")


def test_an_allowed_host_that_is_a_private_address_needs_its_network() -> None:
    with pytest.raises(EgressForbiddenError, match="not public"):
        Targets(frozenset({("10.1.2.3", 443)}), ()).url("https://10.1.2.3/x")


def resolved(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    async def names(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 443)) for each in addresses]

    async def ask() -> list[str]:
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", names)
        return [each["host"] for each in await CheckedResolver(OWN).resolve("app.terraform.io", 443)]

    return asyncio.run(ask())


def test_a_name_is_connected_to_at_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert resolved(monkeypatch, "8.8.8.8", "8.8.4.4") == ["8.8.8.8", "8.8.4.4"]


def test_one_address_that_is_not_public_forbids_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EgressForbiddenError):
        resolved(monkeypatch, "8.8.8.8", "169.254.169.254")
