"""Certificates that an API server believes, and a rotation in which it always does."""

from __future__ import annotations

import asyncio
import base64
import logging
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from admission.cluster.access import load_pair
from admission.cluster.client import Client
from admission.server.health import Health
from admission.server.metrics import new_metrics
from admission.tls.certificate_manager import CONFIGURATIONS, SECRETS, CertificateManager, keep_files
from admission.tls.certificates import (
    AUTHORITY_LIFE,
    LEAF_LIFE,
    KeyPair,
    belong_together,
    covers,
    issue,
    needs_renewal,
    new_authority,
    signed_by,
    split_bundle,
    validity,
)
from admission.tls.endpoint import ServingCertificate
from admission.tls.rotation import (
    Keyring,
    advance,
    begin,
    bundle_change,
    bundle_text,
    from_data,
    leaf_of,
    to_data,
)
from gatecli.errors import ConfigurationError
from tests.support.api_server import FakeCluster, fake_cluster
from tests.support.examples import share

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
NAMES = ("gatecli-admission.gatecli-system.svc",)
SETTLE = timedelta(seconds=60)
NEVER = timedelta(seconds=-1)


def handshake(pair: KeyPair, bundle: bytes, name: str) -> None:
    """TLS between two ends in memory; raises what a client that trusts `bundle` would."""
    server, client = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    load_pair(server, pair.certificate, pair.key)
    client = ssl.create_default_context(cadata=bundle.decode())
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(back, there, server_hostname=name),
        server.wrap_bio(there, back, server_side=True),
    ]
    waiting = ends
    while waiting:
        left = []
        for end in waiting:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                left.append(end)
        waiting = left


def test_a_client_that_trusts_the_authority_accepts_its_leaf_by_name() -> None:
    now = datetime.now(UTC)
    authority = new_authority(now)
    leaf = issue(authority, [*NAMES, "127.0.0.1"], now)
    handshake(leaf, authority.certificate, NAMES[0])
    handshake(leaf, authority.certificate, "127.0.0.1")
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(leaf, authority.certificate, "elsewhere.svc")
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(leaf, new_authority(now).certificate, NAMES[0])


def test_a_certificate_is_renewed_when_two_thirds_of_its_life_are_over() -> None:
    leaf = issue(new_authority(NOW), NAMES, NOW).certificate
    assert not needs_renewal(leaf, NOW)
    assert not needs_renewal(leaf, NOW + LEAF_LIFE * 0.66)
    assert needs_renewal(leaf, NOW + LEAF_LIFE * 0.67)
    assert needs_renewal(leaf, NOW - timedelta(days=1))


def test_a_leaf_never_outlives_its_authority() -> None:
    authority = new_authority(NOW)
    leaf = issue(authority, NAMES, NOW + AUTHORITY_LIFE - timedelta(days=3))
    assert validity(leaf.certificate).ends == validity(authority.certificate).ends


def test_a_leaf_is_its_authoritys_and_covers_its_names_alone() -> None:
    one, other = new_authority(NOW), new_authority(NOW)
    leaf = issue(one, NAMES, NOW)
    assert signed_by(leaf.certificate, one.certificate)
    assert not signed_by(leaf.certificate, other.certificate)
    assert covers(leaf.certificate, NAMES)
    assert not covers(leaf.certificate, ("other.svc",))
    assert belong_together(leaf)
    assert not belong_together(replace(leaf, key=one.key))


def test_no_key_is_shown_in_a_log() -> None:
    authority = new_authority(NOW)
    assert "PRIVATE" not in repr(authority)
    assert "PRIVATE" not in repr(Keyring(authority, issue(authority, NAMES, NOW), (authority.certificate,)))


def settled(keyring: Keyring | None, now: datetime, published: timedelta = NEVER) -> Keyring:
    return advance(keyring, NAMES, now, published=published, settle=SETTLE)


def test_a_new_keyring_trusts_what_it_shows() -> None:
    keyring = settled(None, NOW)
    assert keyring.bundle == (keyring.authority.certificate,)
    assert settled(keyring, NOW) is keyring


def test_a_new_authority_signs_only_after_it_was_published_and_settled() -> None:
    first = settled(None, NOW)
    later = NOW + AUTHORITY_LIFE * 0.7
    waiting = settled(first, later)
    assert waiting.successor is not None
    assert waiting.successor.certificate in waiting.bundle
    assert signed_by(waiting.leaf.certificate, first.authority.certificate)
    assert settled(waiting, later, NEVER).successor is not None
    assert settled(waiting, later, SETTLE - timedelta(seconds=1)).successor is not None
    done = settled(waiting, later, SETTLE)
    assert done.successor is None
    assert signed_by(done.leaf.certificate, waiting.successor.certificate)
    assert first.authority.certificate in done.bundle
    assert settled(done, later + timedelta(days=2)).bundle == (done.authority.certificate,)


