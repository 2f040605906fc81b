"""The background scan: pass after pass, by the leader alone, for as long as the webhook runs.

What a pass saw is kept in memory until it has ended: a leader that is deposed meanwhile has written
nothing, and its successor begins anew. When the last complete pass began, and by which policy, stands in
the report of the cluster, so that a successor waits for the rest of the time.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from admission.cluster.client import ClusterError
from admission.logs import LOGGER
from admission.review.rulebook import Rulebook
from admission.review.rulebook_sources import RulebookHolder
from admission.scan.listing import DeposedError
from admission.scan.policy_report import COMPLETED, DIGEST
from admission.scan.scanner import Scanner, ScanPass
from admission.scan.writer import ABSENT, Writer, Written
from admission.server.health import Clock
from admission.server.metrics import ScanMetrics, kind_label

LOOK = 1.0
"""Seconds between two looks at whether we lead, and whether it is time."""
LEAST = 60.0
"""Seconds after which another policy may be scanned by."""


@dataclass(slots=True)
class Background:
    """The scan of one replica. `seconds` is how long after the beginning of one pass the next begins.

    Another policy is scanned by after `least` already.
    """

    scanner: Scanner
    writer: Writer
    shelf: RulebookHolder
    leads: Callable[[], bool]
    metrics: ScanMetrics
    clock: Clock
    seconds: float
    look: float = LOOK
    least: float = LEAST
    _marks: Mapping[str, str] | None = None
    """Of the last complete pass; None where that is not known."""
    _judged: str = ""
    """The digest of the policy that our last pass judged by, since we lead."""
    _begun: float = float("-inf")
    _absent: bool = False

    async def run(self) -> None:
        """Scan whenever it is time, until cancelled."""
        self.metrics.interval.set(self.seconds)
        while True:
            rulebook = self.shelf.rulebook
            if rulebook is None or not self.leads():
                self._forget()
            elif self.clock() >= self._begun + self.least and await self._is_due(rulebook):
                await self._scan_guarded(rulebook)
            await asyncio.sleep(self.look)

    def _forget(self) -> None:
        """Another may lead now: what is known of the last pass may be old."""
        self._marks, self._judged = None, ""

    async def _is_due(self, rulebook: Rulebook) -> bool:
        if self._judged:
            return self._judged != rulebook.digest or self.clock() >= self._begun + self.seconds
        try:
            self._marks = await self.writer.completed_marks()
        except ClusterError as error:
            LOGGER.warning("the time of the last scan is not known: %s", error.message)
            self._marks = {}
        age = self._age(self._marks.get(COMPLETED, ""))
        if age < float("inf"):  # another replica's pass, which nobody else may still tell of
            self.metrics.completed.set(self.writer.utc().timestamp() - age)
        return self._marks.get(DIGEST) != rulebook.digest or age >= self.seconds

    async def _scan_guarded(self, rulebook: Rulebook) -> None:
        """One pass. A bug in it is told, and the webhook serves on."""
        try:
            await self._pass(rulebook)
        except DeposedError:
            self._forget()
            self.metrics.passes.labels("abandoned").inc()
            LOGGER.info("another replica leads: the scan is left to it")
        except Exception:  # noqa: BLE001 - no bug of the scan may end the webhook
            self.metrics.passes.labels("failed").inc()
            LOGGER.error("the background scan failed", exc_info=True)

    def _age(self, text: str) -> float:
        """Seconds since a pass; a malformed or future time counts as long ago."""
        try:
            age = (self.writer.utc() - datetime.fromisoformat(text)).total_seconds()
        except (ValueError, TypeError):
            return float("inf")
        return age if age >= 0 else float("inf")

    async def _pass(self, rulebook: Rulebook) -> None:
        begun, self._begun = self.writer.utc(), self.clock()
        self._judged = rulebook.digest
        most = self.scanner.scope.most
        scan = await self.scanner.scan(rulebook, begun.date())
        self._marks = self._next_marks(scan, begun)
        written = await self.writer.write(scan, most, self._marks)
        events = await self.writer.tell(scan, most)
        self._note(scan, written, begun)
        self._say(scan, written, events)

    def _next_marks(self, scan: ScanPass, begun: datetime) -> Mapping[str, str]:
        if not scan.is_complete:
            return dict(self._marks or {})
        return {COMPLETED: begun.astimezone(UTC).isoformat(), DIGEST: scan.rulebook.digest}

    def _note(self, scan: ScanPass, written: Written, begun: datetime) -> None:
        metrics = self.metrics
        metrics.passes.labels("complete" if scan.is_complete else "incomplete").inc()
        if scan.is_complete:
            metrics.completed.set(begun.timestamp())
        metrics.unwritten.set(len(written.problems) if written.is_served else -1)
        findings: Counter[tuple[str, str]] = Counter()
        metrics.incomplete.clear()
        if scan.problems:
            metrics.incomplete.labels("webhook").set(1)
        for each in scan.kinds:
            label = kind_label(each.kind.name)
            metrics.objects.labels(label).inc(each.objects)
            if each.problem is not None:
                metrics.incomplete.labels(label).set(1)
            for tally in each.namespaces.values():
                findings.update({(rule, act.value): count for (rule, act), count in tally.verdicts.items()})
        metrics.findings.clear()
        for (rule, act), count in findings.items():
            metrics.findings.labels(rule, act).set(count)

    def _say(self, scan: ScanPass, written: Written, events: int) -> None:
        if not written.is_served and not self._absent:
            LOGGER.warning(ABSENT)
        self._absent = not written.is_served
        for problem in written.problems[:3]:
            LOGGER.warning("a policy report was not written: %s", problem)
        for finding in scan.unread:
            LOGGER.warning("the background scan is incomplete: %s", finding.message)
        fields = {
            "complete": scan.is_complete,
            "objects": sum(each.objects for each in scan.kinds),
            "findings": sum(
                sum(tally.states.values()) for each in scan.kinds for tally in each.namespaces.values()
            ),
            "reports": written.reports,
            "deleted": written.deleted,
            "events": events,
            "seconds": round(self.clock() - self._begun, 1),
        }
        LOGGER.info("the background scan has ended", extra={"fields": fields})


def with_lead(scanner: Scanner, writer: Writer, leads: Callable[[], bool]) -> tuple[Scanner, Writer]:
    """Both, called off as soon as `leads()` is false."""

    def still() -> None:
        if not leads():
            raise DeposedError("another replica leads")

    pace = replace(scanner.pace, still=still)
    return replace(scanner, pace=pace), replace(writer, pace=pace)
