"""The port, and its end: deliveries are answered at once, tasks go on behind them, SIGTERM drains.

aiohttp, because the standard library says of its own server that it is not for production; one event
loop also ends what hangs at its deadline, which threads cannot.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aiohttp import hdrs, web

from gatecli.errors import ConfigurationError
from gatecli.listening import port_fault, tls_context
from gatecli.run_tasks import task_runner
from gatecli.run_tasks.delivery_verification import DeliveryVerifier
from gatecli.run_tasks.egress_allowlist import Targets
from gatecli.run_tasks.hcp_client import connect
from gatecli.run_tasks.message import LONGEST_BODY, SIGNATURE, Task
from gatecli.run_tasks.plan_check import CheckCommand
from gatecli.run_tasks.settings import RunTaskSettings
from gatecli.run_tasks.task_runner import Log, TaskRunner

PATH = "/run-task"
HEALTH = "/healthz"
READING = 10.0
"""Seconds for a body, and for a TLS handshake."""
AT_ONCE = 64
"""Bodies that are read at once."""
LAST_WORDS = 5.0
"""Seconds after a drain for saying that a check was stopped."""


@dataclass(slots=True)
class RunTaskService:
    """The tasks that are under way."""

    task_runner: TaskRunner
    log: Log
    is_draining: bool = False
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def begin(self, task: Task) -> None:
        """Do it behind the answer."""
        place = {"organization": task.organization, "workspace": task.workspace, "stage": task.stage}
        self.log("taken", task=task.id, run=task.run, **place)
        work = asyncio.get_running_loop().create_task(self.task_runner.do(task, self.stopping))
        self.tasks.add(work)
        work.add_done_callback(self.tasks.discard)

    def open(self) -> int:
        return len(self.tasks)

    async def drain(self, seconds: float) -> None:
        """Take no more, let what is under way end; then have it said that the rest was stopped."""
        self.is_draining = True
        if self.tasks:
            await asyncio.wait(set(self.tasks), timeout=seconds)
        self.stopping.set()
        if left := set(self.tasks):
            self.log("stopping", tasks=len(left))
            _, late = await asyncio.wait(left, timeout=LAST_WORDS)
            for each in late:
                each.cancel()
            await asyncio.gather(*left, return_exceptions=True)


@dataclass(slots=True)
class DeliveryHandler:
    """The HTTP side."""

    verifier: DeliveryVerifier
    service: RunTaskService
    log: Log
    reading: int = 0

    async def receive(self, http: web.BaseRequest) -> web.StreamResponse:
        """Answer one request: what a server is given."""
        if http.path == HEALTH and http.method in {hdrs.METH_GET, hdrs.METH_HEAD}:
            return web.json_response({"status": "ok", "tasks": self.service.open()})
        if http.path != PATH:
            return _plain(404, "not found")
        if http.method != hdrs.METH_POST:
            return _plain(405, "a run task is delivered by POST")
        status, text = await self._deliver(http)
        if status != 200:
            self.log("refused", status=status, reason=text)
        return _plain(status, text)

    async def _deliver(self, http: web.BaseRequest) -> tuple[int, str]:
        if (refused := self._turned_away(http)) is not None:
            return refused
        self.reading += 1
        try:
            async with asyncio.timeout(READING):
                body = await _body(http)
        except TimeoutError:
            return 408, "the body arrived too slowly"
        except Exception as error:  # noqa: BLE001 - a connection that broke, in aiohttp's many words for it
            return 400, f"the body ended early ({type(error).__name__})"
        finally:
            self.reading -= 1
        if len(body) > LONGEST_BODY:
            return 413, "the body is too large"
        return self.verifier.answer(body, http.headers.getall(SIGNATURE, []))

    def _turned_away(self, http: web.BaseRequest) -> tuple[int, str] | None:
        """The answer to a request whose body is not read."""
        if self.service.is_draining:
            return 503, "stopping"
        if self.reading >= AT_ONCE:
            return 503, "busy: too many deliveries at once"
        return (413, "the body is too large") if (http.content_length or 0) > LONGEST_BODY else None


class LibraryLogFilter(logging.Handler):
    """What other packages log, by its origin and its kind: their sentences may quote a delivery."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """One line."""
        kind = record.exc_info[0] if record.exc_info else None
        self._log("library", name=record.name, error=kind.__name__ if kind else record.levelname)


def run(settings: RunTaskSettings, options: Sequence[str], environment: Mapping[str, str], log: Log) -> None:
    """Serve until SIGTERM or SIGINT, then drain; `options` are those of each check.

    Raises ConfigurationError for what keeps it from starting.
    """
    logging.basicConfig(handlers=[LibraryLogFilter(log)], force=True)
    asyncio.run(serve(settings, CheckCommand(options, environment), log))


async def serve(settings: RunTaskSettings, check: task_runner.Check, log: Log) -> None:
    """The same, with a check of one's own, inside a loop."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    targets = Targets(settings.hosts, settings.networks)
    async with connect(targets, settings.plan_bytes, settings.authorities) as hcp_client:
        service = RunTaskService(
            TaskRunner(settings, hcp_client, check, log, asyncio.Semaphore(settings.workers)), log
        )
        verifier = DeliveryVerifier(settings, targets, service.begin, service.open)
        runner, listener = await _listen(DeliveryHandler(verifier, service, log), settings)
        log(
            "listening",
            port=listener.sockets[0].getsockname()[1],
            path=PATH,
            tls=settings.certificate is not None,
        )
        await stopped.wait()
        log("draining", tasks=service.open())
        listener.close()
        await service.drain(settings.drain)
        await runner.cleanup()
        log("stopped")


async def _listen(
    delivery_handler: DeliveryHandler, settings: RunTaskSettings
) -> tuple[web.ServerRunner, asyncio.Server]:
    context = tls_context(settings.certificate, settings.certificate_key)
    server = web.Server(
        delivery_handler.receive,
        access_log=None,
        keepalive_timeout=30.0,
        lingering_time=1.0,
        auto_decompress=False,
    )
    runner = web.ServerRunner(server, handle_signals=False, shutdown_timeout=1.0)
    await runner.setup()
    try:
        listener = await asyncio.get_running_loop().create_server(
            server,
            settings.address or None,
            settings.port,
            ssl=context,
            reuse_address=True,
            ssl_handshake_timeout=READING if context else None,
        )
    except OSError as error:
        await runner.cleanup()
        where = f"{settings.address}:{settings.port}"
        raise ConfigurationError(port_fault(where, error), advice="choose another with --listen") from None
    return runner, listener


async def _body(http: web.BaseRequest) -> bytes:
    """The body; only its beginning where it is too large."""
    kept = bytearray()
    while chunk := await http.content.readany():
        kept += chunk
        if len(kept) > LONGEST_BODY:
            break
    return bytes(kept)


def _plain(status: int, text: str) -> web.Response:
    answer = web.Response(status=status, text=text + "\n")
    if status != 200:
        # What was not read to its end leaves the connection in no state to be used again.
        answer.force_close()
    return answer
