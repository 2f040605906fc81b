"""What a pass leaves in the cluster: policy reports, and an Event on each object that holds something."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import groupby, islice
from typing import Any

from admission.cluster.client import (
    METADATA_ALONE,
    AlreadyExistsError,
    Client,
    ClusterError,
    ConflictError,
    MissingError,
    ResourceKind,
)
from admission.cluster.informer import key_of
from admission.logs import LOGGER
from admission.review.enforcement import REFUSED, Act
from admission.review.messages import clean
from admission.scan.judgement import About, Found
from admission.scan.listing import Lister, Pace
from admission.scan.policy_report import (
    CLUSTER_REPORTS,
    COMPLETED,
    DIGEST,
    GROUP,
    LABELS,
    MANAGER,
    NAME,
    REPORTS,
    VERSION,
    cluster_report_of,
    report_of,
)
from admission.scan.scanner import ScanPass, State, Tally, state_of, worst_first
from admission.server.workers import Workers

EVENTS = ResourceKind("", "v1", "events")
MOST_EVENTS = 500
"""Of one pass, the worst first."""
LONGEST_EVENT = 1_000
"""Characters of a message; the newer API of Events takes 1,024."""
ABSENT = (
    f"the cluster serves no policy reports ({GROUP}/{VERSION}): Events, metrics and this log are "
    "the only reports of the background scan; kubectl apply -k admission/deploy/optional/policy-reports"
)
_TOLD = REFUSED | {Act.WARN}
"""What an Event reports; `audit` does not concern the user."""


@dataclass(frozen=True, slots=True)
class Written:
    """What came of writing: what stands there now, was deleted, or could not be written and why."""

    reports: int = 0
    deleted: int = 0
    problems: tuple[str, ...] = ()
    is_served: bool = True


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes what a pass saw. The pace is asked before every request; `workers` build large reports."""

    client: Client
    workers: Workers
    pace: Pace
    utc: Callable[[], datetime]

    async def is_served(self) -> bool:
        """Whether the cluster has policy reports at all. Raises ClusterError."""
        try:
            await self.pace.patiently(partial(self.client.get, f"/apis/{GROUP}/{VERSION}"))
        except MissingError:
            return False
        return True

    async def completed_marks(self) -> Mapping[str, str]:
        """The marks of the last complete pass; empty without one. Raises ClusterError."""
        try:
            found = await self.client.get(CLUSTER_REPORTS.path(name=NAME))
        except MissingError:
            return {}
        annotations = found["metadata"].get("annotations") or {}
        return {key: str(annotations[key]) for key in (COMPLETED, DIGEST) if key in annotations}

    async def write(
        self, scan: ScanPass, most: int | None, marks: Mapping[str, str], within: str = ""
    ) -> Written:
        """Bring the reports up to what was seen; with `within` that namespace's alone.

        A report whose namespace holds nothing any more goes only after a complete pass over all.
        Raises DeposedError.
        """
        problems: list[str] = []
        try:
            if not await self.is_served():
                return Written(is_served=False)
        except ClusterError as error:
            return Written(problems=(error.message,))
        standing = 0
        tallies = scan.by_namespace(most)
        for namespace, tally in tallies.items():
            if namespace:
                report = await asyncio.to_thread(report_of, namespace, tally, scan)
                standing += await self._put(REPORTS.path(namespace, NAME), report, problems)
                await self.pace.rest()
        if within:
            return Written(standing, problems=tuple(problems))
        report = await asyncio.to_thread(cluster_report_of, tallies.get("", Tally()), scan, marks)
        standing += await self._put(CLUSTER_REPORTS.path(name=NAME), report, problems)
        deleted = await self._sweep(tallies, problems) if scan.is_complete else 0
        return Written(standing, deleted, tuple(problems))

    async def _put(self, path: str, report: Mapping[str, Any], problems: list[str]) -> bool:
        try:
            await self.pace.patiently(partial(self.client.apply, path, report, MANAGER))
        except ClusterError as error:
            # A namespace that goes takes its report along, and takes no new one.
            problems.append(error.message)
            return False
        return True

    async def _sweep(self, tallies: Mapping[str, Tally], problems: list[str]) -> int:
        """Delete our reports of namespaces in which nothing was judged."""
        selector = ",".join(f"{key}={value}" for key, value in LABELS.items())
        lister = Lister(self.client, self.workers, self.pace)
        deleted = 0
        try:
            async for items in lister.pages(REPORTS.path(), METADATA_ALONE, labelSelector=selector):
                for item in items:
                    namespace, name = key_of(item)
                    if name == NAME and namespace not in tallies:
                        version = str(item["metadata"]["resourceVersion"])
                        deleted += await self._delete(REPORTS.path(namespace, name), version)
        except (ClusterError, TimeoutError) as error:
            problems.append(str(error))
        return deleted

    async def _delete(self, path: str, version: str) -> bool:
        self.pace.still()
        try:
            await self.client.delete(path, version)
        except (ConflictError, MissingError):
            # Somebody else wrote or deleted it meanwhile.
            return False
        return True

    async def tell(self, scan: ScanPass, most: int | None) -> int:
        """One Event for each object that holds what a user should know; how many. Raises DeposedError."""
        told = 0
        everything = [one for tally in scan.by_namespace(most).values() for one in tally.results]
        for event in islice(events_of(everything, self.utc()), MOST_EVENTS):
            try:
                await self.pace.patiently(partial(self._post, event))
            except ClusterError as error:
                LOGGER.warning("Events are not written: %s", error.message)
                return told
            told += 1
        return told

    async def _post(self, event: dict[str, Any]) -> None:
        metadata = event["metadata"]
        try:
            await self.client.create(EVENTS.path(metadata["namespace"]), event)
        except AlreadyExistsError:
            again = {key: event[key] for key in ("message", "lastTimestamp")}
            await self.client.patch(EVENTS.path(metadata["namespace"], metadata["name"]), again)