@settings(max_examples=share(25))
@given(st.lists(st.tuples(st.floats(0.01, 20), st.booleans()), min_size=20, max_size=60))
def test_whatever_a_replica_shows_stands_in_whatever_bundle_is_published(
    steps: list[tuple[float, bool]],
) -> None:
    # A replica shows the leaf of now or of the look before; the API server trusts the bundle of now or,
    # where writing it failed, of the last look that worked.
    now, keyring = NOW, settled(None, NOW)
    published = shown = keyring
    for days, works in steps:
        now += timedelta(days=days)
        stands = published.bundle == keyring.bundle
        keyring = settled(keyring, now, SETTLE if stands else NEVER)
        trusted = [published, keyring] if works else [published]
        for leaf in (shown.leaf, keyring.leaf):
            for bundle in trusted:
                assert any(signed_by(leaf.certificate, each) for each in bundle.bundle)
        assert validity(keyring.leaf.certificate).ends > now
        published, shown = (keyring if works else published), keyring


def test_the_secret_holds_the_keyring_and_what_cert_manager_would_call_it() -> None:
    keyring = begin(settled(None, NOW), NOW)
    data = to_data(keyring)
    assert from_data(data) == keyring
    assert leaf_of(data) == keyring.leaf
    assert base64.b64decode(data["tls.crt"]) == keyring.leaf.certificate
    assert split_bundle(base64.b64decode(data["ca.crt"])) == keyring.bundle


@pytest.mark.parametrize("key", ["tls.key", "ca.crt", "authority.key", "successor.key"])
@pytest.mark.parametrize("text", [None, "", "!", "aGVsbG8=", 7])
def test_a_secret_that_is_damaged_is_no_keyring(key: str, text: object) -> None:
    data: dict[str, object] = dict(to_data(begin(settled(None, NOW), NOW)))
    data[key] = text
    if text is None:
        del data[key]
    with pytest.raises(ConfigurationError, match="cannot be used"):
        from_data(data)


def test_a_bundle_is_written_upon_the_version_that_was_read() -> None:
    configuration = {
        "metadata": {"resourceVersion": "7"},
        "webhooks": [{"clientConfig": {"caBundle": "new"}}, {"clientConfig": {}}],
    }
    assert bundle_change(configuration, "new") == [
        {"op": "test", "path": "/metadata/resourceVersion", "value": "7"},
        {"op": "add", "path": "/webhooks/1/clientConfig/caBundle", "value": "new"},
    ]
    assert bundle_change({"metadata": {}}, "new") == []


@dataclass(slots=True)
class Time:
    """A clock that a test sets."""

    at: float = 0.0

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.at)

    def clock(self) -> float:
        return self.at


@dataclass(slots=True)
class Replicas:
    """Two replicas of one cluster."""

    cluster: FakeCluster
    one: CertificateManager
    other: CertificateManager
    time: Time

    @property
    def bundles(self) -> set[str]:
        found = [self.cluster.objects[each.path(name="gatecli")] for each in CONFIGURATIONS]
        return {hook["clientConfig"].get("caBundle", "") for each in found for hook in each["webhooks"]}

    @property
    def shown(self) -> list[KeyPair | None]:
        return [self.one.shown.pair, self.other.shown.pair]

    @property
    def secret(self) -> str:
        return SECRETS.path("system", "gatecli-tls")


@asynccontextmanager
async def replicas() -> AsyncIterator[Replicas]:
    moment = Time()
    async with fake_cluster() as (cluster, access), Client(access) as client:
        for each in CONFIGURATIONS:
            hooks = [{"name": "a", "clientConfig": {}}, {"name": "b", "clientConfig": {}}]
            await cluster.put(each.path(name="gatecli"), {"metadata": {"name": "gatecli"}, "webhooks": hooks})
        both = [
            CertificateManager(
                client,
                "system",
                "gatecli-tls",
                "gatecli",
                NAMES,
                ServingCertificate(Health(time.monotonic, moment.now), new_metrics()),
                SETTLE,
                moment.clock,
                moment.now,
            )
            for _ in range(2)
        ]
        yield Replicas(cluster, both[0], both[1], moment)


def test_the_leader_makes_the_certificates_and_every_replica_shows_them() -> None:
    async def main() -> None:
        async with replicas() as each:
            await each.other.tick(leads=False)
            assert each.shown == [None, None]
            await each.one.tick(leads=True)
            await each.other.tick(leads=False)
            keyring = from_data(each.cluster.objects[each.secret]["data"])
            assert each.shown == [keyring.leaf] * 2
            assert each.bundles == {bundle_text(keyring.bundle)}

    asyncio.run(main())


