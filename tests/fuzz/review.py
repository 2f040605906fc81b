"""Fuzz the webhook over its socket: `python -m tests.fuzz.review [COUNT [SEED]]`, or a bounded run by pytest.

Each input is an AdmissionReview that holds a resident ID, broken by chance: types, missing and strange
fields, depth, length, syntax, headers, and the way in which it is sent. Whatever comes: an answer or a
closed connection in time, and no allowance of what was not searched.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from admission.logs import JsonFormatter
from admission.tls.endpoint import listen
from tests.support.reviews import RESIDENT_ID, manifest, review_of
from tests.support.webhook import BOUNDS, Webhook, webhook

READ_SECONDS = 0.3
"""How long the webhook waits for a body here."""
PATIENCE = 20.0
"""Seconds after which an input counts as one that hangs; the machine may be busy."""
TOGETHER = 16
KINDS = ("Pod", "Deployment", "CronJob", "Job", "ConfigMap", "Secret", "Service", "Rollout", "PodTemplate")
UNSEARCHED = frozenset({"DELETE", "CONNECT"})
_OPERATIONS = (*(["CREATE"] * 8), *(["UPDATE"] * 5), *UNSEARCHED, "create", "")


@dataclass(frozen=True, slots=True)
class Sent:
    """One request. `stalls` sends a part of the body and waits; `halves` closes our side early."""

    body: bytes
    head: bytes
    stalls: bool = False
    halves: bool = False


def junk(source: random.Random, depth: int = 3) -> Any:
    """Any JSON value."""
    leaves: tuple[Callable[[], Any], ...] = (
        lambda: None,
        lambda: source.random() < 0.5,
        lambda: source.choice((0, -1, 10**40, 2**63, 1e308, float("nan"), float("-inf"))),
        lambda: source.choice(
            ("", RESIDENT_ID, "\0", "\ud800", "é", "../..", "a" * 300, "{{", "system:masters")
        ),
    )
    if depth == 0 or source.random() < 0.5:
        return source.choice(leaves)()
    inner = [junk(source, depth - 1) for _ in range(source.randrange(4))]
    if source.random() < 0.5:
        return inner
    return {source.choice(("a", "name", "metadata", "", "\0", RESIDENT_ID)): each for each in inner}


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) below a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(items):
        yield value, key
        yield from places(inner)


def broken(source: random.Random) -> bytes:
    """The text of a review in which something is wrong; sometimes nothing is."""
    obj = manifest(source.choice(KINDS))
    if source.random() < 0.3:
        obj["data"] = {"note": RESIDENT_ID}
    review: Any = review_of(obj, source.choice(_OPERATIONS))
    for _ in range(source.choice((0, 0, 1, 1, 2, 3))):
        container, key = source.choice(list(places(obj if source.random() < 0.7 and obj else review)))
        if source.random() < 0.4:
            del container[key]
        else:
            container[key] = junk(source)
    text = json.dumps(review).encode("utf-8", "surrogatepass")
    return source.choice(_TWISTS)(source, text)


def _same(_: random.Random, text: bytes) -> bytes:
    return text


def _cut(source: random.Random, text: bytes) -> bytes:
    return text[: source.randrange(len(text) + 1)]


def _overwritten(source: random.Random, text: bytes) -> bytes:
    at = source.randrange(len(text) + 1)
    return text[:at] + source.randbytes(source.randrange(6)) + text[at + source.randrange(4) :]


def _deep(source: random.Random, text: bytes) -> bytes:
    depth = source.choice((10, 1000, 100_000))
    opened, closed = source.choice(((b"[", b"]"), (b'{"a":', b"}")))
    return text.replace(b'"batch"', opened * depth + b"0" + closed * depth)


def _huge(source: random.Random, text: bytes) -> bytes:
    return text.replace(b'"batch"', b'"' + source.choice((b"a", b"1", b"%41", b"QUFB")) * 200_000 + b'"')


def _elsewhere(source: random.Random, text: bytes) -> bytes:
    return source.choice(
        (b"", b"null", b"[]", b"\xef\xbb\xbf" + text, text.decode().encode("utf-16"), text * 2)
    )


_TWISTS = (*([_same] * 20), *([_cut] * 3), *([_overwritten] * 6), *([_elsewhere] * 2), _deep, _huge)
_TYPES = (b"application/json",) * 20 + (
    b"text/plain",
    b"application/yaml",
    b"",
    b"application/json; charset=utf-16",
)
_PATHS = (b"/validate",) * 10 + (b"/mutate",) * 5 + (b"/", b"/validate/", b"/readyz")


def request(source: random.Random) -> Sent:
    """One request of a stranger."""
    body = broken(source)
    method = source.choice((b"POST",) * 20 + (b"GET", b"PUT", b"DELETE"))
    said = len(body) + source.choice((0,) * 30 + (1, -1, 10**9))
    lines = [
        method + b" " + source.choice(_PATHS) + b" HTTP/1.1",
        b"Host: x",
        b"Content-Type: " + source.choice(_TYPES),
        b"Content-Length: %d" % max(said, 0),
        *([b"Content-Encoding: gzip"] if source.random() < 0.02 else []),
        *([b"Expect: 100-continue"] if source.random() < 0.02 else []),
        b"Connection: close",
    ]
    head = b"\r\n".join(lines) + b"\r\n\r\n"
    return Sent(body, head, stalls=source.random() < 0.002, halves=source.random() < 0.02)


async def answer(port: int, sent: Sent) -> tuple[int, Any]:
    """Status and JSON, (0, None) for a closed connection. Raises TimeoutError for one that hangs."""
    async with asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(sent.head + (sent.body[: len(sent.body) // 2] if sent.stalls else sent.body))
            if sent.halves:
                writer.write_eof()
            received = await reader.read()
        except OSError:
            return 0, None
        finally:
            writer.transport.abort()
    head, _, body = received.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n").partition(b"\r\n\r\n")
    if not head:
        return 0, None
    status = int(head.split(b" ", 2)[1])
    return status, json.loads(body) if status == 200 and body.startswith(b"{") else None


def check(sent: Sent, status: int, answered: Any) -> str:
    """What became of it, in a word. Raises AssertionError for what must never be."""
    if status != 200 or answered is None:
        assert status in {0, 200, 400, 403, 404, 405, 408, 413, 415, 417, 503}, status
        return str(status)
    told = answered["response"]
    assert RESIDENT_ID not in json.dumps(told), "the value is told"
    if not told["allowed"]:
        return "refused"
    # What an allowed review asked about is readable, and held no value that stood alone.
    asked = json.loads(sent.body)["request"]
    reason = told["auditAnnotations"]["reason"]
    is_searched = asked["operation"] not in UNSEARCHED and reason != "not-applicable"
    assert not is_searched or not holds(asked), (reason, asked)
    return f"allowed: {reason}"


def holds(asked: dict[str, Any]) -> bool:
    """Whether the searched part of an object has the value for a text of its own."""
    obj = asked.get("object") or {}
    left_out = {"status", "data", "stringData"} if asked["kind"]["kind"] == "Secret" else {"status"}
    kept = {key: value for key, value in obj.items() if key not in left_out}
    return any(container[key] == RESIDENT_ID for container, key in places(kept))


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """All that is logged meanwhile, as the webhook's process writes it."""
    log, root = io.StringIO(), logging.getLogger()
    handler = logging.StreamHandler(log)
    handler.setFormatter(JsonFormatter())
    before, root.handlers = root.handlers, [handler]
    try:
        yield log
    finally:
        root.handlers = before


