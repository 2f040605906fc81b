"""Questions over a real port to a real model: what is answered, refused, spent, given back and shown."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from gatecli.serving.refusals import REFUSAL
from tests.support.leases import answers_held
from tests.support.serving import JSON, QUESTION, RunningEndpoint, served_endpoint

Work = Callable[[RunningEndpoint], Awaitable[None]]


def serve(folder: Path, work: Work, **options: Any) -> None:
    """Do something with a running endpoint, and end it in good order."""

    async def run() -> None:
        async with served_endpoint(folder, **options) as served:
            await work(served)

    asyncio.run(run())


def asked(number: int) -> bytes:
    return json.dumps({"instances": [[number]]}).encode()


async def spent(served: RunningEndpoint) -> int:
    """Answers that the ledger holds, less those that the process still has; no lease is being taken then."""
    paid = served.proxy.parts.paid
    assert paid is not None
    if paid.asking is not None:
        await asyncio.wait([paid.asking])
    store = served.store()
    try:
        return int(answers_held(store)) - paid.left
    finally:
        store.close()


def test_the_same_question_gets_the_same_bytes_and_headers_and_is_paid_once(tmp_path: Path) -> None:
    async def work(served: RunningEndpoint) -> None:
        first = await served.ask()
        again = await served.ask(b' {"instances":[[1,2]]}')
        assert first[0] == 200
        assert {**first[1], "date": ""} == {**again[1], "date": ""}
        assert first[2] == again[2]
        assert (await spent(served), len(served.model.asked)) == (1, 1)
        assert json.loads(first[2])["predictions"][0] * 1024 % 1 == 0

    serve(tmp_path, work)


def test_answers_end_with_the_budget_and_the_rest_of_a_lease_is_returned(tmp_path: Path) -> None:
    async def work(served: RunningEndpoint) -> None:
        found = [(await served.ask(asked(number)))[0] for number in range(12)]
        assert found == [200] * 10 + [403] * 2
        assert len(served.model.asked) == 10
        assert (await served.ask(asked(3)))[0] == 200  # it was paid for

    serve(tmp_path, work)

    async def one(served: RunningEndpoint) -> None:
        assert (await served.ask(asked(1)))[0] == 403

    serve(tmp_path, one)


def test_an_end_in_good_order_leaves_what_was_answered(tmp_path: Path) -> None:
    async def work(served: RunningEndpoint) -> None:
        for number in range(3):
            await served.ask(asked(number))

    serve(tmp_path, work)

    async def look(served: RunningEndpoint) -> None:
        assert answers_held(served.store()) == 3

    serve(tmp_path, look)


async def slow(_: web.BaseRequest) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError


async def half(http: web.BaseRequest) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "100"})
    await response.prepare(http)
    await response.write(b'{"predictions"')
    assert http.transport is not None
    http.transport.abort()
    return response


async def chunked(http: web.BaseRequest) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": JSON})
    response.enable_chunked_encoding()
    await response.prepare(http)
    for each in (b'{"predic', b'tions":[0.', b"25]}"):
        await response.write(each)
    return response


def answering(body: bytes, status: int = 200, **headers: str) -> Callable[..., Awaitable[web.StreamResponse]]:
    async def answer(_: web.BaseRequest) -> web.StreamResponse:
        told = {"Content-Type": JSON, **{k.replace("_", "-"): v for k, v in headers.items()}}
        return web.Response(status=status, body=body, headers=told)

    return answer


FAULTS = {
    "slow": (slow, 504),
    "half an answer": (half, 502),
    "an error": (answering(b'{"predictions":[0.5]}', 500), 502),
    "a redirect": (answering(b"", 302, Location="http://127.0.0.1:1/"), 502),
    "another type": (answering(b"<html>", Content_Type="text/html"), 502),
    "compressed": (answering(gzip.compress(b'{"predictions":[0.5]}'), Content_Encoding="gzip"), 502),
    "too large": (answering(b" " * 2000 + b"1"), 502),
    "malformed": (answering(b'{"predictions":[0.5'), 502),
    "another shape": (answering(b'{"predictions":[0.5, 0.5]}'), 502),
    "nothing": (answering(b""), 502),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_model_that_fails_is_told_by_constants_and_what_was_asked_is_spent(
    tmp_path: Path, fault: str
) -> None:
    failing, status = FAULTS[fault]

    async def work(served: RunningEndpoint) -> None:
        served.model.answering = failing
        found = await served.ask()
        assert found[0] == status
        assert found[2] in {
            b'{"error":"the model gave no answer"}\n',
            b'{"error":"the model did not answer in time"}\n',
        }
        assert await spent(served) == 1
        served.model.answering = None
        assert (await served.ask())[0] == 200  # an error is not remembered
        assert await spent(served) == 2
        assert served.proxy.in_flight == 0

    serve(tmp_path, work, limits={"responseBytes": 1000}, upstream={"seconds": 1})


@pytest.mark.parametrize(
    "answer", [chunked, answering(b"[NaN]"), answering(b"[1e999]"), answering(b"0.25", 200)]
)
def test_whatever_is_a_score_is_answered_on_the_grid(tmp_path: Path, answer: Any) -> None:
    async def work(served: RunningEndpoint) -> None:
        served.model.answering = answer
        status, _, body = await served.ask()
        assert status == 200
        (score,) = json.loads(body)["predictions"]
        assert float(score * 1024).is_integer()

    serve(tmp_path, work)


def test_what_was_never_asked_is_given_back(tmp_path: Path) -> None:
    async def work(served: RunningEndpoint) -> None:
        for number in range(5):
            status, _, _ = await served.ask(asked(number))
            assert status == 502
        assert await spent(served) == 0
        assert served.figure("upstream_errors_total", fault="unreachable") == 5

    serve(tmp_path, work, upstream={"url": "http://127.0.0.1:9/invocations"})


def test_a_caller_is_charged_nothing_where_no_model_was_asked(tmp_path: Path) -> None:
    budget = {"ledger": "ledger.db", "dataset": "people", "lease": 4, "perCaller": {"epsilon": 2}}

    async def work(served: RunningEndpoint) -> None:
        for number in range(5):
            assert (await served.ask(asked(number), headers={"Authorization": "a"}))[0] == 502
        assert served.figure("refusals_total", reason="caller") == 0

    serve(tmp_path, work, upstream={"url": "http://127.0.0.1:9/invocations"}, budget=budget)


def test_callers_spend_their_own_and_one_answer_is_asked_once(tmp_path: Path) -> None:
    budget = {"ledger": "ledger.db", "dataset": "people", "lease": 4, "perCaller": {"epsilon": 2}}

    async def work(served: RunningEndpoint) -> None:
        one, other = {"Authorization": "Bearer one"}, {"Authorization": "Bearer two"}
        first = await served.ask(asked(0), headers=one)
        assert [(await served.ask(asked(0), headers=each))[2] for each in (one, other, one)] == [first[2]] * 3
        assert len(served.model.asked) == 1
        assert [(await served.ask(asked(n), headers=one))[0] for n in (1, 2, 0)] == [200, 403, 200]
        assert [(await served.ask(asked(n), headers=other))[0] for n in (1, 2, 3)] == [200, 403, 403]
        assert await spent(served) == 2

    serve(tmp_path, work, budget=budget)
    assert b"Bearer" not in b"".join(each.read_bytes() for each in tmp_path.iterdir())


def test_a_refusal_is_one_whatever_its_reason_and_takes_one_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    sleep = asyncio.sleep

    async def remember(seconds: float, result: Any = None) -> Any:
        if seconds:
            waited.append(seconds)
        return await sleep(0, result)

    budget = {"ledger": "ledger.db", "dataset": "people", "lease": 1, "perCaller": {"epsilon": 1}}

    async def work(served: RunningEndpoint) -> None:
        monkeypatch.setattr(asyncio, "sleep", remember)
        served.proxy.clock = lambda: 0.0
        await served.ask(asked(0), headers={"Authorization": "a"})
        caller = await served.ask(asked(1), headers={"Authorization": "a"})
        await served.ask(asked(2), headers={"Authorization": "b"})
        people = await served.ask(asked(3), headers={"Authorization": "c"})
        assert [caller[0], people[0]] == [403, 403]
        assert {**caller[1], "date": ""} == {**people[1], "date": ""}
        assert caller[2] == people[2] == REFUSAL.body
        assert waited == [0.05, 0.05]
        assert served.figure("refusals_total", reason="caller") == 1
        assert served.figure("refusals_total", reason="budget") == 1

    serve(tmp_path, work, epsilon=2, budget=budget, limits={"refusalMilliseconds": 50})


def test_a_ledger_that_is_gone_refuses_and_is_taken_up_again(tmp_path: Path) -> None:
    async def work(served: RunningEndpoint) -> None:
        (tmp_path / "ledger.db").rename(tmp_path / "away.db")
        ledger = served.proxy.parts.ledger
        assert ledger is not None
        await ledger.ask(lambda _: ledger._let_go())
        assert (await served.ask())[0] == 403
        assert served.figure("refusals_total", reason="ledger") == 1
        (tmp_path / "away.db").rename(tmp_path / "ledger.db")
        served.clocks.pass_by(2)
        assert (await served.ask())[0] == 200

    serve(tmp_path, work)


PATHS = [
    ("HEAD", "/invocations"),
    ("PUT", "/invocations"),
    ("GET", "/invocations"),
    ("POST", "/invocations/"),
    ("POST", "/invocations/../admin"),
    ("POST", "//invocations"),
    ("POST", "/ping"),
    ("DELETE", "/metrics"),
    ("GET", "/aggregates"),
    ("GET", "/execution-parameters"),
    ("OPTIONS", "*"),
]


@pytest.mark.parametrize(("method", "target"), PATHS)
def test_what_is_no_path_of_the_contract_is_not_there(tmp_path: Path, method: str, target: str) -> None:
    async def work(served: RunningEndpoint) -> None:
        sent = f"{method} {target} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        found = await served.ask_raw(sent.encode())
        assert found.startswith((b"HTTP/1.1 404 ", b"HTTP/1.1 400 "))
        assert served.model.asked == []
        assert await spent(served) == 0

    serve(tmp_path, work)


def head(length: int, *more: str) -> bytes:
    lines = [
        "POST /invocations HTTP/1.1",
        "Host: x",
        f"Content-Type: {JSON}",
        f"Content-Length: {length}",
        *more,
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def test_a_client_that_asks_first_is_told_to_send(tmp_path: Path) -> None:
    async def work(served: RunningEndpoint) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(head(len(QUESTION), "Expect: 100-continue"))
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(QUESTION)
        assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 200 ")
        writer.close()
        assert "Expect" not in served.model.asked[0][2]

    serve(tmp_path, work)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (head(101, "Expect: 100-continue"), 413),
        (head(101) + b"x" * 101, 413),
        (head(0), 400),
        (head(5) + b"{half", 400),
    ],
    ids=("announced", "sent", "nothing", "not JSON"),
)
def test_a_body_that_is_not_taken_in_ends_the_connection(tmp_path: Path, sent: bytes, status: int) -> None:
    async def work(served: RunningEndpoint) -> None:
        found = await served.ask_raw(sent)
        assert found.startswith(b"HTTP/1.1 %d " % status)
        assert served.model.asked == []
        assert (await spent(served), served.proxy.in_flight) == (0, 0)

    serve(tmp_path, work, limits={"requestBytes": 100})


@pytest.mark.parametrize("sent", [head(50), head(50) + b"half"], ids=("head", "half"))
def test_a_body_that_is_cut_off_is_not_asked(tmp_path: Path, sent: bytes) -> None:
    async def work(served: RunningEndpoint) -> None:
        await served.ask_raw(sent, is_cut_off=True)
        await served.proxy.idle.wait()
        assert served.model.asked == []
        assert await spent(served) == 0
        assert served.figure("requests_total", outcome="cut-off") == 1

    serve(tmp_path, work)


def test_a_body_that_comes_too_slowly_is_not_waited_for(tmp_path: Path) -> None:
    async def work(served: RunningEndpoint) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(head(50) + b"{")
        assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 408 ")
        assert await reader.read()
        writer.close()

    serve(tmp_path, work, limits={"bodySeconds": 1})


def test_more_than_are_under_way_at_once_are_told_to_come_again(tmp_path: Path) -> None:
    async def work(served: RunningEndpoint) -> None:
        gate, full = asyncio.Event(), asyncio.Event()

        async def wait(_: web.BaseRequest) -> web.StreamResponse:
            if len(served.model.asked) == 2:
                full.set()
            await gate.wait()
            return web.Response(body=b"0.5", content_type=JSON)

        served.model.answering = wait
        waiting = [asyncio.create_task(served.ask(asked(number))) for number in range(2)]
        await full.wait()
        busy = await served.ask(asked(2))
        assert (busy[0], busy[1]["retry-after"]) == (503, "1")
        gate.set()
        assert [each[0] for each in await asyncio.gather(*waiting)] == [200, 200]

    serve(tmp_path, work, limits={"requests": 2})


def test_who_drains_answers_no_more_and_is_not_ready(tmp_path: Path) -> None:
    async def work(served: RunningEndpoint) -> None:
        assert (await served.ask(b"", method="GET", path="/ping"))[0] == 200
        served.proxy.parts.readiness.is_draining = True
        status, headers, _ = await served.ask()
        assert (status, headers["connection"]) == (503, "close")
        ready, _, said = await served.ask(b"", method="GET", path="/ping")
        assert (ready, said) == (503, b"draining\n")
        assert (await served.ask(b"", method="GET", path="/healthz"))[0] == 200

    serve(tmp_path, work)


def test_a_bug_is_told_by_its_kind_and_shows_nothing(tmp_path: Path) -> None:
    async def work(served: RunningEndpoint) -> None:
        assert served.proxy.parts.noisy is not None

        def fail(_: object) -> list[int]:
            raise RuntimeError("the body was 42")

        served.proxy.parts.noisy.noise.draw = fail
        status, _, body = await served.ask()
        assert (status, body) == (500, b'{"error":"the proxy failed"}\n')
        assert await spent(served) == 1
        event, fields = served.lines[-1]
        assert (event, fields["outcome"], fields["reason"]) == ("request", "failed", "RuntimeError")
        assert "42" not in str(served.lines)

    serve(tmp_path, work)


def test_neither_metrics_nor_logs_hold_a_word_of_strangers(tmp_path: Path) -> None:
    word = "s3cret-word"

    async def work(served: RunningEndpoint) -> None:
        for path in ("/invocations", f"/{word}", f"/invocations?{word}=1"):
            headers = {
                "Authorization": word,
                "traceparent": word,
                f"X-{word}": word,
                "Cookie": word,
            }
            await served.ask(json.dumps({"a": word}).encode(), path=path, headers=headers)
            await served.ask(word.encode(), path=path, headers=headers)
            await served.ask(word.encode(), path=path, content_type=word, method="PATCH")
        status, _, exposed = await served.ask(b"", method="GET", path="/metrics")
        assert status == 200
        assert word not in exposed.decode()
        assert word not in str(served.lines)
        assert served.figure("requests_total", outcome="answered") > 0

    serve(tmp_path, work)


def test_a_trace_is_logged_by_its_id(tmp_path: Path) -> None:
    async def work(served: RunningEndpoint) -> None:
        trace = "0af7651916cd43dd8448eb211c80319c"
        await served.ask(b"{", headers={"traceparent": f"00-{trace}-b7ad6b7169203331-01"})
        assert served.lines[-1][1]["trace"] == trace

    serve(tmp_path, work)


def test_another_target_is_another_question(tmp_path: Path) -> None:
    async def work(served: RunningEndpoint) -> None:
        for target in ("a.tar.gz", "b.tar.gz", "a.tar.gz"):
            await served.ask(headers={"X-Amzn-SageMaker-Target-Model": target, "x-request-id": target})
        assert len(served.model.asked) == await spent(served) == 2

    serve(tmp_path, work)


def test_an_encoded_question_is_not_asked(tmp_path: Path) -> None:
    async def work(served: RunningEndpoint) -> None:
        status, _, _ = await served.ask(gzip.compress(QUESTION), headers={"Content-Encoding": "gzip"})
        assert (status, served.model.asked) == (400, [])

    serve(tmp_path, work)


def test_what_a_model_says_besides_its_scores_reaches_nobody(tmp_path: Path) -> None:
    async def work(served: RunningEndpoint) -> None:
        served.model.answering = answering(
            b'{"predictions":[0.5],"debug":"s3cret"}', X_Debug="s3cret", Set_Cookie="s3cret=1"
        )
        status, headers, body = await served.ask()
        assert status == 200
        assert b"s3cret" not in body
        assert "s3cret" not in str(headers)

    serve(tmp_path, work)


@pytest.mark.parametrize("name", ["Content-Type", "Content-Encoding"])
def test_a_body_that_is_said_to_be_two_things_is_not_asked(tmp_path: Path, name: str) -> None:
    async def work(served: RunningEndpoint) -> None:
        twice = f"{name}: text/plain\r\n{name}: application/json\r\n".encode()
        close = b"Connection: close\r\n"
        sent = b"POST /invocations HTTP/1.1\r\nHost: x\r\n" + twice + close + b"Content-Length: 2\r\n\r\n{}"
        assert (await served.ask_raw(sent))[8:13] == b" 400 "
        assert served.model.asked == []

    serve(tmp_path, work)


def test_a_question_that_was_forgotten_is_paid_and_answered_anew(tmp_path: Path) -> None:
    budget = {"ledger": "ledger.db", "dataset": "people", "lease": 8, "perCaller": {"epsilon": 3}}

    async def work(served: RunningEndpoint) -> None:
        for number in (1, 2, 1):
            assert (await served.ask(asked(number)))[0] == 200
        assert (await served.ask(asked(1)))[0] == 200  # told to this caller before
        assert (await served.ask(asked(2)))[0] == 403  # the caller has nothing left
        assert await spent(served) == len(served.model.asked) == 3
        assert "gatecli_serve_forgotten_answers 2.0" in served.exposed()

    serve(tmp_path, work, budget=budget, cache={"entries": 1})


def test_a_question_that_a_model_may_have_seen_is_spent(tmp_path: Path) -> None:
    """A kept connection ends on the second question, and no other one comes about."""
    gone: list[asyncio.Server] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number in range(2):
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]))
            if number == 0:
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n1"
                )
        gone[0].close()
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        gone.append(server)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/invocations"
        async with served_endpoint(tmp_path, upstream={"url": url}) as served:
            assert [(await served.ask(asked(number)))[0] for number in (1, 2)] == [200, 502]
            assert served.figure("upstream_errors_total", fault="broken") == 1
            assert await spent(served) == 2

    asyncio.run(run())