def test_a_settled_cluster_is_only_looked_at() -> None:
    async def main() -> None:
        async with replicas() as each:
            await each.one.tick(leads=True)
            each.cluster.requests.clear()
            await each.one.tick(leads=True)
            assert {method for method, _ in each.cluster.requests} == {"GET"}

    asyncio.run(main())


def test_an_authority_is_replaced_in_three_steps_even_by_another_leader() -> None:
    async def main() -> None:
        async with replicas() as each:
            await each.one.tick(leads=True)
            old = each.one.shown.pair
            each.time.at = AUTHORITY_LIFE.total_seconds() * 0.7
            await each.one.tick(leads=True)
            waiting = from_data(each.cluster.objects[each.secret]["data"])
            assert waiting.successor is not None
            assert len(waiting.bundle) == 2
            await each.other.tick(leads=True)
            each.time.at += 30
            await each.other.tick(leads=True)
            assert from_data(each.cluster.objects[each.secret]["data"]).successor is not None
            each.time.at += 31
            await each.other.tick(leads=True)
            await each.one.tick(leads=False)
            done = from_data(each.cluster.objects[each.secret]["data"])
            assert done.authority == waiting.successor
            assert each.one.shown.pair == done.leaf != old

    asyncio.run(main())


def test_a_deleted_secret_means_new_keys_in_the_order_that_breaks_nothing() -> None:
    async def main() -> None:
        async with replicas() as each:
            await each.one.tick(leads=True)
            await each.other.tick(leads=False)
            shown = each.other.shown.pair
            del each.cluster.objects[each.secret]
            await each.other.tick(leads=True)
            assert each.other.shown.pair == shown
            keyring = from_data(each.cluster.objects[each.secret]["data"])
            assert keyring.successor is not None
            each.time.at += 61
            await each.other.tick(leads=True)
            assert each.other.shown.pair != shown
            assert from_data(each.cluster.objects[each.secret]["data"]).authority == keyring.successor

    asyncio.run(main())


def test_a_damaged_secret_is_written_anew_from_what_the_leader_remembers(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def main() -> None:
        async with replicas() as each:
            await each.one.tick(leads=True)
            shown = each.one.shown.pair
            each.cluster.objects[each.secret]["data"]["tls.key"] = "!"
            with pytest.raises(ConfigurationError):
                await each.other.tick(leads=False)
            await each.one.tick(leads=True)
            assert from_data(each.cluster.objects[each.secret]["data"]).leaf == shown

    with caplog.at_level(logging.ERROR, logger="admission"):
        asyncio.run(main())
    assert "cannot be used" in caplog.text
    assert "PRIVATE" not in caplog.text


def test_a_bundle_that_somebody_removed_comes_back() -> None:
    async def main() -> None:
        async with replicas() as each:
            await each.one.tick(leads=True)
            path = CONFIGURATIONS[0].path(name="gatecli")
            each.cluster.objects[path]["webhooks"][1]["clientConfig"] = {}
            await each.one.tick(leads=True)
            assert len(each.bundles) == 1
            assert "" not in each.bundles

    asyncio.run(main())


def test_a_pair_that_does_not_fit_changes_nothing() -> None:
    shown = ServingCertificate(Health(time.monotonic, lambda: NOW), new_metrics())
    authority = new_authority(NOW)
    good = issue(authority, NAMES, NOW)
    shown.show(good)
    with pytest.raises(ConfigurationError, match="do not belong together"):
        shown.show(replace(issue(authority, NAMES, NOW), key=authority.key))
    assert shown.pair == good
    assert shown.health.certificate_ends == validity(good.certificate).ends


def test_mounted_files_are_shown_and_shown_again_when_they_change(tmp_path: Path) -> None:
    authority = new_authority(NOW)
    shown_pairs: asyncio.Queue[KeyPair] = asyncio.Queue()

    class Announcing(ServingCertificate):
        def show(self, pair: KeyPair) -> None:
            super().show(pair)
            shown_pairs.put_nowait(pair)

    def mount(pair: KeyPair) -> None:
        (tmp_path / "tls.crt").write_bytes(pair.certificate)
        (tmp_path / "tls.key").write_bytes(pair.key)

    async def shows(pair: KeyPair) -> None:
        async with asyncio.timeout(10):
            while await shown_pairs.get() != pair:
                continue

    async def main() -> None:
        shown = Announcing(Health(time.monotonic, lambda: NOW), new_metrics())
        task = asyncio.create_task(keep_files(tmp_path, shown, 0.01))
        for _ in range(2):
            pair = issue(authority, NAMES, NOW)
            mount(pair)
            await shows(pair)
        (tmp_path / "tls.key").write_bytes(b"damaged")
        mount(last := issue(authority, NAMES, NOW))
        await shows(last)
        task.cancel()

    asyncio.run(main())
