"""What each mode promises, over a real port: attested, votes and aggregates; and ledgers that are down."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientPayloadError, ServerDisconnectedError, web

from gatecli.ledger.opening import create_store
from gatecli.model.policy import PrivacyPolicy
from gatecli.serving.attestation_guard import EVERY
from tests.support.attestations import ed25519
from tests.support.leases import answers_held, people
from tests.support.ledgers import IDENTITY
from tests.support.served_endpoints import BUNDLE, trusting_policy, write_endpoint
from tests.support.serving import JSON, RunningEndpoint, ScriptedModel, scripted_model, served_endpoint

Work = Callable[[RunningEndpoint], Awaitable[None]]
ATTESTED = {
    "mode": "attested",
    "noise": None,
    "budget": None,
    "attestation": BUNDLE,
    "model": {"path": "model.bin"},
}


def serve(folder: Path, work: Work, **options: Any) -> None:
    async def run() -> None:
        async with served_endpoint(folder, **options) as served:
            await work(served)

    asyncio.run(run())


@pytest.fixture(name="policy")
def policy_of_a_model(tmp_path: Path) -> PrivacyPolicy:
    """A policy that trusts the attestation of the model in the folder."""
    signer = ed25519()
    write_endpoint(tmp_path, signer)
    return trusting_policy(signer, validDays=30)


def answering(body: bytes, **headers: str) -> Callable[..., Awaitable[web.StreamResponse]]:
    async def answer(_: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=body, headers={k.replace("_", "-"): v for k, v in headers.items()})

    return answer


def test_an_attested_model_answers_itself_and_costs_nothing(tmp_path: Path, policy: PrivacyPolicy) -> None:
    async def work(served: RunningEndpoint) -> None:
        served.model.answering = answering(
            b"any bytes", X_Model="7", Gatecli_Mode="forged", Content_Type="a/b"
        )
        status, headers, body = await served.ask(headers={"X-Anything": "1"})
        assert (status, body) == (200, b"any bytes")
        assert [headers[each] for each in ("x-model", "content-type", "gatecli-mode")] == [
            "7",
            "a/b",
            "attested",
        ]
        assert [headers[each] for each in ("gatecli-epsilon", "gatecli-model-epsilon")] == ["0", "0.5"]
        assert served.model.asked[0][2]["X-Anything"] == "1"

    serve(tmp_path, work, policy=policy, **ATTESTED)


def test_an_attestation_that_ends_while_serving_ends_the_answers(
    tmp_path: Path, policy: PrivacyPolicy
) -> None:
    async def work(served: RunningEndpoint) -> None:
        guard = served.proxy.parts.guard
        assert guard is not None
        ends = guard.standing.ends
        assert ends is not None
        assert (await served.ask())[0] == 200
        served.clocks.wall = ends - timedelta(seconds=1)
        assert (await served.ask())[0] == 200
        served.clocks.wall = ends
        assert (await served.ask())[0] == 403
        served.clocks.wall = ends - timedelta(days=1)  # a clock that is set back revives nothing
        assert (await served.ask())[0] == 403
        assert (await served.ask(b"", method="GET", path="/ping"))[2] == b"attestation\n"
        assert served.figure("refusals_total", reason="attestation") == 2

    serve(tmp_path, work, policy=policy, **ATTESTED)


def test_a_model_that_changed_is_served_no_more(tmp_path: Path, policy: PrivacyPolicy) -> None:
    async def work(served: RunningEndpoint) -> None:
        guard = served.proxy.parts.guard
        assert guard is not None
        (tmp_path / "model.bin").write_bytes(b"other weights")
        served.clocks.pass_by(EVERY)
        guard.refresh_if_due()
        assert (await served.ask())[0] == 403
        assert served.model.asked == []

    serve(tmp_path, work, policy=policy, **ATTESTED)


def test_a_long_answer_comes_as_it_is_sent_and_ends_at_the_limit(
    tmp_path: Path, policy: PrivacyPolicy
) -> None:
    async def stream(http: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(http)
        for _ in range(pieces):
            await response.write(b"x" * 1000)
        return response

    pieces = 100

    async def work(served: RunningEndpoint) -> None:
        nonlocal pieces
        served.model.answering = stream
        assert len((await served.ask())[2].replace(b"\r\n", b"")) >= 100_000
        pieces = 1000
        with pytest.raises((ClientPayloadError, ServerDisconnectedError, ConnectionResetError)):
            await served.ask()
        assert served.figure("upstream_errors_total", fault="too-large") == 1
        served.model.answering = answering(b"x" * 300_001)
        assert (await served.ask())[0] == 502

    serve(tmp_path, work, policy=policy, **ATTESTED, limits={"responseBytes": 300_000})


def test_a_half_answer_is_not_taken_for_a_whole_one(tmp_path: Path, policy: PrivacyPolicy) -> None:
    async def half(http: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(http)
        await response.write(b"x" * 1000)
        assert http.transport is not None
        http.transport.abort()
        return response

    async def work(served: RunningEndpoint) -> None:
        served.model.answering = half
        with pytest.raises((ClientPayloadError, ServerDisconnectedError, ConnectionResetError)):
            await served.ask()
        assert served.proxy.in_flight == 0

    serve(tmp_path, work, policy=policy, **ATTESTED)


@pytest.mark.parametrize(("on_unavailable", "status"), [("refuse", 403), ("attested", 200)])
@pytest.mark.parametrize("mode", ["attested", "noisy-scores"])
def test_without_a_ledger_an_attested_model_answers_where_the_document_says_so(
    tmp_path: Path, policy: PrivacyPolicy, on_unavailable: str, status: int, mode: str
) -> None:
    budget = {"ledger": "ledger.db", "dataset": "people", "onUnavailable": on_unavailable, "lease": 1}
    spec: dict[str, Any] = {**ATTESTED, "mode": mode, "budget": budget}
    if mode == "noisy-scores":
        spec["noise"] = {"epsilon": 1}

    async def work(served: RunningEndpoint) -> None:
        first = await served.ask()
        assert (first[0], first[1]["gatecli-mode"]) == (200, mode)
        ledger = served.proxy.parts.ledger
        assert ledger is not None
        (tmp_path / "ledger.db").rename(tmp_path / "away.db")
        await ledger.ask(lambda _: ledger._let_go())
        served.clocks.pass_by(2)
        served.model.answering = answering(b'{"predictions":[0.125]}', Content_Type=JSON)
        found = await served.ask(b'{"instances":[[9]]}')
        assert found[0] == status
        if status == 200:
            assert (found[1]["gatecli-mode"], found[1]["content-type"]) == ("attested", JSON)
            assert (found[1]["gatecli-epsilon"], found[2]) == ("0", b'{"predictions":[0.125]}')
            assert "gatecli-noise" not in found[1]
        (tmp_path / "away.db").rename(tmp_path / "ledger.db")

    serve(tmp_path, work, policy=policy, **spec)


def votes(models: list[ScriptedModel]) -> dict[str, Any]:
    named = [{"url": each.url, "dataset": f"part-{each.port}"} for each in models]
    return {
        "mode": "votes",
        "upstream": {"url": None},
        "noise": {"epsilon": 1},
        "votes": {"models": named, "classes": ["stay", "leave"]},
    }


def vote(folder: Path, work: Callable[[RunningEndpoint, list[ScriptedModel]], Awaitable[None]]) -> None:
    """Three models, and noise that is always 0."""

    async def run() -> None:
        async with AsyncExitStack() as stack:
            models = [await stack.enter_async_context(scripted_model()) for _ in range(3)]
            served = await stack.enter_async_context(served_endpoint(folder, **votes(models)))
            assert served.proxy.parts.noisy is not None
            served.proxy.parts.noisy.noise.draw = list
            await work(served, models)

    asyncio.run(run())


def test_models_vote_and_one_that_says_something_else_has_no_vote(tmp_path: Path) -> None:
    async def work(served: RunningEndpoint, models: list[ScriptedModel]) -> None:
        for each, answer in zip(models, ("leave", "leave", "perhaps"), strict=True):
            each.score = answer
        status, headers, body = await served.ask()
        assert (status, headers["gatecli-mode"]) == (200, "votes")
        assert json.loads(body) == {
            "predictions": ["leave"],
            "votes": [{"class": "stay", "count": 0}, {"class": "leave", "count": 2}],
        }

    vote(tmp_path, work)


def test_that_all_models_failed_is_told_with_noise(tmp_path: Path) -> None:
    """Whether a model fails may follow from its people, and the others' may be known to fail."""

    async def work(served: RunningEndpoint, models: list[ScriptedModel]) -> None:
        async def fail(_: web.BaseRequest) -> web.StreamResponse:
            return web.Response(status=500)

        for each in models:
            each.answering = fail
        status, _, body = await served.ask()
        assert status == 200
        assert [each["count"] for each in json.loads(body)["votes"]] == [0, 0]
        assert served.figure("upstream_errors_total", fault="status") == 3

    vote(tmp_path, work)