async def run(count: int, seed: int) -> Counter[str]:
    """Send so many; what became of them. Raises AssertionError with the seed of the first that is wrong."""
    with logged() as log:
        seen = await _sent(count, seed)
    assert RESIDENT_ID not in log.getvalue(), "the value is logged"
    return seen


async def _sent(count: int, seed: int) -> Counter[str]:
    async with webhook(bounds=replace(BOUNDS, read_seconds=READ_SECONDS)) as asked:
        plain = await listen(asked.http_handler.receive, "127.0.0.1", 0, None, seconds=1.0)
        seen: Counter[str] = Counter()
        numbers = iter(range(seed, seed + count))

        async def work() -> None:
            for number in numbers:
                sent = request(random.Random(number))  # noqa: S311 - a seed that names the input
                try:
                    seen[check(sent, *await answer(plain.port, sent))] += 1
                except (AssertionError, TimeoutError, KeyError, TypeError, ValueError) as error:
                    raise AssertionError(f"input {number}: {error!r}") from error

        try:
            await asyncio.gather(*(work() for _ in range(TOGETHER)))
            await _unharmed(asked)
        finally:
            await plain.close()
    return seen


async def _unharmed(asked: Webhook) -> None:
    """Afterwards the webhook is as it was: nothing in flight, no bug, the right answers."""
    clean = review_of(manifest("Pod", "batch-7"))
    for review, allowed in ((clean, True), (review_of(manifest("Pod")), False)):
        status, told = await asked.ask(review)
        assert status == 200
        assert told["allowed"] is allowed
    assert asked.http_handler.in_flight == 0
    samples = (sample for metric in asked.metrics.failures.collect() for sample in metric.samples)
    assert sum(sample.value for sample in samples if sample.name.endswith("_total")) == 0, "a bug was counted"


def main() -> None:
    count, seed = (int(text) for text in [*sys.argv[1:], *("100000", "0")[len(sys.argv) - 1 :]])
    begun = time.monotonic()
    seen = asyncio.run(run(count, seed))
    for what, many in seen.most_common():
        sys.stdout.write(f"{many:>8}  {what}\n")
    sys.stdout.write(f"{count} requests in {time.monotonic() - begun:.0f} s, none let in unsearched\n")


if __name__ == "__main__":
    main()
