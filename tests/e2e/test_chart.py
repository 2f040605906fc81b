"""The chart on a real API server: every object is accepted, and Helm installs, upgrades and uninstalls it."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from admission.cli import main
from admission.deploy.rendering import NAMESPACE
from tests.admission.chart.test_rendering import EVERYTHING
from tests.e2e.control_plane import ControlPlane
from tests.e2e.harness import WebhookProcess
from tests.e2e.installation import QUICK, adapted
from tests.e2e.processes import eventually
from tests.support import helm
from tests.support.chart_files import CHART

FOREIGN = frozenset({"ServiceMonitor", "PrometheusRule", "Certificate", "Issuer"})
"""Kinds of operators that are not here."""
CONFIGURATION = "/apis/admissionregistration.k8s.io/v1/{}webhookconfigurations/gatecli-admission"
WAYS = ("validating", "mutating")
DISARM, TEST = "gatecli-admission-disarm", "gatecli-admission-test"
OLD_SERVER = {"podDisruptionBudget": {"enabled": False}, "disarm": {"activeDeadlineSeconds": 60}}
"""Kubernetes 1.20 has no policy/v1; and nobody waits long for a test that fails."""


@pytest.fixture(scope="module", name="clean")
def a_cluster_of_its_own(programs: Path) -> Iterator[ControlPlane]:
    """With the definitions, which Helm would send with rules that this server does not know."""
    with ControlPlane(programs) as cluster:
        assert cluster.kubectl("create", "namespace", NAMESPACE).code == 0
        # As docs/admission-helm.md has it; Kubernetes 1.20 does not label namespaces by their names.
        label = ("label", "namespace", NAMESPACE, "kube-system", "gatecli.dev/unchecked=true")
        assert cluster.kubectl(*label).code == 0
        applied = cluster.kubectl("apply", "--validate=false", "-f", str(CHART / "crds"))
        assert applied.code == 0, applied.stderr
        eventually("the definitions are served", lambda: served(cluster), seconds=30)
        yield cluster


def served(cluster: ControlPlane) -> bool:
    return "privacywaivers" in str(cluster.call("GET", "/apis/gatecli.dev/v1")[1])


@pytest.mark.parametrize("values", [{}, dict(EVERYTHING)], ids=["default", "everything"])
def test_the_api_server_accepts_every_object(clean: ControlPlane, values: dict[str, Any]) -> None:
    objects = [adapted(each) for each in helm.rendered(values) if each["kind"] not in FOREIGN]
    assert len(objects) > 20
    # Rules of CEL in the definitions came after this server.
    definitions = [each for each in objects if each["kind"] == "CustomResourceDefinition"]
    others = [each for each in objects if each not in definitions]
    # A dry run makes no account, and without its account a Pod is refused.
    accounts = [
        each for each in others if (each["kind"], each["metadata"]["name"]) == ("ServiceAccount", TEST)
    ]
    with clean.applied(*accounts):
        eventually("the account has a token", lambda: token_of(clean, TEST), seconds=30)
        for batch, more in ((definitions, ("--validate=false",)), (others, ())):
            answer = clean.apply(*batch, options=("--dry-run=server", *more))
            assert answer.code == 0, answer.stderr
            assert answer.stdout.count("(server dry run)") == len(batch)


@pytest.fixture(name="chart")
def a_chart_for_this_server(tmp_path: Path) -> Path:
    folder = tmp_path / "chart"
    shutil.copytree(CHART, folder)
    metadata = (folder / "Chart.yaml").read_text("utf-8")
    (folder / "Chart.yaml").write_text(metadata.replace(">=1.25.0-0", ">=1.20.0-0"), "utf-8")
    return folder


def bundles(cluster: ControlPlane) -> list[str]:
    found = [cluster.call("GET", CONFIGURATION.format(way))[1] for way in WAYS]
    return [each["webhooks"][0]["clientConfig"].get("caBundle", "") for each in found if "webhooks" in each]


def test_helm_installs_upgrades_and_uninstalls_it(
    clean: ControlPlane, chart: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kubeconfig = clean.kubeconfig()
    where = ("--namespace", NAMESPACE, "--kubeconfig", str(kubeconfig))

    def asked(*arguments: object, values: dict[str, Any] | None = None) -> None:
        done = helm.run(*arguments, *where, values=values, kubeconfig=kubeconfig)
        assert done.returncode == 0, done.stderr

    asked("install", helm.RELEASE, chart, "--skip-crds", values=OLD_SERVER)
    settings = {**QUICK, "kubeconfig": clean.kubeconfig("webhook")}
    with WebhookProcess("replica", tmp_path, settings):
        eventually("both configurations are armed", lambda: all(bundles(clean)), seconds=60)
        look_with_the_doctor(clean, tmp_path, capsys)
    before = bundles(clean)

    # An upgrade sends both configurations again, and what the leader wrote into them stays.
    changed = {**OLD_SERVER, "webhooks": {"excludedNamespaces": ["storage"]}}
    asked("upgrade", helm.RELEASE, chart, values=changed)
    assert bundles(clean) == before
    assert "storage" in json.dumps(clean.call("GET", CONFIGURATION.format("mutating"))[1])

    with ThreadPoolExecutor(1) as pool:
        gone = pool.submit(asked, "uninstall", helm.RELEASE)
        do_the_kubelet_s_part(clean, tmp_path)
        gone.result(timeout=60)
    for kind in ("job", "serviceaccount", "clusterrole", "clusterrolebinding", "deployment", "service"):
        names = clean.kubectl("get", kind, "--namespace", NAMESPACE, "-o", "name").stdout
        assert "gatecli-admission" not in names, names
    # Policies and waivers outlive a release, as their definitions do.
    assert served(clean)


def look_with_the_doctor(cluster: ControlPlane, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What `helm test` does, as its account: it may look at everything that the doctor looks at."""
    rights = [each for each in helm.rendered() if hook_of(each) == "test" and each["kind"] != "Pod"]
    with cluster.applied(*rights):
        main(["doctor", "--kubeconfig", str(kubeconfig_of(cluster, TEST, folder)), "--format", "json"])
    states = {line["message"]: line["state"] for line in json.loads(capsys.readouterr().out)["lines"]}
    assert len(states) > 8
    assert [message for message, state in states.items() if state == "unknown"] == []