AGGREGATES = {
    "mode": "aggregates",
    "aggregates": {"classes": [0, 1], "unit": "/person", "perUnit": 1, "seconds": 60, "kept": 3},
}


def test_requests_are_counted_and_their_answers_told_to_nobody(tmp_path: Path) -> None:
    async def work(served: RunningEndpoint) -> None:
        assert served.proxy.parts.counted is not None
        served.proxy.parts.counted.noise.draw = list
        served.model.score = 1
        for person in ("a", "b", "b", 1, 1.0):
            found = await served.ask(json.dumps({"person": person}).encode())
            assert (found[0], found[2]) == (202, b'{"counted":true}\n')
        assert (await served.ask(b"{}"))[0] == 400
        assert (await served.ask(b"", method="GET", path="/aggregates"))[0] == 404
        served.clocks.pass_by(60)
        windows = [await served.ask(b"", method="GET", path="/aggregates") for _ in range(2)]
        assert [each[0] for each in windows] == [200, 200]
        assert windows[0][2] == windows[1][2]
        assert json.loads(windows[0][2])["counts"] == [{"class": 0, "count": 0}, {"class": 1, "count": 3}]
        store = served.store()
        assert answers_held(store) == 1  # the one window that was asked for, and none in advance
        store.close()

    serve(tmp_path, work, **AGGREGATES)