def events_of(results: Iterable[Found], now: datetime) -> Iterator[dict[str, Any]]:
    """An Event for each object by its name, the worst object first; its name is the same in every pass."""
    told = [one for one in results if one.about and not one.about.is_masked and _is_told(one)]
    objects: dict[About, list[Found]] = {}
    for one in sorted(told, key=worst_first):
        if one.about is not None:
            objects.setdefault(one.about, []).append(one)
    for about, found in objects.items():
        yield _event(about, found, now.strftime("%Y-%m-%dT%H:%M:%SZ"))


def _is_told(one: Found) -> bool:
    return state_of(one) is not State.SKIP and one.act in _TOLD


def _event(about: About, found: list[Found], now: str) -> dict[str, Any]:
    whole = f"{about.kind}/{about.namespace}/{about.name}/{about.uid}"
    namespace = about.namespace or "default"
    place = {"namespace": about.namespace} if about.namespace else {}
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "name": f"{NAME}.{hashlib.sha256(whole.encode()).hexdigest()[:16]}",
            "namespace": namespace,
        },
        "involvedObject": {
            "apiVersion": about.api_version,
            "kind": about.kind,
            **place,
            "name": about.name,
            "uid": about.uid,
        },
        "type": "Warning",
        "reason": "PersonalData",
        "message": _message(found),
        "source": {"component": MANAGER},
        "reportingComponent": MANAGER,
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
    }


def _message(found: list[Found]) -> str:
    counts = [(rule, len(list(each))) for rule, each in groupby(sorted(one.finding.rule.id for one in found))]
    what = ", ".join(f"{rule} ({count})" if count > 1 else rule for rule, count in counts)
    text = clean(f"{what}; first: {found[0].finding.message}")
    return text if len(text) <= LONGEST_EVENT else text[: LONGEST_EVENT - 1] + "…"
