"""The scan of what exists, against a real API server, by the account and the roles that are deployed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tests.e2e.control_plane import ControlPlane
from tests.e2e.harness import PREFIX, ROOT, WebhookProcess, write_certificates
from tests.e2e.processes import eventually
from tests.support.reviews import OTHER_ID, RESIDENT_ID

DEPLOY = ROOT / "admission" / "deploy"
REPORTS = "/apis/wgpolicyk8s.io/v1alpha2"


def objects_of(file: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((DEPLOY / file).read_text("utf-8")))


def roles() -> list[dict[str, Any]]:
    return [
        each for each in objects_of("base/rbac.yaml") if each["kind"] in {"ClusterRole", "ClusterRoleBinding"}
    ]


def definitions() -> list[dict[str, Any]]:
    """The kinds of policies, without what this API server is too old to know."""
    made = objects_of("base/crds.yaml")
    for each in made:
        for version in each["spec"]["versions"]:
            version["schema"]["openAPIV3Schema"]["properties"]["spec"].pop("x-kubernetes-validations", None)
    return made


@pytest.fixture(name="granted", scope="module")
def the_roles_that_are_deployed(cluster: ControlPlane) -> Iterator[None]:
    """The roles and the kinds of policies."""
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "gatecli-system"}})
    own = [each for each in objects_of("base/rbac.yaml") if each["kind"] in {"Role", "RoleBinding"}]
    with cluster.applied(*roles(), *own, *definitions()):
        eventually(
            "policies are served",
            lambda: cluster.call("GET", "/apis/gatecli.dev/v1/privacypolicies")[0] == 200,
        )
        yield


@pytest.fixture(name="reporting", scope="module")
def a_cluster_with_policy_reports(cluster: ControlPlane, granted: None) -> Iterator[None]:
    with cluster.applied(*objects_of("optional/policy-reports/crds.yaml")):
        eventually("reports are served", lambda: cluster.call("GET", f"{REPORTS}/policyreports")[0] == 200)
        yield


class Said(NamedTuple):
    code: int
    report: dict[str, Any]
    stderr: str


def scan(cluster: ControlPlane, *arguments: str, user: str = "admin", **settings: str) -> Said:
    done = subprocess.run(
        [sys.executable, "-m", "admission", "scan", "--once", "--format", "json", *arguments],
        env={
            **os.environ,
            "GATECLI_ADMISSION_KUBECONFIG": str(cluster.kubeconfig(user)),
            "GATECLI_ADMISSION_SCAN_SECONDS": "25",  # a busy machine is no finding
            **{PREFIX + key: text for key, text in settings.items()},
        },
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert RESIDENT_ID not in done.stdout + done.stderr
    return Said(done.returncode, json.loads(done.stdout) if done.stdout else {}, done.stderr)


def config_map(namespace: str, name: str = "notes", value: str = RESIDENT_ID) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace, "labels": {"app": "notes"}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"customer": value}}


def deployment(namespace: str, value: str = RESIDENT_ID) -> dict[str, Any]:
    env = [{"name": "CUSTOMER_ID", "value": value}]
    pod = {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "c", "image": "example.com/web", "env": env}]},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "web"}}, "template": pod},
    }


def test_what_exists_is_found_once_and_by_the_fingerprint_of_a_file(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    assert cluster.apply(deployment(namespace), config_map(namespace)).code == 0
    eventually("two Pods", lambda: len(cluster.get("pods", "-n", namespace)["items"]) == 2)
    said = scan(cluster, "--namespace", namespace)
    assert said.code == 1, said
    found = {(each["subject"], each["path"]) for each in said.report["findings"]}
    assert found == {
        ("Deployment/web", f"{namespace}/Deployment/web"),
        ("ConfigMap/notes", f"{namespace}/ConfigMap/notes"),
    }
    (tmp_path / "web.json").write_text(json.dumps(deployment(namespace)))
    (tmp_path / "notes.json").write_text(json.dumps(config_map(namespace)))
    done = subprocess.run(
        [sys.executable, "-m", "gatecli", "pii", "scan", str(tmp_path), "--format", "json"],
        check=False,
        capture_output=True,
        text=True,
    )
    same = {each["fingerprint"] for each in json.loads(done.stdout)["findings"]}
    assert {each["fingerprint"] for each in said.report["findings"]} == same


def test_a_clean_namespace_is_open_and_an_empty_one_is_nothing(cluster: ControlPlane, namespace: str) -> None:
    assert scan(cluster, "--namespace", "there-is-none").code == 3
    assert cluster.apply(config_map(namespace, value="nothing")).code == 0
    assert scan(cluster, "--namespace", namespace).code == 0


POLICY = "apiVersion: gatecli.dev/v1\nkind: PrivacyPolicy\nmetadata: {name: own}\nspec: {extends: default}\n"


def test_what_may_not_be_listed_is_said_and_never_passes(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    assert cluster.apply(config_map(namespace, value="nothing")).code == 0
    said = scan(cluster, "--namespace", namespace, user="webhook")
    assert (said.code, said.report) == (4, {})
    assert "--policy FILE" in said.stderr
    policy = tmp_path / "policy.yaml"
    policy.write_text(POLICY)
    said = scan(cluster, "--namespace", namespace, "--policy", str(policy), user="webhook")
    assert said.code == 4
    assert len(said.report["findings"]) == 12
    assert {each["rule"] for each in said.report["findings"]} == {"pii-unreadable"}
    assert all("403" in each["message"] for each in said.report["findings"])


def test_an_editor_scans_his_own_namespace_but_for_what_he_may_not_read(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    assert cluster.apply(config_map(namespace, value="nothing")).code == 0
    (tmp_path / "policy.yaml").write_text(POLICY)
    said = scan(cluster, "-n", namespace, "--policy", str(tmp_path / "policy.yaml"), user="editor")
    assert said.code == 4
    assert [each["subject"] for each in said.report["findings"]] == ["podtemplates"]
    assert "further kinds that a webhook may judge are not known" in said.stderr


def test_of_a_secret_its_metadata_alone_is_looked_at(cluster: ControlPlane, namespace: str) -> None:
    metadata = {"name": "s", "namespace": namespace, "annotations": {"of": RESIDENT_ID}}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"id": OTHER_ID}}
    assert cluster.create(secret).code == 0
    said = scan(cluster, "--namespace", namespace)
    assert said.code == 1
    assert [each["pointer"] for each in said.report["findings"]] == ["/metadata/annotations/of"]


def test_many_objects_come_in_pages_and_each_counts_once(cluster: ControlPlane, namespace: str) -> None:
    assert cluster.create(*(config_map(namespace, f"c{number}") for number in range(300))).code == 0
    said = scan(cluster, "--namespace", namespace)
    assert len({each["subject"] for each in said.report["findings"]}) == 300
    assert len(said.report["findings"]) == 300


def reports(cluster: ControlPlane, namespace: str) -> dict[str, Any]:
    """The report of a namespace; empty without one."""
    status, found = cluster.call("GET", f"{REPORTS}/namespaces/{namespace}/policyreports/gatecli")
    return found if status == 200 else {}


def summary(cluster: ControlPlane, namespace: str) -> dict[str, int]:
    found: dict[str, int] = reports(cluster, namespace).get("summary", {})
    return found


@contextmanager
def webhook(cluster: ControlPlane, folder: Path, name: str = "one") -> Iterator[WebhookProcess]:
    """A replica that scans without a rest."""
    given = {
        "kubeconfig": cluster.kubeconfig("webhook"),
        "certificates": write_certificates(folder / name, cluster.authority),
        "rescan_seconds": 1,
        "rescan_pause_seconds": 0,
        "poll_seconds": 0.2,
        "drain_seconds": 0,
    }
    with WebhookProcess(name, folder, given) as running:
        yield running
        # The lease is given back, so that the next need not wait for its end.
        running.stop()


def scanned(webhook: WebhookProcess) -> list[dict[str, Any]]:
    """What the log says of each pass."""
    lines = [json.loads(line) for line in webhook.logged().splitlines() if line.startswith("{")]
    return [line for line in lines if line["message"] == "the background scan has ended"]


def wait_for_a_pass(webhook: WebhookProcess) -> dict[str, Any]:
    """The log of a pass that began after now."""
    before = len(scanned(webhook))
    return eventually(
        "a whole pass",
        lambda: scanned(webhook)[-1] if len(scanned(webhook)) > before + 1 else None,
        seconds=60,
    )


def test_without_policy_reports_the_log_says_so_and_the_webhook_serves(
    cluster: ControlPlane, granted: None, namespace: str, tmp_path: Path
) -> None:
    assert cluster.apply(config_map(namespace)).code == 0
    with webhook(cluster, tmp_path) as running:
        eventually("a pass", lambda: bool(scanned(running)), seconds=60)
        assert running.logged().count("the cluster serves no policy reports") == 1
        assert scanned(running)[-1]["findings"] >= 1
        assert running.is_ready()


def events(cluster: ControlPlane, namespace: str) -> list[dict[str, Any]] | None:
    """What the webhook told the owners of a namespace's objects; None before it did."""
    items = cluster.get("events", "-n", namespace)["items"]
    return [each for each in items if each["source"].get("component") == "gatecli-admission"] or None


