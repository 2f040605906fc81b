"""What callers and models may try, over a real port: names, targets and headers that are two things."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from gatecli.model.attestation import Claim
from gatecli.serving.server import BoundedServer
from gatecli.serving.upstream import ModelAnswer, Upstream
from tests.support.attestations import ed25519
from tests.support.served_endpoints import BUNDLE, trusting_policy, write_attestation, write_endpoint
from tests.support.serving import JSON, RunningEndpoint, ScriptedModel, scripted_model, served_endpoint

Work = Callable[[RunningEndpoint], Awaitable[None]]
CALLERS = {"ledger": "ledger.db", "dataset": "people", "lease": 4, "perCaller": {"epsilon": 1}}
ATTESTED = {
    "mode": "attested",
    "noise": None,
    "budget": None,
    "attestation": BUNDLE,
    "model": {"path": "model.bin"},
}
PERSON = "110101199003074477"


def serve(folder: Path, work: Work, **options: Any) -> None:
    async def run() -> None:
        async with served_endpoint(folder, **options) as served:
            await work(served)

    asyncio.run(run())


def serve_attested(folder: Path, work: Work, **options: Any) -> None:
    signer = ed25519()
    write_endpoint(folder, signer)
    serve(folder, work, policy=trusting_policy(signer), **{**ATTESTED, **options})


def asked(number: int) -> bytes:
    return json.dumps({"instances": [[number]]}).encode()


@pytest.mark.parametrize("name", ["bearer one", "Bearer  one", "BEARER\tone"])
def test_another_spelling_of_a_caller_has_no_budget_of_its_own(tmp_path: Path, name: str) -> None:
    async def work(served: RunningEndpoint) -> None:
        assert (await served.ask(asked(0), headers={"Authorization": "Bearer one"}))[0] == 200
        assert (await served.ask(asked(1), headers={"Authorization": name}))[0] == 403
        assert (await served.ask(asked(1), headers={"Authorization": "Bearer One"}))[0] == 200

    serve(tmp_path, work, budget=CALLERS)


@pytest.mark.parametrize("name", ["Custom-Attributes", "Target-Model", "Target-Variant", "Session-Id"])
def test_a_header_that_chooses_who_answers_is_part_of_the_question(tmp_path: Path, name: str) -> None:
    async def work(served: RunningEndpoint) -> None:
        for header, value in ((name, "a"), (name.lower(), "a"), (name, "b")):
            await served.ask(headers={f"X-Amzn-SageMaker-{header}": value})
        assert len(served.model.asked) == 2

    serve(tmp_path, work)


def test_a_request_of_two_callers_is_not_asked(tmp_path: Path) -> None:
    """The budget would be that of the one, and the model might take it for the other's."""

    async def work(served: RunningEndpoint) -> None:
        twice = b"Authorization: Bearer one\r\nAuthorization: Bearer two\r\n"
        head = b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        sent = head + twice + b"Connection: close\r\nContent-Length: 2\r\n\r\n{}"
        assert (await served.ask_raw(sent))[8:13] == b" 400 "
        assert served.model.asked == []

    serve(tmp_path, work, budget=CALLERS)


@pytest.mark.parametrize("target", [f"/invocations/{PERSON}", f"/invocations?who={PERSON}"])
def test_personal_data_in_an_address_is_not_asked(tmp_path: Path, target: str) -> None:
    async def work(served: RunningEndpoint) -> None:
        assert (await served.ask(path="/invocations/v2"))[0] == 200
        assert (await served.ask(path=target))[0] == 422
        assert len(served.model.asked) == 1
        assert served.figure("personal_data_total", entity="CN_RESIDENT_ID", where="request") == 1
        assert PERSON not in served.exposed() + str(served.lines)

    serve_attested(
        tmp_path, work, upstream={"platform": "plain"}, pii={"request": "deny", "response": "ignore"}
    )


