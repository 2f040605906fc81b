"""examples/serve-…: they pass every gate, and say of platforms what the platforms' contracts say."""

from __future__ import annotations

import json
import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

import gatecli
from admission.cli import main as admission
from gatecli.model.private_endpoint import PrivateEndpoint
from gatecli.serving.platforms import PLATFORMS, RouteKind, find_route
from tests.support.reviews import review_of
from tests.support.serving_examples import (
    ATTESTED,
    AZUREML,
    IMAGE,
    KUBERNETES,
    RELEASE,
    SAGEMAKER,
    SHARED,
    SIDECAR,
    attest,
    with_attestation,
)
from tests.support.spark_example import objects_of

FOLDERS = pytest.mark.parametrize(
    "folder", [SAGEMAKER, AZUREML, KUBERNETES], ids=["sagemaker", "azureml", "kubernetes"]
)
ENDPOINTS = [
    SAGEMAKER / "serve.yaml",
    AZUREML / "serve.yaml",
    AZUREML / "serve-loopback.yaml",
    KUBERNETES / "serve.yaml",
    KUBERNETES / "serve-sidecar.yaml",
]


def copy_of(folder: Path, below: Path) -> Path:
    ignored = shutil.ignore_patterns("__pycache__", ".terraform*")
    return shutil.copytree(folder, below / folder.name, ignore=ignored)


def endpoint(path: Path) -> PrivateEndpoint:
    return PrivateEndpoint.from_file(yaml.safe_load(path.read_text("utf-8")))


def containers(obj: dict[str, Any]) -> list[dict[str, Any]]:
    pod = obj["spec"]["template"]["spec"]
    return [*pod.get("initContainers", []), *pod["containers"]]


@FOLDERS
def test_an_example_passes_every_gate(folder: Path) -> None:
    verdict = gatecli.check_repository(folder)
    assert verdict.passed
    assert {each.kind for each in verdict.checked} >= {"release", "endpoint", "file"}
    assert {each.rule.id for each in verdict.findings} <= {"tf-no-plan"}


@FOLDERS
def test_another_model_than_the_attested_one_is_found(folder: Path, tmp_path: Path) -> None:
    copy = copy_of(folder, tmp_path)
    for name in ("serve.yaml", "serve-loopback.yaml", "serve-sidecar.yaml"):
        if (copy / name).exists():
            text = (copy / name).read_text("utf-8")
            (copy / name).write_text(text.replace(IMAGE, IMAGE.replace("0" * 64, "1" * 64)), "utf-8")
    model = copy / "model/churn.json"
    model.write_text(model.read_text("utf-8").replace("3316", "3317"), "utf-8")
    verdict = gatecli.check_repository(copy, skip=["release", "anonymity", "pii", "terraform"])
    assert {each.rule.id for each in verdict.findings} == {"serve-other-model"}


@FOLDERS
def test_an_attestation_of_an_example_is_what_its_readme_makes(folder: Path, tmp_path: Path) -> None:
    """`make generated` writes it: a key that is the same for everybody signs the same bytes."""
    copy = copy_of(folder, tmp_path)
    attest(copy, *([IMAGE] if folder == KUBERNETES else []))
    assert (copy / "churn.sigstore.json").read_bytes() == (folder / "churn.sigstore.json").read_bytes()


@pytest.mark.parametrize(
    ("folder", "name"),
    [*((AZUREML, name) for name in SHARED), *((KUBERNETES, name) for name in RELEASE)],
    ids=lambda value: value.name if isinstance(value, Path) else value,
)
def test_a_copy_is_what_it_is_a_copy_of(folder: Path, name: str) -> None:
    assert (folder / name).read_bytes() == (SAGEMAKER / name).read_bytes()


def test_the_three_policies_trust_one_key() -> None:
    rules = [
        yaml.safe_load((folder / "gatecli.yaml").read_text("utf-8"))["spec"]["attestation"]
        for folder in (SAGEMAKER, AZUREML, KUBERNETES)
    ]
    assert len({json.dumps([each["keys"], each["validDays"]]) for each in rules}) == 1


