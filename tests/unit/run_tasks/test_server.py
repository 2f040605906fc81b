"""The port, where a process would take too long to show it."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
from collections.abc import Awaitable, Callable
from typing import IO, Any

import pytest

from gatecli.run_tasks import server
from gatecli.run_tasks.delivery_verification import DeliveryVerifier
from gatecli.run_tasks.server import serve
from gatecli.run_tasks.settings import RunTaskSettings
from gatecli.run_tasks.task_results import Result
from gatecli.run_tasks.task_runner import TaskRunner
from tests.support.hcp_terraform import KEY, Stub, signature

Use = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bytes]]
POST = b"POST /run-task HTTP/1.1\r\nHost: x\r\n"


async def unasked(_plan: IO[bytes], _sha256: str) -> tuple[Result, str]:
    raise AssertionError("nothing was to be checked")


def served(use: Use) -> tuple[bytes, list[str]]:
    """What a connection was answered, and what was logged."""
    events: list[str] = []
    ports: asyncio.Queue[int] = asyncio.Queue()

    def log(event: str, **fields: Any) -> None:
        events.append(f"{event} {fields.get('status', '')}".strip())
        if event == "listening":
            ports.put_nowait(fields["port"])

    async def run() -> bytes:
        service = asyncio.ensure_future(serve(RunTaskSettings(KEY.encode(), port=0, drain=30), unasked, log))
        reader, writer = await asyncio.open_connection("127.0.0.1", await ports.get())
        answer = await use(reader, writer)
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)
        os.kill(os.getpid(), signal.SIGTERM)
        await service
        return answer

    return asyncio.run(run()), events


async def first_line(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> bytes:
    writer.write(request)
    return await reader.readline()


def test_a_body_that_comes_too_slowly_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "READING", 0.05)
    slow = POST + b"Content-Length: 100\r\n\r\nx"
    answer, events = served(lambda reader, writer: first_line(reader, writer, slow))
    assert b" 408 " in answer
    assert "refused 408" in events


def test_a_body_without_end_is_refused_when_it_is_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "LONGEST_BODY", 1000)
    chunks = POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"800\r\n" + b"x" * 0x800 + b"\r\n"
    answer, _ = served(lambda reader, writer: first_line(reader, writer, chunks))
    assert b" 413 " in answer


def test_a_body_that_breaks_off_leaves_the_service_as_it_was() -> None:
    async def broken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        await first_line(reader, writer, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        writer.write(POST + b"Content-Length: 100\r\n\r\nx")
        await writer.drain()
        writer.transport.abort()
        return b""

    _, events = served(broken)
    assert events[-2:] == ["draining", "stopped"]


def test_what_a_library_says_is_told_without_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[dict[str, Any]] = []
    handler = server.LibraryLogFilter(lambda event, **fields: told.append({"event": event, **fields}))
    monkeypatch.setattr(logging.getLogger(), "handlers", [handler])

    def broken(*_: Any) -> tuple[int, str]:
        raise KeyError("a value")

    monkeypatch.setattr(DeliveryVerifier, "answer", broken)
    answer, _ = served(
        lambda reader, writer: first_line(reader, writer, POST + b"Content-Length: 2\r\n\r\n{}")
    )
    assert b" 500 " in answer
    assert told == [{"event": "library", "name": "aiohttp.server", "error": "KeyError"}]


def test_a_delivery_on_an_open_connection_is_turned_away_while_draining(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    body = json.dumps(Stub(port=443).task(task_result_callback_url="https://app.terraform.io/")).encode()
    head = f"X-TFC-Task-Signature: {signature(body)}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    released: list[asyncio.Event] = []

    async def until_released(*_: Any) -> None:
        released.append(asyncio.Event())
        await released[0].wait()

    async def again(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        assert b" 200 " in await first_line(reader, writer, POST + head + body)
        while await reader.readline() != b"taken\n":
            pass
        os.kill(os.getpid(), signal.SIGTERM)
        while not (answer := await first_line(reader, writer, POST + head + body)).startswith(
            b"HTTP/1.1 503"
        ):
            while await reader.readline() != b"known already\n":
                pass
        released[0].set()
        return answer

    monkeypatch.setattr(TaskRunner, "do", until_released)
    assert b" 503 " in served(again)[0]


def test_more_bodies_at_once_than_may_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "AT_ONCE", 0)
    answer, _ = served(
        lambda reader, writer: first_line(reader, writer, POST + b"Content-Length: 2\r\n\r\n{}")
    )
    assert b" 503 " in answer
