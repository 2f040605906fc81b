"""The client of the API server: typed errors, pages, and credentials that change."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from admission.cluster.access import Access, from_kubeconfig, from_pod
from admission.cluster.client import (
    JSON_PATCH,
    AlreadyExistsError,
    Client,
    ClusterError,
    ConflictError,
    ExpiredError,
    ForbiddenError,
    MissingError,
    ResourceKind,
    UnreachableError,
)
from admission.tls.certificates import issue, new_authority
from gatecli.errors import ConfigurationError
from tests.support.api_server import FakeCluster, fake_cluster

MAPS = ResourceKind("", "v1", "configmaps")
AT = MAPS.path("shop", "a")

Story = Callable[[Client, FakeCluster], Awaitable[None]]


def run(story: Story) -> None:
    async def main() -> None:
        async with fake_cluster() as (cluster, access), Client(access) as client:
            async with asyncio.timeout(30):
                await story(client, cluster)

    asyncio.run(main())


def config_map(name: str = "a", **data: str) -> dict[str, object]:
    return {"metadata": {"name": name, "namespace": "shop"}, "data": data}


def test_paths_are_those_of_the_api_and_names_cannot_leave_them() -> None:
    assert MAPS.path() == "/api/v1/configmaps"
    assert AT == "/api/v1/namespaces/shop/configmaps/a"
    crd = ResourceKind("gatecli.dev", "v1", "privacypolicies")
    assert crd.path(name="acme", subresource="status") == "/apis/gatecli.dev/v1/privacypolicies/acme/status"
    assert MAPS.path("a/b", "../c?d") == "/api/v1/namespaces/a%2Fb/configmaps/..%2Fc%3Fd"


def test_an_object_is_made_read_changed_and_deleted() -> None:
    async def story(client: Client, _: FakeCluster) -> None:
        made = await client.create(MAPS.path("shop"), config_map(x="1"))
        assert await client.get(AT) == made
        changed = await client.patch(AT, {"data": {"y": "2"}})
        assert changed["data"] == {"x": "1", "y": "2"}
        changed = await client.patch(AT, [{"op": "add", "path": "/data/z", "value": "3"}], JSON_PATCH)
        assert changed["data"]["z"] == "3"
        await client.delete(AT)
        with pytest.raises(MissingError):
            await client.get(AT)

    run(story)


def test_a_write_upon_an_old_version_is_a_conflict() -> None:
    async def story(client: Client, _: FakeCluster) -> None:
        first = await client.create(MAPS.path("shop"), config_map())
        await client.replace(AT, first)
        with pytest.raises(ConflictError):
            await client.replace(AT, first)
        with pytest.raises(AlreadyExistsError):
            await client.create(MAPS.path("shop"), config_map())
        with pytest.raises(ClusterError) as refused:
            await client.patch(AT, [{"op": "test", "path": "/data/x", "value": "other"}], JSON_PATCH)
        assert refused.value.status == 422

    run(story)


def test_a_list_comes_in_pages_and_goes_on_where_it_stopped() -> None:
    async def story(client: Client, cluster: FakeCluster) -> None:
        for number in range(7):
            await cluster.put(MAPS.path("shop", f"m{number}"), config_map(f"m{number}"))
        pages = [page async for page in client.pages(MAPS.path("shop"), limit=3)]
        assert [len(page.items) for page in pages] == [3, 3, 1]
        assert pages[-1].more == ""
        rest = [page async for page in client.pages(MAPS.path("shop"), limit=3, more=pages[0].more)]
        assert sum(len(page.items) for page in rest) == 4

    run(story)


def test_a_list_that_is_too_old_to_go_on_with_is_told_from_other_failures() -> None:
    async def story(client: Client, cluster: FakeCluster) -> None:
        cluster.broken = 410
        with pytest.raises(ExpiredError):
            async for _ in client.pages(MAPS.path("shop"), more="old"):
                pass

    run(story)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, ForbiddenError),
        (403, ForbiddenError),
        (404, MissingError),
        (500, ClusterError),
        (429, ClusterError),
    ],
)
def test_a_refusal_is_typed_and_never_quotes_the_server(status: int, error: type[ClusterError]) -> None:
    async def story(client: Client, cluster: FakeCluster) -> None:
        cluster.broken = status
        with pytest.raises(error) as refused:
            await client.get(AT)
        assert refused.value.status == status
        assert "440308199901101512" not in refused.value.message
        assert "Broken" in refused.value.message

    run(story)


def test_a_server_that_is_not_there_is_unreachable() -> None:
    async def main() -> None:
        async with Client(Access("http://127.0.0.1:1")) as client:
            with pytest.raises(UnreachableError, match="no answer from the API server"):
                await client.get(AT)

    asyncio.run(main())


def test_a_token_is_read_anew_for_every_request(tmp_path: Path) -> None:
    file = tmp_path / "token"

    async def main() -> None:
        async with fake_cluster() as (cluster, access), Client(replace(access, token_file=file)) as client:
            for token in ("one", "two\n"):
                file.write_text(token, "utf-8")
                await client.get(MAPS.path("shop"))
            assert cluster.tokens == ["Bearer one", "Bearer two"]
            file.unlink()
            with pytest.raises(ConfigurationError, match="not readable"):
                await client.get(MAPS.path("shop"))

    asyncio.run(main())


def kubeconfig(folder: Path, user: object, cluster: object = None) -> Path:
    content = {
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u", "namespace": "shop"}}],
        "clusters": [{"name": "c", "cluster": cluster or {"server": "https://example.invalid:6443/"}}],
        "users": [{"name": "u", "user": user}],
    }
    file = folder / "kubeconfig"
    file.write_text(json.dumps(content), "utf-8")
    return file


def test_a_kubeconfig_with_a_token_is_access(tmp_path: Path) -> None:
    access = from_kubeconfig(kubeconfig(tmp_path, {"token": "t"}))
    assert access.server == "https://example.invalid:6443"
    assert access.namespace == "shop"
    assert access.authorization() == {"Authorization": "Bearer t"}
    assert "token" not in repr(access).replace("token_file", "")


def test_a_kubeconfig_with_certificates_in_files_or_inline_is_access(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    authority = new_authority(now)
    pair = issue(authority, ["me"], now)
    (tmp_path / "ca.crt").write_bytes(authority.certificate)
    (tmp_path / "me.key").write_bytes(pair.key)
    user = {
        "client-certificate-data": base64.b64encode(pair.certificate).decode(),
        "client-key": "me.key",
    }
    where = {"server": "https://example.invalid", "certificate-authority": "ca.crt"}
    access = from_kubeconfig(kubeconfig(tmp_path, user, where))
    assert (access.authority, access.certificate, access.key) == (
        authority.certificate,
        pair.certificate,
        pair.key,
    )
    assert access.context().get_ca_certs()
    assert access.authorization() == {}


@pytest.mark.parametrize("user", [{"exec": {"command": "x"}}, {"client-certificate": "absent.crt"}])
def test_credentials_that_cannot_be_used_are_refused(tmp_path: Path, user: object) -> None:
    with pytest.raises(ConfigurationError):
        from_kubeconfig(kubeconfig(tmp_path, user))


@pytest.mark.parametrize("text", ["", "[]", "{", "current-context: x", "a: &a [*a]"])
def test_what_is_no_kubeconfig_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError, match="not a kubeconfig"):
        from_kubeconfig(file)


def test_a_pod_finds_its_account_and_who_is_none_is_told(tmp_path: Path) -> None:
    for name, text in (("ca.crt", "PEM"), ("namespace", "system\n"), ("token", "t")):
        (tmp_path / name).write_text(text, "utf-8")
    access = from_pod("https://10.0.0.1:443", tmp_path)
    assert (access.namespace, access.bearer(), access.authority) == ("system", "t", b"PEM")
    with pytest.raises(ConfigurationError, match="no service account"):
        from_pod("https://10.0.0.1:443", tmp_path / "absent")
