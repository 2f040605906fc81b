"""`gatecli-admission doctor` on a real API server: a cluster of its own, since it looks at all of it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from admission.cli import main
from admission.deploy.rendering import NAMESPACE, Installation, render_objects
from admission.tls.certificates import KeyPair, issue, new_authority
from tests.e2e.control_plane import ControlPlane
from tests.e2e.harness import WebhookProcess
from tests.e2e.processes import eventually

CONFIGURATION = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/gatecli-admission"
SECRET = f"/api/v1/namespaces/{NAMESPACE}/secrets/gatecli-admission-tls"
POLICY = "/apis/gatecli.dev/v1/privacypolicies/default"
WAIVERS = "/apis/gatecli.dev/v1/namespaces/default/privacywaivers"
SERVICE = f"gatecli-admission.{NAMESPACE}.svc"


class Diagnosis(NamedTuple):
    code: int
    lines: list[dict[str, str]]

    def of(self, state: str) -> list[str]:
        return [f"{line['probe']}: {line['message']}" for line in self.lines if line["state"] == state]


Doctor = Callable[..., Diagnosis]


@pytest.fixture(scope="module", name="clinic")
def a_cluster_of_its_own(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """The webhook installed, one replica of it running, and what no kubelet does done for its Pods."""
    with ControlPlane(programs) as cluster:
        install(cluster)
        settings = {
            "kubeconfig": cluster.kubeconfig("webhook"),
            "poll_seconds": 300,  # what a test breaks, the leader is not to mend at once
            "drain_seconds": 0,
        }
        folder = tmp_path_factory.mktemp("replica")
        with WebhookProcess("replica", folder, settings):
            eventually("it is armed", lambda: bundle(cluster), seconds=30)
            eventually("a policy is judged", lambda: "status" in got(cluster, POLICY), seconds=30)
            yield cluster


def install(cluster: ControlPlane) -> None:
    objects = render_objects(Installation(extras=["policy"]))
    definitions = [each for each in objects if each["kind"] == "CustomResourceDefinition"]
    # Kubernetes 1.20 labels no namespace by its name, and has no policy/v1.
    assert cluster.kubectl("label", "namespace", "kube-system", "gatecli.dev/unchecked=true").code == 0
    assert cluster.apply(*definitions, options=("--validate=false",)).code == 0
    eventually(
        "the definitions are served", lambda: cluster.call("GET", POLICY)[0] == 404 and served(cluster)
    )
    later = [
        each for each in objects if each["kind"] not in {"CustomResourceDefinition", "PodDisruptionBudget"}
    ]
    applied = cluster.apply(*later)
    assert applied.code == 0, applied.stderr
    eventually("its Pods are ready", lambda: make_ready(cluster) >= 2, seconds=30)


def served(cluster: ControlPlane) -> bool:
    return "privacywaivers" in str(cluster.call("GET", "/apis/gatecli.dev/v1")[1])


def make_ready(cluster: ControlPlane) -> int:
    """What a kubelet says of a Pod that runs; how many replicas the Deployment then counts."""
    pods = cluster.call("GET", f"/api/v1/namespaces/{NAMESPACE}/pods")[1]["items"]
    for pod in pods:
        pod["status"] = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
        cluster.call("PUT", f"/api/v1/namespaces/{NAMESPACE}/pods/{pod['metadata']['name']}/status", pod)
    path = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/gatecli-admission"
    return int(got(cluster, path)["status"].get("availableReplicas", 0))


def got(cluster: ControlPlane, path: str) -> dict[str, Any]:
    status, content = cluster.call("GET", path)
    assert status == 200, content
    found: dict[str, Any] = content
    return found


def bundle(cluster: ControlPlane) -> str:
    (webhook,) = got(cluster, CONFIGURATION)["webhooks"]
    return str(webhook["clientConfig"].get("caBundle", ""))


@contextmanager
def changed(cluster: ControlPlane, path: str, change: Callable[[dict[str, Any]], None]) -> Iterator[None]:
    """An object that is otherwise within the `with`, and as it was after it."""
    before = got(cluster, path)
    now: dict[str, Any] = json.loads(json.dumps(before))
    change(now)
    put(cluster, path, now)
    try:
        yield
    finally:
        put(cluster, path, before)


def put(cluster: ControlPlane, path: str, content: Mapping[str, Any]) -> None:
    version = got(cluster, path)["metadata"]["resourceVersion"]
    status, answer = cluster.call(
        "PUT", path, {**content, "metadata": {**content["metadata"], "resourceVersion": version}}
    )
    assert status == 200, answer


@pytest.fixture(name="doctor")
def a_doctor(clinic: ControlPlane, capsys: pytest.CaptureFixture[str]) -> Doctor:
    def ask(*arguments: str, user: str = "admin") -> Diagnosis:
        code = main(["doctor", "--kubeconfig", str(clinic.kubeconfig(user)), "--format", "json", *arguments])
        shown = json.loads(capsys.readouterr().out)
        assert shown["exit_code"] == code
        return Diagnosis(code, shown["lines"])

    return ask


def showing(cluster: ControlPlane, leaf: Callable[[KeyPair], KeyPair]) -> Callable[[dict[str, Any]], None]:
    """Puts another leaf into the Secret, made from the authority in it."""

    def change(secret: dict[str, Any]) -> None:
        data = secret["data"]
        authority = KeyPair(*(base64.b64decode(data[key]) for key in ("authority.crt", "authority.key")))
        data["tls.crt"] = base64.b64encode(leaf(authority).certificate).decode()

    return change


def lasting(days: int) -> Callable[[KeyPair], KeyPair]:
    return lambda authority: issue(authority, [SERVICE], datetime.now(UTC), life=timedelta(days=days))


def test_what_is_armed_fails_in_nothing(doctor: Doctor) -> None:
    diagnosis = doctor()
    assert diagnosis.of("fail") == diagnosis.of("unknown") == []
    assert diagnosis.code == 0
    said = "\n".join(diagnosis.of("ok"))
    for sentence in (
        "definitions: PrivacyPolicy is served",
        "deployment: 2 of 2 replicas are available",
        "validating: workloads.gatecli.dev is armed",
        "mutating: workloads.gatecli.dev is armed",
        "certificate: every caBundle verifies the certificate that is served",
        "of default is in force",
        "leads",
    ):
        assert sentence in said


def test_an_upgrade_by_apply_leaves_the_webhook_armed(doctor: Doctor, clinic: ControlPlane) -> None:
    before = bundle(clinic)
    newer = [each for each in render_objects(Installation()) if "webhooks" in each]
    for each in newer:
        each["metadata"]["labels"]["version"] = "newer"
    assert clinic.apply(*newer).stdout.count("configured") == 2
    assert bundle(clinic) == before
    assert doctor().code == 0


def test_what_this_kubernetes_lacks_is_told(doctor: Doctor) -> None:
    told = "\n".join(doctor().of("warn"))
    assert "server: Kubernetes v1.2" in told
    assert "policyreports" in told


def test_a_place_where_nothing_is_installed_fails(doctor: Doctor) -> None:
    diagnosis = doctor("--namespace", "nowhere")
    assert diagnosis.code == 1
    failed = "\n".join(diagnosis.of("fail"))
    assert "there is no Deployment gatecli-admission in nowhere" in failed
    assert "there is no Secret gatecli-admission-tls" in failed
    assert f"calls {NAMESPACE}/gatecli-admission, not this installation" in failed


def test_a_webhook_without_a_bundle_is_not_armed(doctor: Doctor, clinic: ControlPlane) -> None:
    def disarm(configuration: dict[str, Any]) -> None:
        configuration["webhooks"][0]["clientConfig"]["caBundle"] = ""

    with changed(clinic, CONFIGURATION, disarm):
        diagnosis = doctor()
    assert diagnosis.code == 1
    assert "validating: workloads.gatecli.dev has no caBundle" in "\n".join(diagnosis.of("fail"))


def test_an_emptied_configuration_fails(doctor: Doctor, clinic: ControlPlane) -> None:
    with changed(clinic, CONFIGURATION, lambda configuration: configuration.update(webhooks=[])):
        diagnosis = doctor()
    assert diagnosis.code == 1
    assert "is empty" in "\n".join(diagnosis.of("fail"))


def test_a_certificate_that_ends_soon_is_told(doctor: Doctor, clinic: ControlPlane) -> None:
    with changed(clinic, SECRET, showing(clinic, lasting(5))):
        diagnosis = doctor()
    assert diagnosis.code == 0
    assert "certificate: the certificate expires in 4 days" in "\n".join(diagnosis.of("warn"))


def test_a_certificate_of_another_authority_fails(doctor: Doctor, clinic: ControlPlane) -> None:
    stranger = new_authority(datetime.now(UTC))
    with changed(clinic, SECRET, showing(clinic, lambda _: lasting(90)(stranger))):
        diagnosis = doctor()
    assert diagnosis.code == 1
    assert "does not verify the certificate" in "\n".join(diagnosis.of("fail"))


def test_a_namespace_that_is_labelled_out_is_named(doctor: Doctor, clinic: ControlPlane) -> None:
    clinic.kubectl("create", "namespace", "hidden")
    clinic.kubectl("label", "namespace", "hidden", "gatecli.dev/unchecked=true")
    assert "namespaces: not searched, by label or by name: hidden" in doctor().of("warn")


def test_a_kube_system_that_is_asked_about_fails(doctor: Doctor, clinic: ControlPlane) -> None:
    clinic.kubectl("label", "namespace", "kube-system", "gatecli.dev/unchecked-")
    try:
        diagnosis = doctor()
    finally:
        clinic.kubectl("label", "namespace", "kube-system", "gatecli.dev/unchecked=true")
    assert diagnosis.code == 1
    assert "namespaces: kube-system cannot start anything" in "\n".join(diagnosis.of("fail"))


def test_a_policy_that_cannot_be_used_fails_while_the_last_sound_one_judges(
    doctor: Doctor, clinic: ControlPlane
) -> None:
    def spoil(policy: dict[str, Any]) -> None:
        policy["spec"]["pii"] = {"entities": {"NO_SUCH_ENTITY": "warn"}}

    def is_judged() -> bool:
        policy = got(clinic, POLICY)
        return bool(policy["status"]["observedGeneration"] == policy["metadata"]["generation"])

    with changed(clinic, POLICY, spoil):
        eventually("the leader says so", is_judged, seconds=30)
        diagnosis = doctor()
    eventually("the leader says so", is_judged, seconds=30)
    assert diagnosis.code == 1
    assert "policy: default cannot be used; the last good one stays in force" in "\n".join(
        diagnosis.of("fail")
    )


def test_waivers_that_end_are_told(doctor: Doctor, clinic: ControlPlane) -> None:
    today = datetime.now(UTC).date()
    for name, days in (("past", -3), ("soon", 7), ("later", 60)):
        spec = {
            "rule": "pii-us-ssn",
            "subject": "Job/etl",
            "reason": "r",
            "owner": "o",
            "expires": str(today + timedelta(days=days)),
        }
        body = {
            "apiVersion": "gatecli.dev/v1",
            "kind": "PrivacyWaiver",
            "metadata": {"name": name},
            "spec": spec,
        }
        assert clinic.call("POST", WAIVERS, body)[0] == 201
    told = "\n".join(line for line in doctor().of("warn") if line.startswith("waivers"))
    assert f"default/past expired on {today - timedelta(days=3)}" in told
    assert f"default/soon expires on {today + timedelta(days=7)}" in told
    assert "later" not in told


def test_what_a_user_may_not_see_is_never_well(doctor: Doctor) -> None:
    diagnosis = doctor(user="editor")
    assert diagnosis.code == 4
    assert [line["probe"] for line in diagnosis.lines if line["state"] != "unknown"] == ["server"]
    assert "403 Forbidden" in "\n".join(diagnosis.of("unknown"))


def test_a_server_that_is_away_is_never_well(
    clinic: ControlPlane, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "--server", "https://127.0.0.1:1"]) == 4
    shown = capsys.readouterr().out
    assert shown.startswith("unknown")
    assert "\nok" not in shown
    assert "no answer from the API server" in shown
