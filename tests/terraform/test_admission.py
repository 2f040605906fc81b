"""The module that deploys the webhook, with a stand-in for kubectl that renders and notes; the end-to-end
tests run it against a real API server, with the system's Terraform.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.terraform import MODULES, Terraform, library_terraform
from tools.flatten_modules import write_archive, write_modules

STAND_IN = """#!{python}
import json, subprocess, sys
from pathlib import Path
arguments = sys.argv[1:]
with Path("calls.jsonl").open("a") as calls:
    calls.write(json.dumps(arguments) + "\\n")
if Path("down").exists():
    sys.exit(1)
if "apply" in arguments and Path("too early").exists():
    Path("too early").unlink()
    sys.exit(1)
if "apply" in arguments:
    folder = arguments[arguments.index("--kustomize") + 1]
    done = subprocess.run([{kubectl!r}, "kustomize", folder], capture_output=True, text=True)
    sys.stderr.write(done.stderr)
    Path("applied.yaml").write_text(done.stdout)
    Path("folder").write_text(folder)
    sys.exit(done.returncode)
if "api-resources" in arguments:
    print("deployments.apps\\nnamespaces\\nsamples.test.gatecli.dev")
"""
IMAGE = "registry.example:5000/gatecli:1.0.0@sha256:" + "0f4b" * 16


@pytest.fixture(name="cluster")
def a_stand_in_for_a_cluster(modules: Path, tmp_path: Path) -> Terraform:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("there is no kubectl on the PATH")
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "kubectl").write_text(STAND_IN.format(python=sys.executable, kubectl=kubectl), "utf-8")
    (programs / "kubectl").chmod(0o755)
    (tmp_path / "terraform_modules").symlink_to(modules)
    root = tmp_path / "root"
    shutil.copytree(modules / "privacy_admission" / "tests" / "manifests", root / "it's mine")
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    terraform = Terraform(library_terraform(), root, {"PATH": path})
    terraform.write("token: canary-4711", name="kube config")
    return terraform


def configure(cluster: Terraform, **variables: object) -> Terraform:
    given = {"kubeconfig": "kube config", "manifests": "it's mine", "timeout": "0s"} | variables
    module = {"source": "../terraform_modules/privacy_admission", **given}
    module = {name: value for name, value in module.items() if value is not None}
    cluster.write(json.dumps({"module": {"admission": module}}), name="main.tf.json")
    return cluster


def calls(cluster: Terraform) -> list[list[str]]:
    return [json.loads(line) for line in (cluster.folder / "calls.jsonl").read_text().splitlines()]


def applied(cluster: Terraform) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((cluster.folder / "applied.yaml").read_text("utf-8")))


def test_everything_is_applied_with_a_label_that_selectors_do_not_use(cluster: Terraform) -> None:
    configure(cluster)("init").passed()
    cluster("apply", "-auto-approve").passed()
    objects = applied(cluster)
    labels = {item["metadata"]["labels"]["gatecli.dev/terraform"] for item in objects}
    assert len(objects) == 5
    assert len(labels) == 1
    [deployment] = [item for item in objects if item["kind"] == "Deployment"]
    assert deployment["spec"]["selector"]["matchLabels"] == {"app": "gatecli-admission"}
    assert not Path((cluster.folder / "folder").read_text()).exists(), "the rendered folder was left behind"


@pytest.mark.parametrize("overlay", ["self-signed", "cert-manager"])
@pytest.mark.parametrize("source", ["folder", "archive"])
def test_the_module_of_a_release_stands_alone(
    cluster: Terraform, tmp_path: Path, overlay: str, source: str
) -> None:
    """On its own on the disk: the overlays of the webhook, as `kubectl apply --kustomize` has them."""
    alone = write_modules(MODULES, tmp_path / "release")
    [module] = [folder for folder in alone if folder.name == "privacy_admission"]
    place = write_archive(module) if source == "archive" else module.rename(tmp_path / "alone")
    shutil.rmtree(tmp_path / "release/evidence")
    address = str(place) if source == "archive" else "../alone"
    configure(cluster, source=address, manifests=None, overlay=overlay, image=IMAGE)("init").passed()
    cluster("apply", "-auto-approve").passed()
    objects = applied(cluster)
    kinds = {item["kind"] for item in objects}
    assert {"Deployment", "CustomResourceDefinition", "ValidatingWebhookConfiguration"} <= kinds
    assert ("Certificate" in kinds) == (overlay == "cert-manager")
    [deployment] = [item for item in objects if item["kind"] == "Deployment"]
    assert deployment["spec"]["template"]["spec"]["containers"][0]["image"].endswith("0f4b" * 16)


def test_the_example_runs_from_a_release(cluster: Terraform, tmp_path: Path) -> None:
    write_modules(MODULES, tmp_path / "release")
    example = tmp_path / "release/privacy_admission/examples/cluster"
    (example / "kube config").write_text("", "utf-8")
    terraform = Terraform(cluster.command, example, cluster.environment)
    variables = ("-var=kubeconfig=kube config", "-var=timeout=0s")
    terraform("init").passed()
    terraform("apply", "-auto-approve", *variables).passed()
    assert applied(terraform)


def test_a_module_without_manifests_says_how_to_get_them(cluster: Terraform, tmp_path: Path) -> None:
    shutil.copytree(tmp_path / "terraform_modules/privacy_admission", tmp_path / "a/b/alone")
    configure(cluster, source="../a/b/alone", manifests=None)("init").passed()
    cluster("plan").refused("run: gatecli-admission manifests, and name its folder in manifests")


def test_image_and_namespace_are_set(cluster: Terraform) -> None:
    configure(cluster, image=IMAGE, namespace="privacy")("init").passed()
    cluster("apply", "-auto-approve").passed()
    objects = applied(cluster)
    [deployment] = [item for item in objects if item["kind"] == "Deployment"]
    image = deployment["spec"]["template"]["spec"]["containers"][0]["image"]
    assert image.startswith("registry.example:5000/gatecli")
    assert image.endswith("@sha256:" + "0f4b" * 16)
    assert deployment["metadata"]["namespace"] == "privacy"
    [webhook] = [item for item in objects if item["kind"] == "ValidatingWebhookConfiguration"]
    assert webhook["webhooks"][0]["clientConfig"]["service"]["namespace"] == "privacy"


def test_an_upgrade_applies_anew_and_removes_nothing(cluster: Terraform) -> None:
    configure(cluster, image="gatecli-admission:1")("init").passed()
    cluster("apply", "-auto-approve").passed()
    (cluster.folder / "it's mine" / "namespace.yaml").write_text(
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: other}\n", "utf-8"
    )
    cluster("apply", "-auto-approve").passed()
    configure(cluster, image="gatecli-admission:2")("apply", "-auto-approve").passed()
    cluster("plan", "-detailed-exitcode").passed()
    verbs = [word for call in calls(cluster) for word in call if word in {"apply", "delete"}]
    assert verbs == ["apply"] * 3


def test_a_destroy_takes_the_webhooks_away_first_and_needs_no_manifests(cluster: Terraform) -> None:
    configure(cluster, context="prod")("init").passed()
    cluster("apply", "-auto-approve").passed()
    shutil.rmtree(cluster.folder / "it's mine")
    (cluster.folder / "calls.jsonl").unlink()
    cluster("apply", "-destroy", "-auto-approve").passed()
    deleted = [call for call in calls(cluster) if "delete" in call]
    assert [call[-1] for call in deleted] == [
        "validatingwebhookconfigurations,mutatingwebhookconfigurations",
        "deployments.apps,namespaces,samples.test.gatecli.dev",
    ]
    assert all(call[:2] == ["--kubeconfig=kube config", "--context=prod"] for call in calls(cluster))
    assert cluster.resources() == {}


def test_a_cluster_that_cannot_be_asked_keeps_the_state_and_says_what_to_do(cluster: Terraform) -> None:
    configure(cluster)("init").passed()
    cluster("apply", "-auto-approve").passed()
    cluster.write("", name="down")
    cluster("apply", "-destroy", "-auto-approve").refused("terraform state rm")
    assert "module.admission.terraform_data.deployment" in cluster.resources()


def test_a_failed_apply_is_tried_again(cluster: Terraform) -> None:
    configure(cluster)("init").passed()
    cluster.write("", name="down")
    assert cluster("apply", "-auto-approve").code == 1
    (cluster.folder / "down").unlink()
    cluster("apply", "-auto-approve").passed()
    cluster("plan", "-detailed-exitcode").passed()


def test_an_object_whose_kind_is_not_served_yet_is_applied_once_it_is(cluster: Terraform) -> None:
    configure(cluster)("init").passed()
    cluster.write("", name="too early")
    cluster("apply", "-auto-approve").passed()
    verbs = [word for call in calls(cluster) for word in call if word in {"apply", "wait"}]
    assert verbs == ["apply", "wait", "apply"]


def test_nothing_of_the_kubeconfig_is_in_the_state_or_the_output(cluster: Terraform) -> None:
    configure(cluster)("init").passed()
    said = cluster("apply", "-auto-approve").passed().said
    state = (cluster.folder / "terraform.tfstate").read_text("utf-8")
    assert "canary" not in said + state