def test_an_example_holds_for_another_year() -> None:
    """When this fails, write a later `ATTESTED`."""
    rules = yaml.safe_load((SAGEMAKER / "gatecli.yaml").read_text("utf-8"))["spec"]["attestation"]
    ends = datetime.fromtimestamp(int(ATTESTED), UTC) + timedelta(days=rules["validDays"])
    assert ends > datetime.now(UTC) + timedelta(days=365)


@pytest.mark.parametrize("folder", [SAGEMAKER, AZUREML], ids=["sagemaker", "azureml"])
def test_an_image_has_a_base_by_its_digest_and_a_user_without_rights(folder: Path) -> None:
    text = (folder / "Dockerfile").read_text("utf-8")
    lines = text.splitlines()
    assert [line.split()[1] for line in lines if line.startswith("FROM")] == ["${PYTHON}"]
    assert [line for line in lines if line.startswith("ARG")] == ["ARG PYTHON", "ARG PYTHON"]
    assert 'case "${PYTHON}" in *@sha256:*) ;;' in text
    assert "--require-hashes" in text
    assert "USER 10001:10001" in lines
    assert 'ENTRYPOINT ["python", "start.py"]' in lines
    (copied,) = [line for line in lines if line.startswith("COPY start.py")]
    assert all((folder / name).exists() for name in copied.split()[1:-1])
    port = endpoint(folder / "serve.yaml").spec.listen.rpartition(":")[2]
    assert f"EXPOSE {port}" in lines


