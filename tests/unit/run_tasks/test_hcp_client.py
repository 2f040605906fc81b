"""What goes out: over real TLS, to a stand-in for HCP Terraform."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from gatecli.errors import ConfigurationError
from gatecli.run_tasks.egress_allowlist import EgressForbiddenError, Targets
from gatecli.run_tasks.hcp_client import FinalError, HcpClient, PassingError, connect, trust
from gatecli.run_tasks.settings import network_of
from tests.support.hcp_terraform import TOKEN, Stub, authority_in, content_of, redirect, standing_in, status

Made = TypeVar("Made")
LOOPBACK = (network_of("127.0.0.1/32"), network_of("::1/128"))
LIMIT = 1000
GOODBYE = 0.1


@pytest.fixture(scope="module", name="stub")
def a_stub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stub]:
    with standing_in(tmp_path_factory.mktemp("hcp_client")) as stub:
        yield stub


def with_wire(stub: Stub, use: Callable[[HcpClient], Awaitable[Made]], *, loopback: bool = True) -> Made:
    targets = Targets(frozenset({("localhost", stub.port)}), LOOPBACK if loopback else ())

    async def run() -> Made:
        try:
            async with connect(targets, LIMIT, stub.authority) as hcp_client:
                return await use(hcp_client)
        finally:
            # A TLS connection that is closed at once ends with the peer's goodbye; aiohttp waits for none.
            await asyncio.sleep(GOODBYE)

    return asyncio.run(run())


def fetched(stub: Stub, path: str, *, loopback: bool = True) -> tuple[str, bytes]:
    file = io.BytesIO(b"the rest of an earlier attempt")
    digest = with_wire(
        stub, lambda hcp_client: hcp_client.fetch(stub.url(path), TOKEN, file), loopback=loopback
    )
    return digest, file.getvalue()


def sent(stub: Stub, code: int) -> None:
    stub.statuses[:] = [code]
    document = b'{"data": {"type": "task-results", "attributes": {"status": "passed", "message": ""}}}'
    with_wire(stub, lambda hcp_client: hcp_client.send(stub.url("/callback"), TOKEN, document))


def test_a_plan_is_fetched_over_one_redirect(stub: Stub) -> None:
    stub.serve_plan(b"plan")
    assert fetched(stub, "/plan") == (hashlib.sha256(b"plan").hexdigest(), b"plan")


def test_a_plan_may_also_be_answered_at_once(stub: Stub) -> None:
    stub.pages["/direct"] = content_of(b"plan")
    assert fetched(stub, "/direct")[1] == b"plan"


def test_a_redirect_may_be_relative(stub: Stub) -> None:
    stub.pages["/relative"] = redirect("/direct?a=%2F")
    stub.pages["/direct"] = content_of(b"plan")
    assert fetched(stub, "/relative")[1] == b"plan"


def test_a_plan_of_just_the_limit_is_fetched_and_a_larger_one_is_not(stub: Stub) -> None:
    stub.serve_plan(b"x" * LIMIT, "/full")
    assert len(fetched(stub, "/full")[1]) == LIMIT
    stub.serve_plan(b"x" * (LIMIT + 1), "/over")
    with pytest.raises(FinalError, match="larger than"):
        fetched(stub, "/over")


def test_a_plan_that_breaks_off_is_tried_again(stub: Stub) -> None:
    stub.pages["/broken"] = content_of(b"plan", promised=10)
    with pytest.raises(PassingError, match="could not be reached"):
        fetched(stub, "/broken")


@pytest.mark.parametrize("code", [408, 429, 500, 502, 503, 504])
def test_an_answer_that_may_change_is_tried_again(stub: Stub, code: int) -> None:
    stub.pages["/passing"] = status(code)
    with pytest.raises(PassingError, match=str(code)):
        fetched(stub, "/passing")
    with pytest.raises(PassingError, match=str(code)):
        sent(stub, code)


@pytest.mark.parametrize("code", [301, 303, 400, 401, 403, 404, 422])
def test_an_answer_that_will_not_change_is_final(stub: Stub, code: int) -> None:
    stub.pages["/final"] = status(code)
    with pytest.raises(FinalError):
        fetched(stub, "/final")
    with pytest.raises(FinalError, match=str(code)):
        sent(stub, code)


def test_a_result_is_not_sent_along_a_redirect(stub: Stub) -> None:
    with pytest.raises(FinalError, match="307"):
        sent(stub, 307)


def test_a_name_that_leads_to_a_private_address_is_not_connected_to(stub: Stub) -> None:
    before = len(stub.asked)
    with pytest.raises(EgressForbiddenError, match="not public"):
        fetched(stub, "/plan", loopback=False)
    assert len(stub.asked) == before


def test_a_certificate_of_a_stranger_is_not_accepted(stub: Stub, tmp_path: Path) -> None:
    stranger = Stub(port=stub.port, authority=authority_in(tmp_path)[0])
    before = len(stub.asked)
    with pytest.raises(PassingError, match="Certificate"):
        fetched(stranger, "/plan")
    assert len(stub.asked) == before


def test_an_error_names_no_address_and_no_token(stub: Stub) -> None:
    for page in (status(404), status(500), redirect("https://elsewhere.example/?signature=secret")):
        stub.pages["/wrong"] = page
        with pytest.raises((FinalError, PassingError, EgressForbiddenError)) as caught:
            fetched(stub, "/wrong")
        said = f"{caught.value}{caught.value.__cause__}"
        assert TOKEN not in said
        assert "secret" not in said
        assert "/wrong" not in said


def test_a_file_without_certificates_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("nothing", "utf-8")
    with pytest.raises(ConfigurationError, match="holds no certificates"):
        trust(file)
