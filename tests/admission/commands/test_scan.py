"""`gatecli-admission scan`: streams and exit codes, against a server in another thread."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from admission.cli import main
from admission.cluster.custom_resources import POLICIES, WAIVERS
from admission.commands import scan
from admission.scan.policy_report import REPORTS
from tests.support.api_server import FakeCluster, fake_cluster
from tests.support.reviews import RESIDENT_ID
from tests.support.scans import SERVED, config_map, path_of

Result = TypeVar("Result")
POLICY = "apiVersion: gatecli.dev/v1\nkind: PrivacyPolicy\nmetadata: {name: own}\nspec: {extends: default}\n"
IGNORING = POLICY.replace("default}", "default, pii: {entities: {CN_RESIDENT_ID: ignore}}}")
AT = REPORTS.path("team-a", "gatecli")


@dataclass(slots=True)
class Served:
    """A cluster in a thread, and a command that is pointed at it."""

    cluster: FakeCluster
    folder: Path
    loop: asyncio.AbstractEventLoop
    capture: pytest.CaptureFixture[str]
    stderr: str = ""

    def put(self, path: str, content: dict[str, Any]) -> None:
        asyncio.run_coroutine_threadsafe(self.cluster.put(path, content, "ADDED"), self.loop).result(10)

    def scan(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        """The exit code and the report, if there is one."""
        code = main(
            ["scan", "--once", "--kubeconfig", str(self.folder / "kubeconfig"), "-f", "json", *arguments]
        )
        shown = self.capture.readouterr()
        self.stderr = shown.err
        assert RESIDENT_ID not in shown.out + shown.err
        return code, json.loads(shown.out) if shown.out else {}


def in_thread(story: Callable[[asyncio.AbstractEventLoop], Coroutine[Any, Any, None]]) -> threading.Thread:
    def work() -> None:
        with asyncio.Runner() as runner:
            runner.run(story(runner.get_loop()))

    thread = threading.Thread(target=work)
    thread.start()
    return thread


@pytest.fixture(name="served")
def a_cluster_in_a_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Served]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(scan, "RETRIES", ())
    monkeypatch.setattr(scan, "configure", str)  # the logging of this process stays as it is
    ready, ended = threading.Event(), asyncio.Event()
    held: dict[str, Any] = {}

    async def serve(loop: asyncio.AbstractEventLoop) -> None:
        async with fake_cluster() as (cluster, access):
            held.update(cluster=cluster, server=access.server, loop=loop)
            ready.set()
            await ended.wait()

    thread = in_thread(serve)
    try:
        assert ready.wait(10)
        (tmp_path / "kubeconfig").write_text(kubeconfig(held["server"]))
        yield Served(held["cluster"], tmp_path, held["loop"], capsys)
    finally:
        held["loop"].call_soon_threadsafe(ended.set)
        thread.join(10)


def kubeconfig(server: str) -> str:
    where = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "c"}}],
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "c", "user": {"token": "t"}}],
    }
    return json.dumps(where)


def test_what_is_found_closes_the_gate(served: Served) -> None:
    served.put(path_of("ConfigMap", "notes"), config_map())
    code, report = served.scan()
    assert (code, report["exit_code"], report["gate"]) == (1, 1, "pii")
    assert [each["path"] for each in report["findings"]] == ["team-a/ConfigMap/notes"]
    assert report["checked"] == [
        {
            "kind": "kind",
            "name": "ConfigMap",
            "path": "configmaps",
            "measures": {"objects": 1, "copies": 0},
        }
    ]
    assert served.scan("--exit-zero")[0] == 0


def test_a_clean_cluster_is_open_and_an_empty_one_is_nothing(served: Served) -> None:
    assert served.scan()[0] == 3
    served.put(path_of("ConfigMap", "notes"), config_map(value="x"))
    assert served.scan()[0] == 0


def test_a_kind_that_cannot_be_listed_could_not_be_checked(served: Served) -> None:
    served.put(path_of("ConfigMap", "notes"), config_map(value="x"))
    served.cluster.failing["/api/v1/pods"] = [403]
    code, report = served.scan("--exit-zero")
    assert (code, [each["rule"] for each in report["findings"]]) == (4, ["pii-unreadable"])


def test_a_server_that_is_not_there_is_told_at_once(served: Served) -> None:
    (served.folder / "kubeconfig").write_text(kubeconfig("http://127.0.0.1:1"))
    assert served.scan() == (4, {})
    assert "no answer from the API server" in served.stderr


def test_the_policy_and_the_waivers_of_the_cluster_judge(served: Served) -> None:
    served.put(path_of("ConfigMap", "notes"), config_map())
    head = {"apiVersion": "gatecli.dev/v1", "kind": "PrivacyWaiver"}
    spec = {"rule": "pii-cn-resident-id", "subject": "ConfigMap/notes", "reason": "r", "owner": "o"}
    metadata = {"name": "w", "namespace": "team-a"}
    served.put(
        WAIVERS.path("team-a", "w"), {**head, "metadata": metadata, "spec": {**spec, "expires": "2999-01-01"}}
    )
    lasting = {"extends": "default", "release": {"maxWaiverDays": 999_999}}
    policy = {"apiVersion": "gatecli.dev/v1", "kind": "PrivacyPolicy", "metadata": {"name": "default"}}
    served.put(POLICIES.path(name="default"), {**policy, "spec": lasting})
    code, report = served.scan()
    assert (code, report["policy"]["name"], report["summary"]["suppressed"]) == (0, "default", 1)
    served.put(POLICIES.path(name="default"), {**policy, "spec": {"extends": "nothing"}})
    assert served.scan()[0] == 2


def test_a_policy_of_a_file_outweighs_the_cluster_s(served: Served) -> None:
    served.put(path_of("ConfigMap", "notes"), config_map())
    (served.folder / "policy.yaml").write_text(IGNORING)
    assert served.scan("--policy", "policy.yaml")[0] == 0
    (served.folder / "waivers.yaml").write_text("")
    assert served.scan("--waivers", "waivers.yaml")[0] == 2


def test_a_cluster_without_policies_is_judged_by_the_nearest_file(served: Served) -> None:
    for resource in (POLICIES, WAIVERS):
        served.cluster.failing[resource.path()] = [404]
    served.put(path_of("ConfigMap", "notes"), config_map())
    (served.folder / "gatecli.yaml").write_text(IGNORING)
    assert served.scan()[0] == 0


def test_who_may_not_read_policies_is_told_what_to_give(served: Served) -> None:
    served.cluster.failing[POLICIES.path()] = [403]
    assert served.scan() == (4, {})
    assert "--policy FILE" in served.stderr


def test_reports_are_written_where_that_is_asked_for(served: Served) -> None:
    served.put(path_of("ConfigMap", "notes"), config_map())
    served.put(SERVED, {})
    assert served.scan()[0] == 1
    assert AT not in served.cluster.objects
    assert served.scan("--write-reports")[0] == 1
    assert served.cluster.objects[AT]["summary"]["fail"] == 1


def test_reports_that_cannot_be_written_are_told_beside_the_verdict(served: Served) -> None:
    served.put(path_of("ConfigMap", "notes"), config_map(value="x"))
    code, report = served.scan("--write-reports")
    assert (code, report["exit_code"]) == (4, 0)
    assert "serves no policy reports" in served.stderr


def test_what_was_not_looked_at_is_said(served: Served) -> None:
    served.put(path_of("ConfigMap", "notes"), config_map())
    spec = "default, admission: {secrets: ignore, namespaces: {team-*: {exempt: true, reason: r}}}}"
    (served.folder / "policy.yaml").write_text(POLICY.replace("default}", spec))
    assert served.scan("--policy", "policy.yaml", "-v")[0] == 3
    assert "1 object in namespaces that the policy exempts" in served.stderr
    assert "secrets were not scanned" in served.stderr
    assert "podtemplates are not served" in served.stderr
    assert served.scan("--policy", "policy.yaml", "-q")[0] == 3
    assert served.stderr == ""


def test_without_a_cluster_the_way_to_one_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(scan, "configure", str)
    assert main(["scan"]) == 2
    assert "--kubeconfig FILE" in capsys.readouterr().err
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "config").write_text(kubeconfig("http://127.0.0.1:1"))
    assert main(["scan"]) == 4