def test_a_masked_body_has_no_digest_of_what_it_was(tmp_path: Path) -> None:
    """A digest of few values more is as good as the values."""
    digests = {"Content-MD5": "bQ==", "Digest": "sha=x", "Repr-Digest": "sha-256=:eA==:", "X-Kept": "1"}

    async def answer(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(text=json.dumps({"id": PERSON}), headers={**digests, "Content-Type": JSON})

    async def work(served: RunningEndpoint) -> None:
        served.model.answering = answer
        status, headers, body = await served.ask(json.dumps({"id": PERSON}).encode(), headers=digests)
        told = {name.lower() for name in served.model.asked[0][2]}
        assert status == 200
        assert PERSON.encode() not in body + served.model.asked[0][3]
        for seen in (set(headers), told):
            assert seen & {name.lower() for name in digests} == {"x-kept"}

    serve_attested(tmp_path, work, pii={"request": "mask", "response": "mask"})


def test_what_is_searched_is_asked_for_whole(tmp_path: Path) -> None:
    """Pieces of an answer hold pieces of a number, in which no search finds it."""

    async def work(served: RunningEndpoint) -> None:
        assert (await served.ask(headers={"Range": "bytes=0-5", "If-Range": "x"}))[0] == 200
        assert not {"Range", "If-Range"} & set(served.model.asked[0][2])

    serve_attested(tmp_path, work, pii={"request": "ignore", "response": "mask"})


def test_no_caller_hides_from_the_model_what_its_body_was_searched_as(tmp_path: Path) -> None:
    async def work(served: RunningEndpoint) -> None:
        hiding = {"Connection": "keep-alive, Content-Type, Content-Encoding, X-Hop", "X-Hop": "1"}
        await served.ask(headers={**hiding, "Content-Encoding": "identity"}, content_type="text/csv")
        told = served.model.asked[0][2]
        assert (told["Content-Type"], told["Content-Encoding"]) == ("text/csv", "identity")
        assert "X-Hop" not in told

    serve_attested(tmp_path, work)


def test_headers_tell_of_the_attestation_that_answers_are_given_by(tmp_path: Path) -> None:
    signer = ed25519()
    write_endpoint(tmp_path, signer)

    async def work(served: RunningEndpoint) -> None:
        first = (await served.ask())[1]
        write_attestation(tmp_path, signer, claim=Claim("0.25", 250_000, "1e-9", "person", "add-remove"))
        guard = served.proxy.parts.guard
        assert guard is not None
        assert guard.refresh().fault is None
        status, headers, _ = await served.ask()
        assert (status, headers["gatecli-model-epsilon"]) == (200, "0.25")
        assert headers["gatecli-attestation"] == f"sha256:{guard.standing.sha256}"
        assert headers["gatecli-attestation"] != first["gatecli-attestation"]

    serve(tmp_path, work, policy=trusting_policy(signer), **ATTESTED)


def test_a_model_that_fails_in_a_way_that_nobody_knows_has_no_vote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of the whole answer would tell without noise what one model did."""
    plain = Upstream.ask

    async def run() -> None:
        async with AsyncExitStack() as stack:
            models = [await stack.enter_async_context(scripted_model()) for _ in range(3)]
            served = await stack.enter_async_context(served_endpoint(tmp_path, **votes_of(models)))

            async def ask(self: Upstream, method: str, url: str, *more: Any) -> ModelAnswer:
                if url == models[0].url:
                    raise RuntimeError("a word of the model")
                return await plain(self, method, url, *more)

            monkeypatch.setattr(Upstream, "ask", ask)
            assert served.proxy.parts.noisy is not None
            served.proxy.parts.noisy.noise.draw = list
            status, _, body = await served.ask()
            assert status == 200
            assert [each["count"] for each in json.loads(body)["votes"]] == [0, 2]
            assert served.figure("upstream_errors_total", fault="broken") == 1

    asyncio.run(run())


def votes_of(models: list[ScriptedModel]) -> dict[str, Any]:
    for each in models:
        each.score = "b"
    named = [{"url": each.url, "dataset": f"part-{each.port}"} for each in models]
    return {
        "mode": "votes",
        "upstream": {"url": None},
        "noise": {"epsilon": 1},
        "votes": {"models": named, "classes": ["a", "b"]},
    }


@pytest.mark.parametrize("response", ["ignore", "audit"])
def test_a_caller_that_takes_no_answer_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, response: str
) -> None:
    """Neither while pieces are passed on, nor where the answer was read before."""
    long, ended, lost = b"x" * (16 << 20), asyncio.Event(), BoundedServer.connection_lost

    def note_end(server: BoundedServer, *ending: Any) -> None:
        lost(server, *ending)
        ended.set()

    monkeypatch.setattr(BoundedServer, "connection_lost", note_end)
    monkeypatch.setattr("gatecli.serving.server.SLOWEST", len(long))

    async def answer(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=long, content_type="text/csv")

    async def work(served: RunningEndpoint) -> None:
        served.model.answering = answer
        _, writer = await asyncio.open_connection("127.0.0.1", served.port, limit=1024)
        head = b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        writer.write(head + b"Content-Length: 2\r\n\r\n{}")
        await asyncio.wait_for(ended.wait(), 20)
        assert served.proxy.asking == served.proxy.in_flight == 0
        writer.close()

    limits = {"bodySeconds": 1, "refusalMilliseconds": 0}
    serve_attested(tmp_path, work, pii={"request": "ignore", "response": response}, limits=limits)
