"""Whatever comes over the wire: an answer within bounds, and never an allowance that nobody made."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from admission.logs import JsonFormatter
from admission.review.admission_review import ReviewRequest
from admission.review.judging import Phase
from admission.review.owner_references import OwnerReference
from admission.review.rulebook import Rulebook
from admission.server.http_handler import BodyBounds
from admission.server.kopf_handlers import PendingReview, ask
from admission.server.kopf_server import Seam
from admission.server.review_service import ReviewResult
from admission.tls.certificates import issue, new_authority
from admission.tls.endpoint import listen
from tests.support.examples import share
from tests.support.webhook import (
    BOUNDS,
    RESIDENT_ID,
    Webhook,
    authority,
    client_pair,
    leaf,
    review,
    rulebook_with,
    trusting,
    webhook,
)

LIMIT = BOUNDS.body_bytes


CONTROLLER = "system:serviceaccount:kube-system:replicaset-controller"


def count(asked: Webhook, name: str, **labels: str) -> float:
    return asked.metrics.registry.get_sample_value(f"gatecli_admission_{name}", labels) or 0.0


def test_a_value_is_refused_and_a_clean_object_is_let_in() -> None:
    async def main() -> None:
        async with webhook() as asked:
            status, denied = await asked.ask(review(RESIDENT_ID))
            assert status == 200
            assert denied["allowed"] is False
            assert denied["status"]["code"] == 403
            assert RESIDENT_ID not in json.dumps(denied)
            status, allowed = await asked.ask(review("nothing"))
            assert (status, allowed["allowed"], allowed["uid"]) == (200, True, "u-1")

    asyncio.run(main())


def test_a_body_of_seven_mebibytes_is_read_and_judged() -> None:
    async def main() -> None:
        async with webhook() as asked:
            content = review(RESIDENT_ID)
            content["request"]["object"]["data"]["filling"] = ""
            filling = "lorem ipsum " * (LIMIT // 12 + 1)
            room = LIMIT - len(json.dumps(content).encode())
            content["request"]["object"]["data"]["filling"] = filling[:room]
            body = json.dumps(content).encode()
            assert len(body) == LIMIT
            status, answer = await asked.post(body)
            assert (status, answer["allowed"]) == (200, False)

    asyncio.run(main())


def test_a_body_of_one_byte_more_is_refused_announced_or_not() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(LIMIT // 65536):
            yield b" " * 65536
        yield b" "

    async def main() -> None:
        async with webhook() as asked:
            assert (await asked.post(b" " * (LIMIT + 1)))[0] == 413
            assert (await asked.post(chunks()))[0] == 413
            assert count(asked, "refused_bodies_total", status="413") == 2

    asyncio.run(main())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"AdmissionReview"',
        b"\xff\xfe{",
        b"\x00",
        b"[" * 200_000,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        b'{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}',
        b'{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":null}',
        b'{"apiVersion":"admission.k8s.io/v1beta1","kind":"AdmissionReview","request":{}}',
        b'{"n":' + b"9" * 100_000 + b"}",
        b'{"n":NaN}',
        json.dumps(review(object=None)).encode(),
        json.dumps(review(operation="PATCH")).encode(),
        json.dumps(review(uid="")).encode(),
    ],
    ids=lambda body: body[:24].decode("latin-1"),
)
def test_what_is_no_review_is_refused(body: bytes) -> None:
    async def main() -> None:
        async with webhook() as asked:
            assert (await asked.post(body))[0] == 400

    asyncio.run(main())


def test_only_plain_json_is_read() -> None:
    async def main() -> None:
        body = json.dumps(review()).encode()
        async with webhook() as asked:
            assert (await asked.post(body, kind="text/plain"))[0] == 415
            assert (await asked.post(body, kind="application/json; charset=utf-16"))[0] == 415
            assert (await asked.post(gzip.compress(body), Content_Encoding="gzip"))[0] == 415
            assert (await asked.post(body, kind="application/json; charset=UTF-8"))[0] == 200

    asyncio.run(main())


def test_only_reviews_are_posted_and_only_to_their_paths() -> None:
    async def main() -> None:
        async with webhook() as asked:
            assert (await asked.ask(review(), "/"))[0] == 404
            assert (await asked.ask(review(), "/readyz/validate"))[0] == 404
            assert (await asked.get("/validate"))[0] == 405
            assert (await asked.get("/metrics"))[0] == 404

    asyncio.run(main())


def test_a_body_that_comes_too_slowly_is_given_up() -> None:
    async def slowly() -> AsyncIterator[bytes]:
        yield b'{"apiVersion":'
        await asyncio.Event().wait()

    async def main() -> None:
        async with webhook(bounds=replace(BOUNDS, read_seconds=0.1)) as asked:
            assert (await asked.post(slowly()))[0] == 408
            assert (await asked.ask(review()))[0] == 200

    asyncio.run(main())


def test_a_connection_that_breaks_in_a_body_holds_nothing_up() -> None:
    async def main() -> None:
        async with webhook() as asked:
            for _ in range(20):
                _, writer = await asyncio.open_connection("127.0.0.1", asked.endpoint.port, ssl=trusting())
                writer.write(b"POST /validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n")
                writer.write(b"Content-Length: 100000\r\n\r\n{")
                await writer.drain()
                writer.transport.abort()
            async with asyncio.timeout(20):
                while asked.http_handler.in_flight:  # what broke is noticed while others are served
                    assert (await asked.ask(review()))[0] == 200
            assert (await asked.ask(review()))[0] == 200

    asyncio.run(main())


def test_a_half_closed_connection_is_answered_or_closed_and_never_allowed() -> None:
    async def main() -> None:
        async with webhook() as asked:
            plain = await listen(asked.http_handler.receive, "127.0.0.1", 0, None, seconds=1.0)
            reader, writer = await asyncio.open_connection("127.0.0.1", plain.port)
            writer.write(b"POST /validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n")
            writer.write(b"Content-Length: 4000\r\n\r\n{")
            writer.write_eof()
            async with asyncio.timeout(10):
                answer = await reader.read()
            assert b"200 OK" not in answer
            writer.close()
            await plain.close()

    asyncio.run(main())


def test_what_is_no_http_harms_nobody() -> None:
    async def main() -> None:
        async with webhook() as asked:
            for sent in (b"\x16\x03\x01", b"GET / HTTP/9.9\r\n\r\n", b"\r\n" * 500, b"POST " + b"/" * 20_000):
                reader, writer = await asyncio.open_connection(
                    "127.0.0.1", asked.endpoint.port, ssl=trusting()
                )
                writer.write(sent)
                await writer.drain()
                writer.transport.abort()
                assert b"200 OK" not in await reader.read() if not reader.exception() else True
            assert (await asked.ask(review()))[0] == 200

    asyncio.run(main())


def test_five_hundred_at_once_are_all_answered_rightly() -> None:
    async def main() -> None:
        async with webhook() as asked:
            notes = [RESIDENT_ID if number % 5 == 0 else f"note {number}" for number in range(500)]
            wanted = [review(note, uid=f"u-{number}") for number, note in enumerate(notes)]
            answers = await asyncio.gather(*(asked.ask(content) for content in wanted))
            for number, (status, answer) in enumerate(answers):
                assert status == 200
                assert answer["uid"] == f"u-{number}"
                assert answer["allowed"] is (number % 5 != 0)

    asyncio.run(main())


def test_large_bodies_at_once_wait_for_room_instead_of_memory() -> None:
    async def main() -> None:
        async with webhook() as asked:
            content = review(RESIDENT_ID)
            content["request"]["object"]["data"]["filling"] = "lorem ipsum " * 250_000
            body = json.dumps(content).encode()
            answers = await asyncio.gather(*(asked.post(body) for _ in range(16)))
            assert {(status, str(answer)[:0]) for status, answer in answers} <= {(200, ""), (503, "")}
            assert not any(status == 200 and answer["allowed"] for status, answer in answers)

    asyncio.run(main())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=share(40))
@given(
    bodies=st.lists(st.tuples(st.sampled_from(sorted(review()["request"])), JSON), min_size=1, max_size=20)
)
def test_no_review_of_wrong_types_is_let_in_unsearched(bodies: list[tuple[str, Any]]) -> None:
    async def main() -> None:
        async with webhook() as asked:
            for key, value in bodies:
                content = review(RESIDENT_ID)
                content["request"][key] = value
                status, answer = await asked.ask(content)
                assert status in {200, 400}
                if status == 200 and answer["allowed"]:
                    # What is allowed does not hold the value any more, or is no object to search.
                    reason = answer["auditAnnotations"]["reason"]
                    assert key == "object" or reason == "not-applicable"

    asyncio.run(main())


def test_a_bug_ends_in_the_configured_answer_is_counted_and_tells_no_value(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken() -> Rulebook:
        return BrokenRulebook()  # type: ignore[return-value]  # that is the bug

    class BrokenRulebook:
        serving = None

        @property
        def rules(self) -> object:
            raise RuntimeError(RESIDENT_ID)

    async def main(mode: str) -> Any:
        async with webhook(rulebook=broken, fail_mode=mode) as asked:
            answer = (await asked.ask(review(RESIDENT_ID)))[1]
            assert count(asked, "failures_total", why="an internal error") == 1
            return answer

    with caplog.at_level(logging.INFO, logger="admission"):
        denied = asyncio.run(main("deny"))
        allowed = asyncio.run(main("allow"))
    assert (denied["allowed"], denied["status"]["code"]) == (False, 500)
    assert allowed["allowed"] is True
    assert "admitted without a search" in allowed["warnings"][0]
    lines = [JsonFormatter().format(record) for record in caplog.records]
    assert any('"error":"RuntimeError"' in line for line in lines)
    assert RESIDENT_ID not in "".join([*lines, json.dumps(denied), json.dumps(allowed)])


def test_without_a_policy_nothing_is_let_in() -> None:
    async def main() -> None:
        async with webhook() as asked:
            asked.rulebooks[0] = None
            assert (await asked.ask(review()))[1]["allowed"] is False

    asyncio.run(main())


@pytest.mark.parametrize(("says", "allowed"), [("deny", False), ("warn", True)])
def test_a_search_that_never_came_back_ends_as_the_policy_says(says: str, *, allowed: bool) -> None:
    async def main() -> None:
        rules = rulebook_with(onIncomplete=says)
        async with webhook(rules=rules, inline_bytes=0, seconds=30.0) as asked:
            service = asked.http_handler.service

            async def late(job: Any, seconds: float) -> Any:
                if "judge" in repr(job):
                    raise TimeoutError
                return job()

            service.workers.run = late  # type: ignore[method-assign]  # a worker that is late
            answer = (await asked.ask(review(RESIDENT_ID)))[1]
            assert answer["allowed"] is allowed
            assert "pii-scan-incomplete" in json.dumps(answer)
            assert count(asked, "incomplete_scans_total") == 1

    asyncio.run(main())


def test_large_bodies_are_judged_by_a_worker_and_alike() -> None:
    async def main() -> None:
        async with webhook(inline_bytes=0) as asked:
            assert (await asked.ask(review(RESIDENT_ID)))[1]["allowed"] is False
            assert (await asked.ask(review()))[1]["allowed"] is True

    asyncio.run(main())


def test_a_secret_that_cannot_be_made_refuses_the_patch_that_needs_it() -> None:
    kept: list[Any] = []

    async def keep(secret: Any) -> None:
        if kept:
            raise OSError("no API server")
        kept.append(secret)

    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"containers": [{"name": "a", "env": [{"name": "CUSTOMER", "value": RESIDENT_ID}]}]},
    }
    about: dict[str, Any] = {
        "object": pod,
        "kind": {"group": "", "version": "v1", "kind": "Pod"},
        "resource": {"group": "", "version": "v1", "resource": "pods"},
    }

    async def main() -> None:
        rules = rulebook_with(mode="mask", secretRef=True)
        async with webhook(rules=rules, keep=keep) as asked:
            first = (await asked.ask(review(**about), "/mutate"))[1]
            second = (await asked.ask(review(**about), "/mutate"))[1]
            dry = (await asked.ask(review(**about, dryRun=True), "/mutate"))[1]
        assert first["allowed"]
        assert first["patch"]
        assert len(kept) == 1
        assert not second["allowed"]
        assert dry["allowed"]

    asyncio.run(main())


@pytest.mark.parametrize("inline_bytes", [0, 64 * 1024])
def test_the_owner_is_read_where_it_may_hold_the_value_and_not_otherwise(inline_bytes: int) -> None:
    uid = "8f0f5b0e-2d0c-4d5e-9c55-0d7a7d5c8f11"
    spec = {"containers": [{"name": "a", "env": [{"name": "CUSTOMER", "value": RESIDENT_ID}]}]}
    owner = {"kind": "ReplicaSet", "metadata": {"name": "web", "uid": uid}}
    owners = {"web": {**owner, "spec": {"template": {"spec": spec}}}}
    asked_for: list[tuple[str, str, str]] = []

    async def read(reference: OwnerReference, namespace: str) -> Any:
        asked_for.append((reference.plural, namespace, reference.name))
        return owners.get(reference.name)

    def pod(name: str, user: str) -> dict[str, Any]:
        reference = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": name, "uid": uid}
        metadata = {"name": "web-1", "ownerReferences": [{**reference, "controller": True}]}
        obj = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
        kind = {"group": "", "version": "v1", "kind": "Pod"}
        return review(object=obj, kind=kind, namespace="shop", userInfo={"username": user})

    async def main() -> None:
        async with webhook(read_owner=read, inline_bytes=inline_bytes) as asked:
            for path in ("/mutate", "/validate"):
                let_in = (await asked.ask(pod("web", CONTROLLER), path))[1]
                assert let_in["allowed"]
                assert "its ReplicaSet holds it" in let_in["warnings"][0]
            assert not (await asked.ask(pod("gone", CONTROLLER)))[1]["allowed"]
            assert not (await asked.ask(pod("web", "jane")))[1]["allowed"]
        assert asked_for == [("replicasets", "shop", name) for name in ("web", "web", "gone")]

    asyncio.run(main())


def test_the_probes_say_what_is_missing() -> None:
    async def main() -> None:
        async with webhook() as asked:
            assert await asked.get("/healthz") == (200, "ok\n")
            assert await asked.get("/readyz") == (200, "ok\n")
            asked.health.has_rulebook = False
            assert await asked.get("/readyz") == (503, "no policy is loaded\n")
            asked.health.has_rulebook = True
            asked.health.certificate_ends = datetime.now(UTC) - timedelta(seconds=1)
            assert (await asked.get("/readyz"))[0] == 503
            asked.health.beat(60.0)
            assert await asked.get("/healthz") == (503, "the event loop hung\n")

    asyncio.run(main())


def test_who_drains_is_not_ready_serves_on_and_sends_callers_elsewhere() -> None:
    async def main() -> None:
        async with webhook() as asked:
            asked.health.is_draining = True
            assert (await asked.get("/readyz"))[0] == 503
            async with asked.session.post(asked.url("/validate"), json=review()) as answer:
                assert answer.status == 200
                assert answer.headers["Connection"] == "close"

    asyncio.run(main())


def test_closing_finishes_what_is_in_flight() -> None:
    async def main() -> None:
        async with webhook() as asked:
            begun, go_on = asyncio.Event(), asyncio.Event()
            rule = asked.http_handler.service.rule

            async def held(request: ReviewRequest, size: int, phase: Phase) -> ReviewResult:
                begun.set()
                await go_on.wait()
                return await rule(request, size, phase)

            asked.http_handler.hear = held
            answer = asyncio.create_task(asked.ask(review()))
            await begun.wait()
            closing = asyncio.create_task(asked.endpoint.close())
            await asyncio.sleep(0)
            go_on.set()
            assert (await answer)[0] == 200
            await closing

    asyncio.run(main())


def test_until_kopf_is_there_nothing_is_answered() -> None:
    async def main() -> None:
        async with webhook() as asked:
            asked.http_handler.hear = None
            assert (await asked.ask(review()))[0] == 503

    asyncio.run(main())


def test_an_allowance_that_no_handler_made_is_a_refusal() -> None:
    async def permissive(request: Any, **__: Any) -> Any:
        return {"response": {"allowed": True}}

    async def main() -> None:
        async with webhook() as asked:
            seam = Seam(asked.http_handler, asked.health)
            servers = seam.server(permissive)
            await anext(servers)
            answer = (await asked.ask(review()))[1]
            assert (answer["allowed"], answer["status"]["code"]) == (False, 500)
            assert count(asked, "failures_total", why="no handler ruled") == 1
            await servers.aclose()  # type: ignore[attr-defined]  # it is a generator

    asyncio.run(main())


def test_kopf_sees_the_same_envelope_whatever_is_reviewed() -> None:
    seen: list[str] = []

    async def noting(request: Any, **_: Any) -> Any:
        seen.append(json.dumps(request))
        return {"response": {"allowed": True}}

    async def main() -> None:
        async with webhook() as asked:
            for number in range(3):
                content = json.dumps(review(RESIDENT_ID, uid=f"u-{number}", operation="UPDATE")).encode()
                request = await asked.http_handler.service.parse(content)
                await ask(noting, PendingReview(request, 1, Phase.VALIDATING))

    asyncio.run(main())
    assert len(set(seen)) == 1
    assert RESIDENT_ID not in seen[0]


def test_a_certificate_changes_without_the_port_or_a_connection_closing() -> None:
    async def main() -> None:
        async with webhook() as asked:
            reader, writer = await asyncio.open_connection("127.0.0.1", asked.endpoint.port, ssl=trusting())
            before = writer.get_extra_info("ssl_object").getpeercert()["serialNumber"]
            asked.shown.show(issue(authority(), ["127.0.0.1"], datetime.now(UTC)))
            writer.write(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")
            _, other = await asyncio.open_connection("127.0.0.1", asked.endpoint.port, ssl=trusting())
            assert other.get_extra_info("ssl_object").getpeercert()["serialNumber"] != before
            for each in (writer, other):
                each.close()
                await each.wait_closed()

    asyncio.run(main())


def test_the_api_servers_certificate_can_be_required(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    clients = new_authority(now)
    file = tmp_path / "clients.crt"
    file.write_bytes(clients.certificate)
    strict = replace(BOUNDS, needs_client=True, client_name="kube-apiserver")

    async def status(bounds: BodyBounds, name: str) -> int:
        pair = client_pair(clients, name) if name else None
        async with webhook(bounds=bounds, client_ca=file, client=pair) as asked:
            assert (await asked.get("/readyz"))[0] == 200
            return (await asked.ask(review()))[0]

    assert asyncio.run(status(strict, "kube-apiserver")) == 200
    assert asyncio.run(status(strict, "")) == 403
    assert asyncio.run(status(strict, "kubelet")) == 403
    assert asyncio.run(status(replace(strict, client_name=""), "kubelet")) == 200


def test_an_old_protocol_is_not_spoken() -> None:
    async def main() -> None:
        async with webhook() as asked:
            assert asked.shown.context.minimum_version is ssl.TLSVersion.TLSv1_2
            assert asked.shown.pair == leaf()

    asyncio.run(main())
