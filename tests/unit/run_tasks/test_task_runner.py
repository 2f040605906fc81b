"""One task, from its delivery to its result."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import IO, Any

import pytest

from gatecli.run_tasks.egress_allowlist import EgressForbiddenError
from gatecli.run_tasks.hcp_client import FinalError, PassingError
from gatecli.run_tasks.message import Task
from gatecli.run_tasks.settings import RunTaskSettings
from gatecli.run_tasks.task_results import Result
from gatecli.run_tasks.task_runner import ATTEMPTS, TaskRunner
from tests.support.hcp_terraform import TOKEN

TASK = Task("taskrs-1", "post_plan", TOKEN, "https://callback", "https://plan", "run-1")
QUICK = RunTaskSettings(b"k" * 16, deadline=0.5, pauses=(0.001,))
"""Half a second from delivery to result, of which a third is for saying it."""


@dataclass
class Fake:
    """HCP Terraform and the check at once: what they do next, and what they were told."""

    fetches: list[Exception | None] = field(default_factory=list)
    sends: list[Exception | None] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    tried: int = 0
    logged: list[dict[str, Any]] = field(default_factory=list)
    busy: int = 0
    busiest: int = 0
    during: Callable[[], Awaitable[None]] | None = None

    async def fetch(self, address: str, token: str, into: IO[bytes]) -> str:
        self.tried += 1
        assert (address, token) == (TASK.plan, TOKEN)
        if self.fetches and (error := self.fetches.pop(0)):
            raise error
        into.write(b"plan")
        return "digest"

    async def send(self, address: str, token: str, document: bytes) -> None:
        assert (address, token) == (TASK.callback, TOKEN)
        if self.sends and (error := self.sends.pop(0)):
            raise error
        own = json.loads(document)["data"]["attributes"]
        self.sent.append(f"{own['status']}: {own['message']}")

    async def check(self, plan: IO[bytes], sha256: str) -> tuple[Result, str]:
        plan.seek(0)
        assert (plan.read(), sha256) == (b"plan", "digest")
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        try:
            if self.during is not None:
                await self.during()
            await asyncio.sleep(0)
        finally:
            self.busy -= 1
        return Result("passed", "fine"), ""

    def log(self, event: str, **fields: Any) -> None:
        self.logged.append({"event": event, **fields})

    def task_runner(self, settings: RunTaskSettings = QUICK) -> TaskRunner:
        return TaskRunner(settings, self, self.check, self.log, asyncio.Semaphore(settings.workers))

    def events(self) -> list[str]:
        return [each["event"] for each in self.logged]


def done(fake: Fake, task: Task = TASK, settings: RunTaskSettings = QUICK) -> list[str]:
    async def run() -> None:
        await fake.task_runner(settings).do(task, asyncio.Event())

    asyncio.run(run())
    return fake.sent


async def never() -> None:
    await asyncio.Event().wait()


def test_a_task_is_begun_and_answered() -> None:
    fake = Fake()
    assert done(fake) == ["running: Checking the plan.", "passed: fine"]
    assert fake.events() == ["fetched", "checked", "delivered"]


def test_what_passes_by_is_tried_again() -> None:
    fake = Fake(fetches=[PassingError("a"), PassingError("b")], sends=[None, PassingError("c")])
    assert done(fake)[-1] == "passed: fine"
    assert fake.tried == 3


def test_a_plan_is_not_asked_for_without_end() -> None:
    fake = Fake(fetches=[PassingError("answered 503")] * 100)
    assert done(fake)[-1] == "failed: The plan could not be fetched: answered 503."
    assert fake.tried == ATTEMPTS


@pytest.mark.parametrize("error", [FinalError("no such plan"), EgressForbiddenError("no such plan")])
def test_what_would_fail_again_is_not_tried_again(error: Exception) -> None:
    fake = Fake(fetches=[error])
    assert done(fake)[-1] == "failed: The plan could not be fetched: no such plan."
    assert fake.tried == 1


def test_a_check_that_hangs_is_failed_before_the_deadline() -> None:
    fake = Fake(during=never)
    assert "time budget was spent" in done(fake)[-1]
    assert fake.busy == 0


def test_a_plan_that_waits_for_others_too_long_is_failed_too() -> None:
    fake = Fake()

    async def run() -> None:
        task_runner = fake.task_runner()
        for _ in range(QUICK.workers):
            await task_runner.slots.acquire()
        await task_runner.do(TASK, asyncio.Event())

    asyncio.run(run())
    [only] = fake.sent
    assert "time budget was spent" in only
    assert fake.tried == 0


def test_no_more_plans_are_checked_at_once_than_there_are_workers() -> None:
    fake = Fake()

    async def run() -> None:
        task_runner = fake.task_runner()
        await asyncio.gather(*(task_runner.do(replace(TASK, id=str(i)), asyncio.Event()) for i in range(9)))

    asyncio.run(run())
    assert fake.busiest == QUICK.workers
    assert fake.sent.count("passed: fine") == 9


def test_a_bug_is_failed_and_shows_no_value() -> None:
    fake = Fake(fetches=[KeyError("a value")])
    assert done(fake)[-1] == "failed: The service failed; nothing was checked."
    assert {"event": "bug", "task": "taskrs-1", "error": "KeyError"} in fake.logged
    assert "a value" not in str(fake.logged)


def test_who_stops_the_service_has_it_said() -> None:
    stopping = asyncio.Event()

    async def stop() -> None:
        stopping.set()
        await never()

    fake = Fake(during=stop)

    async def run() -> None:
        await fake.task_runner().do(TASK, stopping)

    asyncio.run(run())
    assert "service was stopped" in fake.sent[-1]


def test_that_it_has_begun_is_said_once_and_need_not_be_heard() -> None:
    fake = Fake(sends=[PassingError("answered 500")])
    assert done(fake) == ["passed: fine"]


def test_a_result_that_nobody_takes_is_logged() -> None:
    fake = Fake(sends=[PassingError("x")] * 100_000)
    assert done(fake) == []
    assert fake.logged[-1] == {"event": "undelivered", "task": "taskrs-1", "error": "the deadline passed"}


def test_a_result_that_is_refused_is_not_sent_again() -> None:
    fake = Fake(sends=[None, FinalError("answered 401")])
    assert done(fake) == ["running: Checking the plan."]
    assert fake.logged[-1]["error"] == "answered 401"


def test_a_stage_without_a_plan_says_where_to_attach_it() -> None:
    assert "post-plan" in done(Fake(), replace(TASK, plan=""))[-1]


def test_no_log_holds_the_token_or_an_address() -> None:
    fake = Fake(fetches=[PassingError("a")], sends=[FinalError("b"), FinalError("c")])
    done(fake)
    assert TOKEN not in str(fake.logged)
    assert "https" not in str(fake.logged)
