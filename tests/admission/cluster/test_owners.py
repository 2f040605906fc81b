"""Reading an owner: what the cluster has, or nothing; a failure is told without a name."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from admission.cluster.client import Client
from admission.cluster.owners import OwnerReader
from admission.logs import LOGGER
from admission.review.owner_references import OwnerReference
from tests.support.api_server import fake_cluster

REFERENCE = OwnerReference("apps", "v1", "ReplicaSet", "web-1", "8f0f")
AT = "/apis/apps/v1/namespaces/shop/replicasets/web-1"


def read(**faults: Any) -> Any:
    """What is read from a server that has the owner, and these faults."""

    async def main() -> Any:
        async with fake_cluster() as (cluster, access), Client(access) as client:
            await cluster.put(AT, {"kind": "ReplicaSet", "metadata": {"name": "web-1", "uid": "8f0f"}})
            for name, value in faults.items():
                setattr(cluster, name, value)
            found = await OwnerReader(client, 5.0)(REFERENCE, "shop")
            assert cluster.requests == [("GET", AT)]
            return found

    return asyncio.run(main())


def test_an_owner_is_read_by_one_request() -> None:
    found = read()
    assert REFERENCE.is_to(found)


def test_an_owner_that_is_gone_is_none_and_nothing_to_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, LOGGER.name):
        assert read(objects={}) is None
    assert caplog.text == ""


@pytest.mark.parametrize("status", [401, 403, 500, 503])
def test_an_owner_that_cannot_be_read_is_logged_without_its_name(
    status: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, LOGGER.name):
        assert read(broken=status) is None
    (record,) = caplog.records
    assert "an owner could not be read" in record.message
    assert "web-1" not in record.message + str(record.__dict__["fields"])
    assert record.__dict__["fields"]["status"] == status


def test_no_review_waits_for_a_server_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(_: Client, __: str) -> Any:
        await asyncio.Event().wait()

    monkeypatch.setattr(Client, "get", never)

    async def main() -> None:
        async with fake_cluster() as (_, access), Client(access) as client:
            assert await OwnerReader(client, 0.01)(REFERENCE, "shop") is None

    asyncio.run(main())
