"""The Terraform module that deploys the webhook, against a real API server."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.control_plane import ControlPlane
from tests.support.terraform import Terraform, modules_below, system_terraform

KINDS = (
    "namespace/gatecli-system",
    "customresourcedefinition/samples.test.gatecli.dev",
    "validatingwebhookconfiguration/gatecli",
)


def there(cluster: ControlPlane) -> list[str]:
    """Which of the cluster-wide objects exist."""
    return [kind for kind in KINDS if cluster.kubectl("get", kind).code == 0]


def module(terraform: Terraform, cluster: ControlPlane, **variables: object) -> Terraform:
    given: dict[str, Any] = {"kubeconfig": str(cluster.kubeconfig()), "timeout": "0s"}
    given |= {"source": "../terraform_modules/privacy_admission", "manifests": "manifests"} | variables
    terraform.write(json.dumps({"module": {"admission": given}}), name="main.tf.json")
    return terraform


@pytest.fixture(name="deployed")
def a_deployed_webhook(cluster: ControlPlane, tmp_path: Path) -> Iterator[Terraform]:
    if shutil.which("kubectl") is None:
        pytest.skip("there is no kubectl on the PATH")
    manifests = modules_below(tmp_path) / "privacy_admission/tests/manifests"
    shutil.copytree(manifests, tmp_path / "root/manifests")
    terraform = module(Terraform(system_terraform(), tmp_path / "root"), cluster)
    terraform("init").passed()
    terraform("apply", "-auto-approve").passed()
    yield terraform
    terraform("apply", "-destroy", "-auto-approve").passed()


def test_everything_is_made_and_a_second_plan_has_nothing_to_do(
    cluster: ControlPlane, deployed: Terraform
) -> None:
    assert there(cluster) == list(KINDS)
    deployed("plan", "-detailed-exitcode").passed()


def test_an_upgrade_changes_what_is_there_and_never_takes_the_webhook_away(
    cluster: ControlPlane, deployed: Terraform
) -> None:
    before = cluster.get("validatingwebhookconfiguration/gatecli")["metadata"]["uid"]
    module(deployed, cluster, image="gatecli-admission:2")("apply", "-auto-approve").passed()
    assert cluster.get("validatingwebhookconfiguration/gatecli")["metadata"]["uid"] == before
    deployment = cluster.get("deployment/gatecli-admission", "--namespace", "gatecli-system")
    assert deployment["spec"]["template"]["spec"]["containers"][0]["image"] == "gatecli-admission:2"


def test_a_destroy_leaves_nothing_and_touches_nothing_else(
    cluster: ControlPlane, deployed: Terraform, namespace: str
) -> None:
    shutil.rmtree(deployed.folder / "manifests")
    deployed("apply", "-destroy", "-auto-approve").passed()
    assert there(cluster) == []
    assert cluster.kubectl("get", f"namespace/{namespace}").code == 0


def test_a_webhook_that_never_becomes_available_is_a_failed_apply(
    cluster: ControlPlane, deployed: Terraform
) -> None:
    waiting = module(deployed, cluster, timeout="1s", image="gatecli-admission:3")
    waiting("apply", "-auto-approve").refused("timed out waiting")
