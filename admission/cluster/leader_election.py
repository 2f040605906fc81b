"""One leader among the replicas, by a Lease (coordination.k8s.io/v1), as client-go elects one.

The transitions are pure; `Candidate.tick` is the one that talks. Nobody trusts another's clock: a lease
is over when its record has not changed for its duration *on our own clock*, and a leader stops calling
itself one well before that. Every write carries the resourceVersion it was decided upon, so that of two
who take an abandoned lease at once, one is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from admission.cluster.client import AlreadyExistsError, Client, ConflictError, MissingError, ResourceKind

LEASES = ResourceKind("coordination.k8s.io", "v1", "leases")


@dataclass(frozen=True, slots=True)
class LeaseRecord:
    """What a Lease says. `version` is the resourceVersion, "" where there is no Lease."""

    holder: str = ""
    seconds: int = 0
    acquired: str = ""
    renewed: str = ""
    transitions: int = 0
    version: str = ""


@dataclass(frozen=True, slots=True)
class LeaseTimes:
    """Seconds. `duration` must exceed `deadline`, which must exceed a few `retry`."""

    duration: int = 15
    deadline: float = 10.0
    """How long after the start of its last successful write a leader believes that it is one."""
    retry: float = 2.0


@dataclass(frozen=True, slots=True)
class Standing:
    """What one participant knows; times are of its own clock that only grows.

    `seen` is when the record was first seen as it is now; `held` when the last write that made or kept
    us its holder was begun.
    """

    me: str
    record: LeaseRecord = LeaseRecord()
    seen: float = float("-inf")
    held: float = float("-inf")


def observe_record(standing: Standing, record: LeaseRecord, at: float) -> Standing:
    """After reading the Lease at `at`."""
    known = standing if record == standing.record else replace(standing, record=record, seen=at)
    return known if record.holder == standing.me else replace(known, held=float("-inf"))


def may_hold(standing: Standing, at: float) -> bool:
    """Whether to write ourselves in: the lease is ours, nobody's, or abandoned."""
    record = standing.record
    return record.holder in {standing.me, ""} or at > standing.seen + record.seconds


def leads(standing: Standing, at: float, terms: LeaseTimes) -> bool:
    """Whether we may act as the leader at `at`."""
    return standing.record.holder == standing.me and at < standing.held + terms.deadline


def claim(standing: Standing, now: str, terms: LeaseTimes) -> LeaseRecord:
    """The record to write, upon the version that was seen."""
    old = standing.record
    if old.holder == standing.me:
        return replace(old, renewed=now, seconds=terms.duration)
    transitions = old.transitions + (1 if old.version else 0)
    return LeaseRecord(standing.me, terms.duration, now, now, transitions, old.version)


def claim_record(standing: Standing, record: LeaseRecord, begun: float) -> Standing:
    """After a write that was begun at `begun` was accepted as `record`."""
    return replace(standing, record=record, seen=begun, held=begun)


def released_record(record: LeaseRecord) -> LeaseRecord:
    """What a leader that goes writes: nobody need wait for the lease to run out."""
    return replace(record, holder="", seconds=1)


def to_object(record: LeaseRecord, name: str, namespace: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace}
    if record.version:
        metadata["resourceVersion"] = record.version
    spec: dict[str, Any] = {
        "holderIdentity": record.holder,
        "leaseDurationSeconds": record.seconds,
        "leaseTransitions": record.transitions,
    }
    times = {"acquireTime": record.acquired, "renewTime": record.renewed}
    spec |= {key: time for key, time in times.items() if time}
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}


def from_object(lease: Mapping[str, Any]) -> LeaseRecord:
    """The record of a Lease; what it leaves out counts as nothing."""
    spec = lease.get("spec") or {}
    return LeaseRecord(
        spec.get("holderIdentity") or "",
        spec.get("leaseDurationSeconds") or 0,
        spec.get("acquireTime") or "",
        spec.get("renewTime") or "",
        spec.get("leaseTransitions") or 0,
        str(lease["metadata"].get("resourceVersion", "")),
    )


def micro_time(now: datetime) -> str:
    """Kubernetes' MicroTime."""
    return now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass(slots=True)
class Candidate:
    """A replica that would lead. `clock` gives seconds that only grow, `utc` the time in UTC."""

    client: Client
    namespace: str
    name: str
    clock: Callable[[], float]
    utc: Callable[[], datetime]
    standing: Standing
    terms: LeaseTimes = field(default_factory=LeaseTimes)

    @property
    def leads(self) -> bool:
        return leads(self.standing, self.clock(), self.terms)

    async def tick(self) -> bool:
        """Read, and write where we may; whether we lead now. Raises ClusterError when it cannot tell.

        Call it every `terms.retry` seconds. A raise changes nothing: leadership ends by its deadline.
        """
        at = self.clock()
        self.standing = observe_record(self.standing, await self._read(), at)
        if may_hold(self.standing, at):
            await self._write()
        return self.leads

    async def release(self) -> None:
        """Give the lease back, if it is ours. Raises ClusterError."""
        if not self.leads:
            return
        given_up, self.standing = self.standing.record, replace(self.standing, held=float("-inf"))
        await self.client.replace(
            LEASES.path(self.namespace, self.name),
            to_object(released_record(given_up), self.name, self.namespace),
        )

    async def _read(self) -> LeaseRecord:
        try:
            return from_object(await self.client.get(LEASES.path(self.namespace, self.name)))
        except MissingError:
            return LeaseRecord()

    async def _write(self) -> None:
        begun = self.clock()
        wanted = to_object(
            claim(self.standing, micro_time(self.utc()), self.terms), self.name, self.namespace
        )
        try:
            if self.standing.record.version:
                written = await self.client.replace(LEASES.path(self.namespace, self.name), wanted)
            else:
                written = await self.client.create(LEASES.path(self.namespace), wanted)
        except (ConflictError, AlreadyExistsError, MissingError):
            # Somebody else was quicker; the next tick sees who.
            self.standing = replace(self.standing, held=float("-inf"))
            return
        self.standing = claim_record(self.standing, from_object(written), begun)
