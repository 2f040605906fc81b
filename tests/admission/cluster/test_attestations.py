"""Reading attestations beside a workload: what is there, and what could not be read, without a name."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import pytest

from admission.cluster.attestations import MOST, MOST_TEXTS, AttestationReader
from admission.cluster.client import Client
from admission.cluster.registries import Registries
from admission.logs import LOGGER
from gatecli.checks.served_models import AttestationSource, GivenAttestations
from tests.support.api_server import fake_cluster
from tests.support.oci_registry import fake_registry

AT = "/api/v1/namespaces/shop/configmaps/proofs"
MAP = AttestationSource("config-map", "proofs")
BUNDLE = '{"a":1}'


def read(sources: Sequence[AttestationSource], namespace: str = "shop", **faults: Any) -> GivenAttestations:
    """What is read from a server that has the ConfigMap, and these faults."""

    async def main() -> GivenAttestations:
        async with fake_cluster() as (cluster, access), Client(access) as client:
            data = {"b.json": f"{BUNDLE}\n\n", "a.json": BUNDLE, "number": 3}
            await cluster.put(AT, {"kind": "ConfigMap", "metadata": {"name": "proofs"}, "data": data})
            for name, value in faults.items():
                setattr(cluster, name, value)
            return await AttestationReader(client, Registries(lambda: 0.0), 5.0)(sources, namespace)

    return asyncio.run(main())


def test_every_text_of_a_config_map_is_one_that_ends_as_a_file_does() -> None:
    at = "the ConfigMap that it names"
    assert read([MAP]) == GivenAttestations(((at, b'{"a":1}\n'), (at, b'{"a":1}\n')))


def test_of_a_config_map_with_many_texts_the_first_are_read() -> None:
    data = {f"{number:03}": "{}" for number in range(MOST_TEXTS + 1)}
    assert len(read([MAP], objects={AT: {"data": data}}).found) == MOST_TEXTS


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        ({"objects": {}}, "is not there"),
        ({"namespace": ""}, "is not there"),
        ({"objects": {AT: {"kind": "ConfigMap"}}}, "is empty"),
        ({"objects": {AT: {"data": {"number": 3}}}}, "is empty"),
    ],
    ids=["gone", "no namespace", "no data", "no text"],
)
def test_a_config_map_without_an_attestation_is_told(faults: dict[str, Any], said: str) -> None:
    assert read([MAP], **faults) == GivenAttestations(empty=(f"the ConfigMap that it names {said}",))


@pytest.mark.parametrize("status", [403, 500])
def test_what_could_not_be_read_is_said_and_logged_without_its_name(
    status: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, LOGGER.name):
        assert read([MAP], broken=status).unread == ("the ConfigMap that it names could not be read",)
    (record,) = caplog.records
    assert "proofs" not in record.getMessage()


def test_a_workload_that_names_many_places_is_not_read_whole() -> None:
    many = [AttestationSource("config-map", f"x{number}") for number in range(MOST + 1)]
    assert read(many).unread == (f"it names more than {MOST} places of attestations",)


def test_a_registry_is_asked_by_the_digest() -> None:
    async def main(*, is_attested: bool) -> GivenAttestations:
        async with fake_cluster() as (_, access), Client(access) as client, fake_registry() as registry:
            if is_attested:
                registry.attest("acme/churn", "5" * 64, b"x")
            source = AttestationSource("registry", "acme/churn", registry.host, "5" * 64)
            registries = Registries(lambda: 0.0)
            found = await AttestationReader(client, registries, 5.0)([source], "shop")
            registry.status = 500
            other = AttestationSource("registry", "acme/churn", registry.host, "6" * 64)
            lost = await AttestationReader(client, registries, 5.0)([other], "shop")
            await registries.close()
            assert lost.unread == (f"the registry {registry.host} could not be read",)
            return found

    assert [content for _, content in asyncio.run(main(is_attested=True)).found] == [b"x"]
    assert asyncio.run(main(is_attested=False)) == GivenAttestations()