def test_a_clock_that_is_set_neither_ends_a_window_nor_keeps_one_open(tmp_path: Path) -> None:
    async def work(served: RunningEndpoint) -> None:
        served.model.score = 1
        await served.ask(b'{"person": "a"}')
        served.clocks.wall += timedelta(days=3650)
        assert (await served.ask(b"", method="GET", path="/aggregates"))[0] == 404
        served.clocks.seconds += 60
        assert (await served.ask(b"", method="GET", path="/aggregates"))[0] == 200

    serve(tmp_path, work, **AGGREGATES)


PATHS = ["/aggregates/", "/aggregates/x", "/aggregates/-1", "/aggregates/99999999999999999", "/aggregatesx"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "PUT", "POST"])
def test_no_other_window_is_there(tmp_path: Path, path: str, method: str) -> None:
    async def work(served: RunningEndpoint) -> None:
        assert (await served.ask(b"", method=method, path=path))[0] == 404

    serve(tmp_path, work, **AGGREGATES)


def test_nothing_is_counted_by_a_model_that_is_not_the_attested_one(
    tmp_path: Path, policy: PrivacyPolicy
) -> None:
    """Noise on counts protects whom requests are about; the people of the training have the attestation."""

    async def work(served: RunningEndpoint) -> None:
        guard = served.proxy.parts.guard
        assert guard is not None
        served.model.score = 1
        assert (await served.ask(b'{"person":1}'))[0] == 202
        served.clocks.pass_by(60)
        (tmp_path / "model.bin").write_bytes(b"another model")
        guard.refresh()
        assert (await served.ask(b'{"person":2}'))[0] == 403
        assert (await served.ask(method="GET", path="/aggregates"))[0] == 403
        assert len(served.model.asked) == 1
        assert served.figure("refusals_total", reason="attestation") == 2

    serve(tmp_path, work, policy=policy, **AGGREGATES, attestation=BUNDLE, model={"path": "model.bin"})


def test_a_window_ends_with_the_budget(tmp_path: Path) -> None:
    async def work(served: RunningEndpoint) -> None:
        statuses = []
        for _ in range(3):
            served.clocks.pass_by(60)
            statuses.append((await served.ask(b"", method="GET", path="/aggregates"))[0])
        assert statuses == [200, 200, 403]

    serve(tmp_path, work, epsilon=2, **AGGREGATES)


def test_a_ledger_without_the_dataset_serves_nothing(tmp_path: Path) -> None:
    store = create_store(str(tmp_path / "ledger.db"), IDENTITY)
    people(store, name="others")
    store.close()

    async def work(_: RunningEndpoint) -> None:
        raise AssertionError

    with pytest.raises(Exception, match="people"):
        serve(tmp_path, work)


def test_models_that_vote_are_ready_by_their_own_addresses(tmp_path: Path) -> None:
    async def run() -> None:
        asked: list[str] = []

        async def ready(http: web.BaseRequest) -> web.StreamResponse:
            asked.append(http.raw_path)
            return web.Response()

        async with AsyncExitStack() as stack:
            models = [await stack.enter_async_context(scripted_model()) for _ in range(2)]
            spec = votes(models)
            for model, named in zip(models, spec["votes"]["models"], strict=True):
                model.answering = ready
                named["url"] = f"http://127.0.0.1:{model.port}/v1/models/churn-{model.port}:predict"
            spec["upstream"] = {"url": None, "platform": "kserve"}
            served = await stack.enter_async_context(served_endpoint(tmp_path, **spec))
            assert (await served.ask(b"", method="GET", path="/v2/health/ready"))[0] == 200
            assert asked == ["/v2/health/ready"] * 2

    asyncio.run(run())