@pytest.mark.parametrize("path", ENDPOINTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_an_endpoint_listens_where_its_platform_calls_and_keeps_its_model_from_others(path: Path) -> None:
    spec = endpoint(path).spec
    address, _, port = spec.listen.rpartition(":")
    contract = PLATFORMS[spec.upstream.platform]
    if path.parent != KUBERNETES and address == "0.0.0.0":  # noqa: S104 - what the example says
        assert int(port) == contract.port
    assert spec.model is not None
    assert str(spec.upstream.url).startswith(("http://127.0.0.1:8081/", "https://"))


def test_the_routes_of_azures_deployment_are_those_of_the_proxy() -> None:
    (deployment,) = objects_of(AZUREML / "deployment.yaml")
    spec = endpoint(AZUREML / "serve.yaml").spec
    contract = PLATFORMS[spec.upstream.platform]
    routes = deployment["environment"]["inference_config"]
    kinds = {}
    for name, method in (("liveness_route", "GET"), ("readiness_route", "GET"), ("scoring_route", "POST")):
        found = find_route(contract, str(spec.upstream.url), method, routes[name]["path"])
        assert found is not None
        assert routes[name]["port"] == contract.port
        kinds[name] = found.kind
    assert kinds == {
        "liveness_route": RouteKind.LIVE,
        "readiness_route": RouteKind.READY,
        "scoring_route": RouteKind.PREDICT,
    }


@pytest.mark.parametrize("name", ["deployment.yaml", "sidecar.yaml"])
def test_no_pod_writes_to_its_root_or_may_do_more_than_it_needs(name: str) -> None:
    (deployment,) = [each for each in objects_of(KUBERNETES / name) if each["kind"] == "Deployment"]
    pod = deployment["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    for each in containers(deployment):
        assert each["image"].endswith(f"@sha256:{'0' * 64}")
        assert each["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert each["resources"]["requests"].keys() == {"cpu", "memory"}
        assert each["resources"]["limits"].keys() == {"memory"}


@pytest.mark.parametrize("name", ["deployment.yaml", "sidecar.yaml"])
def test_probes_and_files_of_the_proxy_are_those_of_its_document(name: str) -> None:
    (deployment,) = [each for each in objects_of(KUBERNETES / name) if each["kind"] == "Deployment"]
    (proxy,) = [each for each in containers(deployment) if each["name"] == "endpoint"]
    document = Path(proxy["args"][-1]).name
    spec = endpoint(KUBERNETES / document).spec
    assert spec.metrics is not None
    ports = {each["name"]: each["containerPort"] for each in proxy["ports"]}
    listened = {"https": spec.listen, "metrics": spec.metrics.listen}
    assert {name: f"0.0.0.0:{port}" for name, port in ports.items()} == listened
    probed = {kind: proxy[kind]["httpGet"]["path"] for kind in ("livenessProbe", "readinessProbe")}
    assert probed == {"livenessProbe": "/healthz", "readinessProbe": "/readyz"}
    grace = deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
    assert grace > spec.limits.drain_seconds


def test_what_is_confidential_comes_by_reference() -> None:
    made = objects_of(*KUBERNETES.glob("*.yaml"))
    assert not [each for each in made if each["kind"] == "Secret"]
    for name in ("deployment.yaml", "sidecar.yaml"):
        (deployment,) = [each for each in objects_of(KUBERNETES / name) if each["kind"] == "Deployment"]
        volumes = {each["name"]: each for each in deployment["spec"]["template"]["spec"]["volumes"]}
        assert volumes["tls"]["secret"] == {"secretName": "churn-endpoint-tls"}


def reviewed(obj: dict[str, Any], folder: Path) -> int:
    """The exit code of `gatecli-admission review`, by the example's policy."""
    path = folder / "review.json"
    path.write_text(json.dumps(review_of({**obj, "metadata": {**obj["metadata"], "namespace": "models"}})))
    return admission(["review", str(path), "--policy", str(KUBERNETES / "gatecli.yaml")])


@pytest.mark.parametrize("name", ["deployment.yaml", "sidecar.yaml"])
def test_the_webhook_lets_the_manifests_in(name: str, tmp_path: Path) -> None:
    for obj in objects_of(KUBERNETES / name):
        assert reviewed(obj, tmp_path) == 0, obj["kind"]


def test_the_webhook_demands_the_attestation_of_the_model_in_the_pod(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = SIDECAR.read_text("utf-8")
    assert with_attestation(text, (KUBERNETES / "churn.sigstore.json").read_text("utf-8")) == text
    stripped = yaml.safe_load_all(with_attestation(text, ""))
    (deployment,) = [each for each in stripped if each["kind"] == "Deployment"]
    assert reviewed(deployment, tmp_path) == 1
    assert "release-unattested-workload" in capsys.readouterr().out
    (other,) = [each for each in objects_of(SIDECAR) if each["kind"] == "Deployment"]
    other["spec"]["template"]["spec"]["containers"][0]["image"] = IMAGE.replace("0" * 64, "1" * 64)
    assert reviewed(other, tmp_path) == 1


def test_the_webhook_lets_the_proxy_stand_beside_the_model_and_no_other_sidecar(tmp_path: Path) -> None:
    (deployment,) = [each for each in objects_of(SIDECAR) if each["kind"] == "Deployment"]
    (proxy,) = deployment["spec"]["template"]["spec"]["initContainers"]
    for name, code in (("gatecli", 0), ("other", 1)):
        proxy["image"] = f"registry.example/{name}@sha256:{'2' * 64}"
        assert reviewed(deployment, tmp_path) == code, name


def test_the_readmes_name_every_file() -> None:
    for folder in (SAGEMAKER, AZUREML, KUBERNETES):
        text = (folder / "README.md").read_text("utf-8")
        named = set(re.findall(r"\]\(([\w./-]+)\)", text))
        there = {
            each.relative_to(folder).as_posix()
            for each in folder.rglob("*")
            if each.is_file() and "__pycache__" not in each.parts
        }
        assert there - {"README.md"} <= named
        assert all((folder / each.partition("#")[0]).exists() for each in named)
