"""The background scan: when it is due, who does it, and what becomes of a pass that breaks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from admission.review.rulebook import Rulebook
from admission.review.rulebook_sources import RulebookHolder
from admission.scan.background import Background, with_lead
from admission.scan.policy_report import CLUSTER_REPORTS, COMPLETED, DIGEST, REPORTS
from admission.scan.scanner import Scanner
from admission.server.metrics import new_metrics, scan_metrics
from tests.support.reviews import rulebook
from tests.support.scans import NOW, SERVED, Setting, config_map, setting

BOOK = rulebook()
AT = REPORTS.path("team-a", "gatecli")
WHOLE = CLUSTER_REPORTS.path(name="gatecli")


class WatchedShelf(RulebookHolder):
    """A shelf that tells when it is looked at, which the loop does at each of its looks."""

    def __init__(self, book: Rulebook) -> None:
        self._book: Rulebook | None = book
        self.looked = asyncio.Event()

    @property
    def rulebook(self) -> Rulebook | None:
        self.looked.set()
        return self._book

    @rulebook.setter
    def rulebook(self, book: Rulebook | None) -> None:
        self._book = book


@dataclass(slots=True)
class Turn:
    """A background scan whose clock and leadership a test sets; `looked` is set at each of its looks."""

    held: Setting
    background: Background
    registry: Any
    state: dict[str, Any]
    looked: asyncio.Event

    def value(self, name: str, **labels: str) -> float | None:
        found: float | None = self.registry.get_sample_value(f"gatecli_admission_scan_{name}", labels)
        return found

    async def passes(self, count: int, result: str = "complete") -> None:
        while self.value("passes_total", result=result) != count:
            await self.looks(1)

    async def looks(self, count: int = 5) -> None:
        """Let the loop look several times."""
        for _ in range(count):
            self.looked.clear()
            await self.looked.wait()


Story = Callable[[Turn], Awaitable[None]]


def run(story: Story, *, served: bool = True, leads: bool = True) -> None:
    async def main() -> None:
        async with setting() as held, asyncio.timeout(30):
            await held.put("ConfigMap", config_map())
            if served:
                await held.cluster.put(SERVED, {})
            metrics = new_metrics()
            state: dict[str, Any] = {"now": 1_000.0, "leads": leads}
            scanner, writer = with_lead(held.scanner, held.writer, lambda: bool(state["leads"]))
            shelf = WatchedShelf(BOOK)
            background = Background(
                scanner,
                writer,
                shelf,
                lambda: bool(state["leads"]),
                scan_metrics(metrics),
                lambda: float(state["now"]),
                3_600.0,
                look=0.002,
            )
            task = asyncio.create_task(background.run())
            try:
                await story(Turn(held, background, metrics.registry, state, shelf.looked))
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())


def test_a_leader_scans_at_once_and_then_at_its_interval() -> None:
    async def story(turn: Turn) -> None:
        await turn.passes(1)
        assert turn.held.cluster.objects[AT]["summary"]["fail"] == 1
        marks = turn.held.cluster.objects[WHOLE]["metadata"]["annotations"]
        assert marks == {COMPLETED: NOW.isoformat(), DIGEST: BOOK.digest}
        turn.state["now"] += 3_599
        await turn.looks()
        assert turn.value("passes_total", result="complete") == 1
        turn.state["now"] += 1
        await turn.passes(2)

    run(story)


def test_the_metrics_tell_the_pass() -> None:
    async def story(turn: Turn) -> None:
        await turn.passes(1)
        assert turn.value("complete_seconds") == NOW.timestamp()
        assert turn.value("interval_seconds") == 3_600
        assert turn.value("objects_total", kind="ConfigMap") == 1
        assert turn.value("findings", entity="pii-cn-resident-id", mode="deny") == 1
        assert turn.value("incomplete_kinds", kind="Pod") is None
        assert turn.value("unwritten_reports") == 0

    run(story)


def test_who_does_not_lead_scans_nothing() -> None:
    async def story(turn: Turn) -> None:
        await turn.looks()
        assert turn.held.cluster.requests == []
        turn.state["leads"] = True
        await turn.passes(1)

    run(story, leads=False)


def test_a_successor_waits_for_the_rest_of_the_interval() -> None:
    async def story(turn: Turn) -> None:
        lately = (NOW - timedelta(minutes=30)).isoformat()
        await turn.held.cluster.put(WHOLE, marked(lately, BOOK.digest))
        turn.state["leads"] = True
        await turn.looks()
        assert turn.value("passes_total", result="complete") is None
        assert turn.value("complete_seconds") == (NOW - timedelta(minutes=30)).timestamp()
        await turn.held.cluster.put(WHOLE, marked((NOW - timedelta(hours=1)).isoformat(), BOOK.digest))
        await turn.passes(1)

    run(story, leads=False)


def marked(completed: str, digest: str) -> dict[str, Any]:
    return {"metadata": {"name": "gatecli", "annotations": {COMPLETED: completed, DIGEST: digest}}}


@pytest.mark.parametrize(
    ("completed", "digest"),
    [(NOW.isoformat(), "other"), ((NOW + timedelta(days=1)).isoformat(), BOOK.digest), ("soon", BOOK.digest)],
)
def test_another_policy_or_a_time_that_is_none_is_no_reason_to_wait(completed: str, digest: str) -> None:
    async def story(turn: Turn) -> None:
        await turn.held.cluster.put(WHOLE, marked(completed, digest))
        turn.state["leads"] = True
        await turn.passes(1)

    run(story, leads=False)


def test_another_policy_is_scanned_by_within_a_minute() -> None:
    async def story(turn: Turn) -> None:
        await turn.passes(1)
        turn.background.shelf.rulebook = rulebook(pii={"entities": {"CN_RESIDENT_ID": "ignore"}})
        await turn.looks()
        assert turn.value("passes_total", result="complete") == 1
        turn.state["now"] += 60
        await turn.passes(2)
        assert turn.held.cluster.objects[AT]["summary"]["fail"] == 0

    run(story)


def test_without_a_policy_nothing_is_scanned() -> None:
    async def story(turn: Turn) -> None:
        turn.background.shelf.rulebook = None
        turn.state["leads"] = True
        await turn.looks()
        assert turn.held.cluster.requests == []

    run(story, leads=False)


def test_who_is_deposed_within_a_pass_writes_nothing_and_begins_anew_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scan = Scanner.scan

    async def story(turn: Turn) -> None:
        async def deposed(*arguments: Any) -> Any:
            seen = await scan(*arguments)
            turn.state["leads"] = False
            return seen

        monkeypatch.setattr(Scanner, "scan", deposed)
        turn.state["leads"] = True
        await turn.passes(1, "abandoned")
        assert AT not in turn.held.cluster.objects
        monkeypatch.setattr(Scanner, "scan", scan)
        turn.state |= {"leads": True, "now": 2_000.0}
        await turn.passes(1)
        assert AT in turn.held.cluster.objects

    run(story, leads=False)


def test_an_incomplete_pass_is_told_and_changes_no_mark(caplog: pytest.LogCaptureFixture) -> None:
    async def story(turn: Turn) -> None:
        await turn.held.cluster.put(WHOLE, marked("2026-01-01T00:00:00+00:00", "old"))
        turn.held.cluster.failing["/api/v1/configmaps"] = [403]
        turn.state["leads"] = True
        await turn.passes(1, "incomplete")
        assert turn.value("incomplete_kinds", kind="ConfigMap") == 1
        assert turn.held.cluster.objects[WHOLE]["metadata"]["annotations"][DIGEST] == "old"
        assert turn.held.cluster.objects[WHOLE]["summary"]["error"] == 1
        await turn.looks()
        assert turn.value("passes_total", result="incomplete") == 1

    with caplog.at_level(logging.INFO, "admission"):
        run(story, leads=False)
    assert "configmaps could not be listed" in caplog.text


def test_a_cluster_without_policy_reports_is_told_so_once(caplog: pytest.LogCaptureFixture) -> None:
    async def story(turn: Turn) -> None:
        await turn.passes(1)
        turn.state["now"] += 3_600
        await turn.passes(2)
        assert turn.value("unwritten_reports") == -1

    with caplog.at_level(logging.INFO, "admission"):
        run(story, served=False)
    assert caplog.text.count("serves no policy reports") == 1


def test_a_bug_in_the_scan_is_told_and_the_next_pass_comes(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    scan = Scanner.scan

    async def broken(*_: Any) -> Any:
        raise ZeroDivisionError

    async def story(turn: Turn) -> None:
        monkeypatch.setattr(Scanner, "scan", broken)
        turn.state["leads"] = True
        await turn.passes(1, "failed")
        monkeypatch.setattr(Scanner, "scan", scan)
        turn.state["now"] += 3_600
        await turn.passes(1)

    run(story, leads=False)
    assert "the background scan failed" in caplog.text


def test_the_pace_of_both_is_the_leader_s() -> None:
    async def main() -> None:
        async with setting() as held:
            scanner, writer = with_lead(held.scanner, held.writer, lambda: False)
            assert scanner.pace is writer.pace
            assert replace(scanner.pace, still=held.scanner.pace.still) == held.scanner.pace

    asyncio.run(main())
