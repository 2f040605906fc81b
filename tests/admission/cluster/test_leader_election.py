"""Of any number of replicas at most one leads, whatever the network and their clocks do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admission.cluster.client import Client, ClusterError
from admission.cluster.leader_election import (
    LEASES,
    Candidate,
    LeaseRecord,
    LeaseTimes,
    Standing,
    claim,
    claim_record,
    from_object,
    leads,
    may_hold,
    micro_time,
    observe_record,
    to_object,
)
from tests.support.api_server import fake_cluster

TERMS = LeaseTimes(duration=15, deadline=10.0, retry=2.0)
NOW = datetime(2026, 11, 21, tzinfo=UTC)


@dataclass(slots=True)
class Store:
    """An API server's one Lease: a write is accepted upon the version that was read."""

    record: LeaseRecord

    def write(self, wanted: LeaseRecord) -> LeaseRecord | None:
        if wanted.version != self.record.version:
            return None
        self.record = replace(wanted, version=str(int(wanted.version or "0") + 1))
        return self.record


@dataclass(slots=True)
class Replica:
    """Steps of one participant; each may be separated from the next by any time."""

    standing: Standing
    skew: float
    read: tuple[LeaseRecord, float] | None = None
    sent: tuple[LeaseRecord, float] | None = None

    def step(self, store: Store, at: float) -> None:
        """Read; decide and send; have it written and learn of it: one of these, in turn."""
        local = at + self.skew
        if self.read is None:
            self.read = (store.record, local)
        elif self.sent is None:
            record, when = self.read
            self.standing = observe_record(self.standing, record, when)
            self.read = None
            if may_hold(self.standing, local):
                self.sent = (claim(self.standing, str(local), TERMS), local)
                self.read = (record, when)
        else:
            wanted, begun = self.sent
            self.read = self.sent = None
            written = store.write(wanted)
            if written is not None:
                self.standing = claim_record(self.standing, written, begun)


@given(
    skews=st.lists(st.floats(-1000, 1000), min_size=2, max_size=4),
    steps=st.lists(st.tuples(st.integers(0, 3), st.floats(0, 8)), max_size=120),
)
def test_no_two_lead_at_once(skews: list[float], steps: list[tuple[int, float]]) -> None:
    store = Store(LeaseRecord())
    replicas = [Replica(Standing(f"r{number}"), skew) for number, skew in enumerate(skews)]
    at = 0.0
    for who, pause in steps:
        at += pause
        replicas[who % len(replicas)].step(store, at)
        leading = [each for each in replicas if leads(each.standing, at + each.skew, TERMS)]
        assert len(leading) <= 1


def test_a_lease_is_taken_only_when_it_has_not_changed_for_its_duration() -> None:
    other = LeaseRecord("other", 15, "t", "t", 0, "1")
    standing = observe_record(Standing("me"), other, 100.0)
    assert not may_hold(standing, 115.0)
    assert may_hold(standing, 115.1)
    renewed = observe_record(standing, replace(other, renewed="u", version="2"), 114.0)
    assert not may_hold(renewed, 120.0)


def test_a_leader_stops_before_its_lease_is_over() -> None:
    standing = claim_record(Standing("me"), LeaseRecord("me", 15, "t", "t", 0, "2"), 100.0)
    assert leads(standing, 109.9, TERMS)
    assert not leads(standing, 110.0, TERMS)


def test_a_change_of_holder_is_counted_and_a_renewal_is_not() -> None:
    standing = Standing("me", LeaseRecord("other", 15, "t", "t", 3, "9"))
    taken = claim(standing, "now", TERMS)
    assert (taken.holder, taken.transitions, taken.version) == ("me", 4, "9")
    kept = claim(Standing("me", taken), "later", TERMS)
    assert (kept.transitions, kept.acquired, kept.renewed) == (4, "now", "later")


def test_a_lease_is_read_as_it_was_written() -> None:
    record = LeaseRecord("me", 15, micro_time(NOW), micro_time(NOW), 2, "7")
    assert from_object(to_object(record, "gatecli", "system")) == record
    assert from_object({"metadata": {}, "spec": {"holderIdentity": None}}) == LeaseRecord()


def run(story: Callable[[Client, list[float]], object]) -> None:
    async def main() -> None:
        async with fake_cluster() as (_, access), Client(access) as client:
            await story(client, [0.0])  # type: ignore[misc]  # a story is a coroutine function

    asyncio.run(main())


def candidate(client: Client, name: str, clock: list[float]) -> Candidate:
    return Candidate(client, "system", "gatecli", lambda: clock[0], lambda: NOW, Standing(name), TERMS)


def test_the_first_leads_and_the_second_follows_when_it_is_gone() -> None:
    async def story(client: Client, clock: list[float]) -> None:
        one, other = candidate(client, "one", clock), candidate(client, "other", clock)
        assert await one.tick()
        assert not await other.tick()
        clock[0] = 14.0
        assert not await other.tick()
        assert not one.leads
        clock[0] = 16.0
        assert await other.tick()
        assert not await one.tick()

    run(story)


def test_a_lease_that_is_given_back_is_free_at_once() -> None:
    async def story(client: Client, clock: list[float]) -> None:
        one, other = candidate(client, "one", clock), candidate(client, "other", clock)
        assert await one.tick()
        assert not await other.tick()
        await one.release()
        assert not one.leads
        assert await other.tick()
        await one.release()
        assert await other.tick()

    run(story)


def test_of_two_who_take_at_once_one_is_refused() -> None:
    async def story(client: Client, clock: list[float]) -> None:
        rivals = [candidate(client, f"r{number}", clock) for number in range(5)]
        assert sum(await asyncio.gather(*(each.tick() for each in rivals))) == 1

    run(story)


def test_without_an_api_server_leadership_ends_by_itself() -> None:
    async def main() -> None:
        async with fake_cluster() as (cluster, access), Client(access) as client:
            clock = [0.0]
            one = candidate(client, "one", clock)
            assert await one.tick()
            cluster.broken = 500
            clock[0] = 5.0
            with pytest.raises(ClusterError):
                await one.tick()
            assert one.leads
            clock[0] = 10.0
            assert not one.leads

    asyncio.run(main())


def test_the_lease_stands_where_kubectl_shows_it() -> None:
    assert LEASES.path("system", "gatecli") == (
        "/apis/coordination.k8s.io/v1/namespaces/system/leases/gatecli"
    )
