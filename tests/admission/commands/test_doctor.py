"""`gatecli-admission doctor` in process, before a small API server."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from admission.cli import main
from admission.cluster.access import from_kubeconfig
from admission.deploy.rendering import NAMESPACE
from admission.doctor.cluster_snapshot import DEPLOYMENT, PLACES, Subject, subject_of
from admission.settings import usual_kubeconfig
from gatecli.errors import ConfigurationError
from tests.support.api_server import FakeCluster, fake_cluster
from tests.support.installation import NAME, well

DEPLOYMENT_PATH = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/{NAME}"


@contextmanager
def serving(
    objects: dict[str, Any], broken: int = 0, failing: dict[str, list[int]] | None = None
) -> Iterator[str]:
    """A small API server in a thread of its own; its address."""
    there, ends = threading.Event(), asyncio.Event()
    address: list[str] = []
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with fake_cluster() as (cluster, access):
            await _fill(cluster, objects)
            cluster.broken, cluster.failing = broken, failing or {}
            address.append(access.server)
            there.set()
            await ends.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert there.wait(10)
    try:
        yield address[0]
    finally:
        loop.call_soon_threadsafe(ends.set)
        thread.join()
        loop.close()


async def _fill(cluster: FakeCluster, objects: dict[str, Any]) -> None:
    for path, content in objects.items():
        await cluster.put(path, content)


def everything() -> dict[str, Any]:
    """All that is well, by its path."""
    places = well()
    subject = Subject(NAMESPACE, NAME, secret=f"{NAME}-tls")
    single = {key: place.path(subject) for key, place in PLACES.items() if not place.is_list}
    objects = {path: places[key] for key, path in single.items()} | {DEPLOYMENT_PATH: places[DEPLOYMENT]}
    for each in places["namespaces"]["items"]:
        objects[f"/api/v1/namespaces/{each['metadata']['name']}"] = each
    return objects


def test_a_cluster_is_looked_at_and_not_changed(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(everything()) as address:
        code = main(["doctor", "--server", address + "/", "--format", "json"])
    shown = json.loads(capsys.readouterr().out)
    by_probe = {line["probe"]: line["state"] for line in shown["lines"]}
    # What is well is dated, and ages: the certificate and the lease are told by other tests.
    assert {state for probe, state in by_probe.items() if probe not in {"certificate", "leader"}} == {"ok"}
    assert code == shown["exit_code"]


def test_an_empty_cluster_fails_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(
        {"/version": {"gitVersion": "v1.31.0", "major": "1", "minor": "31"}, "/api/v1/namespaces/a": {}}
    ) as address:
        assert main(["doctor", "--server", address]) == 1
    shown = capsys.readouterr().out
    assert "fail     deployment   there is no Deployment" in shown
    assert shown.splitlines()[-1].endswith("0 unknown")


@pytest.mark.parametrize("status", [401, 403, 500])
def test_a_server_that_refuses_is_exit_code_4(status: int, capsys: pytest.CaptureFixture[str]) -> None:
    with serving(everything(), broken=status) as address:
        assert main(["doctor", "--server", address]) == 4
    lines = capsys.readouterr().out.splitlines()
    assert not [line for line in lines if line.startswith(("ok", "warn", "fail"))]
    assert f"could not check: GET /version: {status}" in lines[0]


def test_without_any_kubeconfig_it_is_exit_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)
    assert main(["doctor"]) == 2
    assert "--kubeconfig FILE" in capsys.readouterr().err


def test_the_kubeconfig_is_the_one_that_kubectl_would_read(tmp_path: Path) -> None:
    usual, named = tmp_path / ".kube" / "config", tmp_path / "named"
    usual.parent.mkdir()
    usual.write_text("")
    home = {"HOME": str(tmp_path)}
    assert usual_kubeconfig(home) == usual
    assert usual_kubeconfig({**home, "KUBECONFIG": f"{tmp_path}/absent:{named}"}) is None
    named.write_text("")
    assert usual_kubeconfig({**home, "KUBECONFIG": f"{tmp_path}/absent:{named}"}) == named
    assert usual_kubeconfig({}) is None


def test_a_context_is_chosen_by_its_name(tmp_path: Path) -> None:
    file = tmp_path / "config"
    content = {
        "current-context": "a",
        "contexts": [{"name": each, "context": {"cluster": each, "user": "u"}} for each in "ab"],
        "clusters": [{"name": each, "cluster": {"server": f"https://{each}.example"}} for each in "ab"],
        "users": [{"name": "u", "user": {"token": "t"}}],
    }
    file.write_text(json.dumps(content))
    assert from_kubeconfig(file).server == "https://a.example"
    assert from_kubeconfig(file, "b").server == "https://b.example"
    with pytest.raises(ConfigurationError, match="not a kubeconfig with the context c"):
        from_kubeconfig(file, "c")


def test_without_a_deployment_what_is_shipped_is_looked_for() -> None:
    subject = subject_of(NAMESPACE, NAME, {})
    assert subject.secret == f"{NAME}-tls"
    assert subject.settings is not None
    assert subject.settings.policy_name == "default"