@pytest.mark.usefixtures("reporting")
def test_the_leader_reports_by_namespace_and_tells_the_owner(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    assert cluster.apply(deployment(namespace), config_map(namespace, "clean", "nothing")).code == 0
    with webhook(cluster, tmp_path) as running:
        eventually("a report", lambda: summary(cluster, namespace).get("fail") == 1, seconds=60)
        line = wait_for_a_pass(running)
        assert line["complete"] is True
        eventually("an event", lambda: events(cluster, namespace))  # kopf posts them from a queue
    report = reports(cluster, namespace)
    assert report["summary"]["error"] == 0
    assert report["summary"]["pass"] >= 1
    (result,) = report["results"]
    assert (result["rule"], result["result"], result["severity"]) == ("pii-cn-resident-id", "fail", "high")
    assert result["resources"][0]["name"] == "web"
    assert result["resources"][0]["kind"] == "Deployment"
    assert RESIDENT_ID not in json.dumps(report) + running.logged()
    told = events(cluster, namespace)
    assert told is not None
    assert [each["involvedObject"]["name"] for each in told] == ["web"]
    assert RESIDENT_ID not in json.dumps(told)
    whole = cluster.get("clusterpolicyreport", "gatecli")
    assert "gatecli.dev/complete-scan" in whole["metadata"]["annotations"]
    assert [each["result"] for each in whole["results"]] == ["skip"]


@pytest.mark.usefixtures("reporting")
def test_a_pass_that_finds_the_same_writes_no_report(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    assert cluster.apply(config_map(namespace)).code == 0
    with webhook(cluster, tmp_path) as running:
        eventually("a report", lambda: summary(cluster, namespace).get("fail") == 1, seconds=60)
        first = reports(cluster, namespace)["metadata"]["resourceVersion"]
        wait_for_a_pass(running)
        assert reports(cluster, namespace)["metadata"]["resourceVersion"] == first


def without_pods(given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    (scan,) = (
        each
        for each in given
        if each["kind"] == "ClusterRole" and each["metadata"]["name"] == "gatecli-admission-scan"
    )
    scan["rules"][0]["resources"].remove("pods")
    return [scan]


@pytest.mark.usefixtures("reporting")
def test_a_report_goes_with_its_objects_after_a_complete_pass_alone(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    assert cluster.apply(config_map(namespace)).code == 0
    with webhook(cluster, tmp_path) as running:
        eventually("a report", lambda: summary(cluster, namespace).get("fail") == 1, seconds=60)
        with_pods = cluster.get("clusterrole", "gatecli-admission-scan")
        without = json.loads(json.dumps(with_pods))
        without["rules"][0]["resources"].remove("pods")
        assert (
            cluster.apply({key: without[key] for key in ("apiVersion", "kind", "metadata", "rules")}).code
            == 0
        )
        eventually("it is said", lambda: summary(cluster, namespace).get("error") == 1, seconds=60)
        assert "pods could not be listed" in json.dumps(reports(cluster, namespace)["results"])
        cluster.call("DELETE", f"/api/v1/namespaces/{namespace}/configmaps/notes")
        for kind in ("configmaps", "services"):
            for item in cluster.get(kind, "-n", namespace)["items"]:
                cluster.call("DELETE", f"/api/v1/namespaces/{namespace}/{kind}/{item['metadata']['name']}")
        assert wait_for_a_pass(running)["complete"] is False
        assert reports(cluster, namespace)
        assert cluster.apply(*roles()).code == 0
        eventually("no report", lambda: not summary(cluster, namespace).get("fail"), seconds=60)
        assert wait_for_a_pass(running)["complete"] is True


@pytest.mark.usefixtures("reporting")
def test_one_replica_scans_and_another_takes_over(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    with webhook(cluster, tmp_path, "one") as one:
        eventually("a pass", lambda: bool(scanned(one)), seconds=60)
        with webhook(cluster, tmp_path, "two") as two:
            wait_for_a_pass(one)
            assert scanned(two) == []
            assert cluster.apply(config_map(namespace)).code == 0
            one.kill()
            eventually("the other scans", lambda: summary(cluster, namespace).get("fail") == 1, seconds=60)
            assert scanned(two) or two.is_ready()


@pytest.mark.usefixtures("reporting")
def test_a_command_writes_the_same_reports(cluster: ControlPlane, namespace: str) -> None:
    assert cluster.apply(config_map(namespace)).code == 0
    said = scan(cluster, "--namespace", namespace, "--write-reports")
    assert said.code == 1
    assert summary(cluster, namespace)["fail"] == 1
    assert cluster.call("DELETE", f"/api/v1/namespaces/{namespace}/configmaps/notes")[0] == 200
    assert scan(cluster, "--namespace", namespace, "--write-reports").code == 0
    assert summary(cluster, namespace)["fail"] == 0


@pytest.mark.usefixtures("reporting")
def test_a_report_of_too_many_findings_is_cut_to_what_the_cluster_holds(
    cluster: ControlPlane, namespace: str
) -> None:
    notes = {f"customer-{'x' * 200}-{number}": RESIDENT_ID for number in range(300)}
    many = [{**config_map(namespace, f"c{number}"), "data": notes} for number in range(4)]
    assert cluster.create(*many).code == 0
    said = scan(cluster, "--namespace", namespace, "--write-reports")
    assert (said.code, len(said.report["findings"])) == (1, 1200)
    report = reports(cluster, namespace)
    assert report["summary"]["fail"] == 1200
    assert 500 < len(report["results"]) <= 1000
    left = 1200 - len(report["results"]) + 1
    assert report["results"][-1]["message"].startswith(f"{left} more results are left out")