def hook_of(obj: dict[str, Any]) -> str:
    return str(obj["metadata"].get("annotations", {}).get("helm.sh/hook", ""))


def do_the_kubelet_s_part(cluster: ControlPlane, folder: Path) -> None:
    """Run what the Job's Pod would, as its account, and say that it succeeded."""
    pods = f"/api/v1/namespaces/{NAMESPACE}/pods"
    pod = eventually(
        "the Job makes its Pod", lambda: first_of(cluster, f"{pods}?labelSelector=job-name%3D{DISARM}")
    )
    assert len(bundles(cluster)) == 2
    (container,) = pod["spec"]["containers"]
    assert main([*container["args"], "--kubeconfig", str(kubeconfig_of(cluster, DISARM, folder))]) == 0
    assert bundles(cluster) == []
    succeeded = {**pod, "status": {"phase": "Succeeded"}}
    status, answer = cluster.call("PUT", f"{pods}/{pod['metadata']['name']}/status", succeeded)
    assert status == 200, answer


def first_of(cluster: ControlPlane, path: str) -> dict[str, Any] | None:
    items: list[dict[str, Any]] = cluster.call("GET", path)[1]["items"]
    return items[0] if items else None


def kubeconfig_of(cluster: ControlPlane, account: str, folder: Path) -> Path:
    """That of a service account: its token, and no right but its own."""
    token = eventually("the account has a token", lambda: token_of(cluster, account), seconds=30)
    content = json.loads(cluster.kubeconfig().read_text("utf-8"))
    for user in content["users"]:
        user["user"] = {"token": token}
    file = folder / f"{account}.kubeconfig"
    file.write_text(json.dumps(content), "utf-8")
    return file


def token_of(cluster: ControlPlane, account: str) -> str | None:
    """The token that a controller of this server made for it; None as long as there is none."""
    for secret in cluster.call("GET", f"/api/v1/namespaces/{NAMESPACE}/secrets")[1]["items"]:
        if secret["metadata"].get("annotations", {}).get("kubernetes.io/service-account.name") == account:
            return base64.b64decode(secret.get("data", {}).get("token", "")).decode()
    return None
