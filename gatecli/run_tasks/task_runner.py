"""One task from its delivery to its result: fetched, checked, answered, within its deadline."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from itertools import chain, islice, repeat
from typing import IO, Protocol

from gatecli.run_tasks.egress_allowlist import EgressForbiddenError
from gatecli.run_tasks.hcp_client import FinalError, PassingError
from gatecli.run_tasks.message import Task
from gatecli.run_tasks.settings import RunTaskSettings
from gatecli.run_tasks.task_results import Result, failed_result, payload

ATTEMPTS = 5
"""At fetching a plan; a result is sent until the deadline."""

COURTESY = 10.0
"""Seconds that saying that it has begun may take."""

_LATE = "The time budget was spent before the plan was checked; nothing is known about it."
_STOPPING = "The service was stopped before the plan was checked; run it again."
_NO_PLAN = "There is no plan at this stage: attach the run task to post-plan."


class ResultChannel(Protocol):
    """To HCP Terraform (`hcp_client.HcpClient`)."""

    async def fetch(self, address: str, token: str, into: IO[bytes]) -> str: ...
    async def send(self, address: str, token: str, document: bytes) -> None: ...


Log = Callable[..., None]
"""Takes an event and its fields; never a token, an address or a value."""

Check = Callable[[IO[bytes], str], Awaitable[tuple[Result, str]]]


@dataclass(frozen=True, slots=True)
class TaskRunner:
    """What is done with every task; `slots` bounds how many plans are checked at once."""

    settings: RunTaskSettings
    line: ResultChannel
    check: Check
    log: Log
    slots: asyncio.Semaphore

    async def do(self, task: Task, stopping: asyncio.Event) -> None:
        """Check the plan of `task` and send what came of it; raises nothing but what cancels it.

        Once `stopping` is set, it says so, unless its result is already there.
        """
        began = asyncio.get_running_loop().time()
        until = began + self.settings.deadline
        result = await self._result(task, began + self.settings.work, stopping)
        self.log("checked", task=task.id, run=task.run, status=result.status, message=result.message)
        await self._deliver(task, result, until)

    async def _result(self, task: Task, until: float, stopping: asyncio.Event) -> Result:
        work = asyncio.ensure_future(self._work(task))
        stop = asyncio.ensure_future(stopping.wait())
        try:
            async with asyncio.timeout_at(until):
                await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
        except TimeoutError:
            return failed_result(_LATE)
        else:
            return await work if work.done() else failed_result(_STOPPING)
        finally:
            for each in (work, stop):
                each.cancel()
            await asyncio.gather(work, stop, return_exceptions=True)

    async def _work(self, task: Task) -> Result:
        try:
            if not task.plan:
                return failed_result(_NO_PLAN)
            async with self.slots:
                return await self._check_plan(task)
        except (EgressForbiddenError, FinalError, PassingError) as error:
            return failed_result(f"The plan could not be fetched: {error}.")
        except Exception as error:  # noqa: BLE001 - whatever broke, a run is waiting for an answer
            self.log("bug", task=task.id, error=type(error).__name__)
            return failed_result("The service failed; nothing was checked.")

    async def _check_plan(self, task: Task) -> Result:
        await self._announce(task)
        # A file without a name: nothing is left behind, whatever ends this process.
        with tempfile.TemporaryFile() as plan:
            sha256 = await self._fetch_plan(task, plan)
            self.log("fetched", task=task.id, run=task.run, bytes=plan.tell(), sha256=sha256)
            result, said = await self.check(plan, sha256)
        if said:
            self.log("unchecked", task=task.id, said=said)
        return result

    async def _announce(self, task: Task) -> None:
        """Say that it has begun: a courtesy, tried once."""
        begun = _document(task, Result("running", "Checking the plan."))
        try:
            async with asyncio.timeout(COURTESY):
                await self.line.send(task.callback, task.token, begun)
        except (EgressForbiddenError, FinalError, PassingError, TimeoutError) as error:
            self.log("unannounced", task=task.id, error=str(error))

    async def _fetch_plan(self, task: Task, plan: IO[bytes]) -> str:
        for pause in islice(self._pauses(), ATTEMPTS - 1):
            try:
                return await self.line.fetch(task.plan, task.token, plan)
            except PassingError as error:
                self.log("retrying", task=task.id, what="plan", error=str(error))
                await asyncio.sleep(pause)
        return await self.line.fetch(task.plan, task.token, plan)

    async def _deliver(self, task: Task, result: Result, until: float) -> None:
        document = _document(task, result)
        try:
            async with asyncio.timeout_at(until):
                await self._insist(task, document)
        except TimeoutError:
            self.log("undelivered", task=task.id, error="the deadline passed")
        except (EgressForbiddenError, FinalError) as error:
            self.log("undelivered", task=task.id, error=str(error))
        else:
            self.log("delivered", task=task.id, run=task.run, status=result.status)

    async def _insist(self, task: Task, document: bytes) -> None:
        pauses = self._pauses()
        while True:
            try:
                return await self.line.send(task.callback, task.token, document)
            except PassingError as error:
                self.log("retrying", task=task.id, what="result", error=str(error))
            await asyncio.sleep(next(pauses))

    def _pauses(self) -> Iterator[float]:
        return chain(self.settings.pauses, repeat(self.settings.pauses[-1]))


def _document(task: Task, result: Result) -> bytes:
    return payload(result, takes_outcomes=task.takes_outcomes)
