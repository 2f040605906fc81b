"""Attestations in a registry: listed, fetched by digest, remembered, and never believed unseen."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from admission.cluster.registries import (
    FOUND_SECONDS,
    LARGEST,
    NONE_SECONDS,
    Registries,
    RegistryError,
    read_credentials,
)
from gatecli.errors import ConfigurationError
from tests.support.oci_registry import (
    FakeRegistry,
    digest_of,
    fake_registry,
    index_of,
    manifest_of,
    push_attestation,
    real_registry,
)

SUBJECT = "5" * 64
BUNDLE = b'{"a":1}\n'


def attestations_from(
    prepare: Callable[[FakeRegistry], None],
    then: Callable[[FakeRegistry, Registries], Awaitable[object]] | None = None,
    login: str = "",
) -> object:
    """What a prepared registry gives for the subject; `then` asks instead."""

    async def run() -> object:
        async with fake_registry() as registry:
            prepare(registry)
            registries = Registries(lambda: 0.0, 2.0, {registry.host: login} if login else {})
            try:
                if then is not None:
                    return await then(registry, registries)
                return await registries.attestations_of(registry.host, "acme/churn", SUBJECT)
            finally:
                await registries.close()

    return asyncio.run(run())


def attested(registry: FakeRegistry) -> None:
    registry.attest("acme/churn", SUBJECT, BUNDLE, b"second\n")


def test_what_refers_to_an_image_is_found() -> None:
    assert attestations_from(attested) == (BUNDLE, b"second\n")


def test_nothing_is_found_where_nothing_refers_to_it() -> None:
    assert attestations_from(lambda _: None) == ()


def test_what_is_no_attestation_is_passed_over() -> None:
    def prepare(registry: FakeRegistry) -> None:
        manifest = manifest_of(BUNDLE, SUBJECT, "application/spdx+json")
        listed = index_of(manifest, kind="application/spdx+json")
        registry.content[f"acme/churn/referrers/sha256:{SUBJECT}"] = listed

    assert attestations_from(prepare) == ()


def test_an_older_registry_lists_by_a_tag() -> None:
    def prepare(registry: FakeRegistry) -> None:
        attested(registry)
        listed = registry.content.pop(f"acme/churn/referrers/sha256:{SUBJECT}")
        registry.content[f"acme/churn/manifests/sha256-{SUBJECT}"] = listed

    assert attestations_from(prepare) == (BUNDLE, b"second\n")


def changed_blob(registry: FakeRegistry) -> None:
    attested(registry)
    registry.content[f"acme/churn/blobs/{digest_of(BUNDLE)}"] = b"other"


def changed_manifest(registry: FakeRegistry) -> None:
    attested(registry)
    manifest = digest_of(manifest_of(BUNDLE, SUBJECT))
    registry.content[f"acme/churn/manifests/{manifest}"] += b" "


def lost_blob(registry: FakeRegistry) -> None:
    attested(registry)
    del registry.content[f"acme/churn/blobs/{digest_of(BUNDLE)}"]


def too_long_together(registry: FakeRegistry) -> None:
    registry.attest("acme/churn", SUBJECT, b"a" * (LARGEST // 2), b"b" * (LARGEST // 2 + 1))


def no_json(registry: FakeRegistry) -> None:
    registry.content[f"acme/churn/referrers/sha256:{SUBJECT}"] = b"<html>"


def nested(registry: FakeRegistry) -> None:
    registry.content[f"acme/churn/referrers/sha256:{SUBJECT}"] = b"[" * 100_000


def too_long(registry: FakeRegistry) -> None:
    registry.content[f"acme/churn/referrers/sha256:{SUBJECT}"] = b" " * (LARGEST + 1)


def down(registry: FakeRegistry) -> None:
    registry.status = 503


def other_realm(registry: FakeRegistry) -> None:
    registry.token, registry.realm = "t", "ftp://example.org/token"


@pytest.mark.parametrize(
    "prepare",
    [
        changed_blob,
        changed_manifest,
        lost_blob,
        no_json,
        nested,
        too_long,
        too_long_together,
        down,
        other_realm,
    ],
    ids=lambda each: str(each.__name__),
)
def test_what_is_not_as_it_should_be_is_an_error(prepare: Callable[[FakeRegistry], None]) -> None:
    with pytest.raises(RegistryError):
        attestations_from(prepare)


def test_a_registry_that_is_not_there_is_an_error() -> None:
    async def ask() -> None:
        registries = Registries(lambda: 0.0, 1.0)
        try:
            await registries.attestations_of("127.0.0.1:1", "a", SUBJECT)
        finally:
            await registries.close()

    with pytest.raises(RegistryError, match="no answer"):
        asyncio.run(ask())


def test_a_token_is_fetched_once_with_the_credentials_of_the_host() -> None:
    def prepare(registry: FakeRegistry) -> None:
        attested(registry)
        registry.token, registry.login = "secret", "Basic bWU6cGFzcw=="

    async def twice(registry: FakeRegistry, registries: Registries) -> list[str]:
        for subject in (SUBJECT, "6" * 64):
            await registries.attestations_of(registry.host, "acme/churn", subject)
        return [each for each in registry.requests if each.startswith("token")]

    tokens = attestations_from(prepare, twice, login="Basic bWU6cGFzcw==")
    assert tokens == ["token scope=repository:acme/churn:pull&service=tests"]
    with pytest.raises(RegistryError):
        attestations_from(prepare, twice)


def test_an_answer_is_remembered_longer_where_something_was_found() -> None:
    async def run() -> list[int]:
        now, counts = [0.0], []
        async with fake_registry() as registry:
            attested(registry)
            registries = Registries(lambda: now[0])
            for subject, moment in (
                (SUBJECT, 0.0),
                (SUBJECT, FOUND_SECONDS - 1),
                (SUBJECT, FOUND_SECONDS),
                ("6" * 64, 0.0),
                ("6" * 64, NONE_SECONDS - 1),
                ("6" * 64, NONE_SECONDS),
            ):
                now[0], before = moment, len(registry.requests)
                await registries.attestations_of(registry.host, "acme/churn", subject)
                counts.append(len(registry.requests) - before)
            await registries.close()
        return counts

    assert asyncio.run(run()) == [5, 0, 5, 2, 0, 2]


def test_debians_registry_holds_an_attestation_that_is_found(tmp_path: Path) -> None:
    async def ask(host: str) -> tuple[bytes, ...]:
        registries = Registries(lambda: 0.0, 5.0)
        try:
            return await registries.attestations_of(host, "acme/churn", SUBJECT)
        finally:
            await registries.close()

    with real_registry(tmp_path) as host:
        assert asyncio.run(ask(host)) == ()
        push_attestation(host, "acme/churn", SUBJECT, BUNDLE)
        assert asyncio.run(ask(host)) == (BUNDLE,)


def test_credentials_are_those_of_a_docker_config(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    login = base64.b64encode(b"me:pass").decode()
    auths = {"registry.example.org": {"auth": login}, "https://index.docker.io/v1/": {"auth": login}, "x": {}}
    file.write_text(json.dumps({"auths": auths}), "utf-8")
    assert read_credentials(file) == {
        "registry.example.org": f"Basic {login}",
        "docker.io": f"Basic {login}",
    }


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"auths": []}', '{"auths": {"x": {"auth": "?"}}}'])
def test_what_is_no_docker_config_is_a_configuration_error(text: str, tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError, match="is not a readable config"):
        read_credentials(file)
