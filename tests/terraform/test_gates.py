"""Real plans and applies behind the release gate and the personal-data gate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.evidence_files import closed, release, report, scanned, write
from tests.support.terraform import Terraform

RELEASED = """
module "model" {
  source          = "../terraform_modules/model_release_gate"
  declaration     = "privacy.yaml"
  artifact        = "model.bin"
  release_name    = "churn"
  release_version = "2.3.0"
  max_epsilon     = 2.5
}
resource "terraform_data" "endpoint" { input = module.model.artifact_path }
output "epsilon" { value = module.model.epsilon }
"""
APPLIED = """
module "manifests" {
  source    = "../terraform_modules/pii_gate"
  manifests = ["deploy", "job.yaml"]
}
resource "terraform_data" "applied" {
  for_each = toset(module.manifests.manifest_paths)
  input    = [each.key, module.manifests.sha256]
}
"""


def release_evidence(terraform: Terraform, *, epsilon: float = 2.38, **changes: Any) -> None:
    folder = terraform.folder
    item = release(folder / "privacy.yaml", folder / "model.bin", epsilon=epsilon)
    write(folder / "privacy.yaml.gate.json", report("release", [item]) | changes)


def scan_evidence(terraform: Terraform, **changes: Any) -> None:
    files = [path for path in terraform.folder.rglob("*.yaml") if ".terraform" not in path.parts]
    write(terraform.folder / "pii.gate.json", report("pii", [scanned(path) for path in files]) | changes)


@pytest.fixture(name="model")
def a_gated_model(initialise: Callable[[str], Terraform]) -> Terraform:
    terraform = initialise(RELEASED)
    terraform.write("kind: ModelRelease", name="privacy.yaml")
    terraform.write("weights", name="model.bin")
    release_evidence(terraform)
    return terraform


@pytest.fixture(name="manifests")
def gated_manifests(initialise: Callable[[str], Terraform]) -> Terraform:
    terraform = initialise(APPLIED)
    (terraform.folder / "deploy/base").mkdir(parents=True)
    for name in ("job.yaml", "deploy/pod.yaml", "deploy/base/pod.yaml"):
        terraform.write(f"# {name}", name=name)
    scan_evidence(terraform)
    return terraform


def test_a_release_with_evidence_is_served_and_a_second_plan_has_nothing_to_do(model: Terraform) -> None:
    model("apply", "-auto-approve").passed()
    assert model.outputs() == {"epsilon": 2.38}
    model("plan", "-detailed-exitcode").passed()


@pytest.mark.parametrize("name", ["privacy.yaml", "model.bin", "privacy.yaml.gate.json"])
def test_a_release_that_changes_between_plan_and_apply_is_not_served(model: Terraform, name: str) -> None:
    model.planned().passed()
    model.write("something else", name=name)
    assert model.applied().code == 1
    assert "terraform_data.endpoint" not in model.resources()


def test_a_refused_release_names_the_command(model: Terraform) -> None:
    release_evidence(model, epsilon=3)
    expected = (
        "churn 2.3.0 spent epsilon 3, more than 2.5; "
        "run: gatecli release check privacy.yaml --report json=privacy.yaml.gate.json"
    )
    assert model("plan", "-json", "-target=terraform_data.endpoint").errors == [expected]


def test_a_served_release_is_destroyed_without_its_files(model: Terraform) -> None:
    model("apply", "-auto-approve").passed()
    for name in ("privacy.yaml", "model.bin", "privacy.yaml.gate.json"):
        (model.folder / name).unlink()
    model("apply", "-destroy", "-auto-approve").passed()


def test_scanned_manifests_are_applied_and_a_second_plan_has_nothing_to_do(manifests: Terraform) -> None:
    manifests("apply", "-auto-approve").passed()
    assert len([name for name in manifests.resources() if name.startswith("terraform_data.applied")]) == 3
    manifests("plan", "-detailed-exitcode").passed()


@pytest.mark.parametrize("name", ["job.yaml", "deploy/base/pod.yaml", "deploy/new.yaml"])
def test_manifests_that_change_between_plan_and_apply_are_not_applied(
    manifests: Terraform, name: str
) -> None:
    manifests.planned().passed()
    manifests.write("ssn: something", name=name)
    assert manifests.applied().code == 1
    assert manifests.resources() == {}


def test_a_refused_manifest_names_the_command(manifests: Terraform) -> None:
    scan_evidence(manifests, **closed("holds an SSN"))
    expected = (
        "the gate did not pass the manifests: holds an SSN; "
        "run: gatecli pii scan deploy job.yaml --report json=pii.gate.json"
    )
    assert manifests("plan", "-json").errors == [expected]


def test_applied_manifests_are_destroyed_without_their_files(manifests: Terraform) -> None:
    manifests("apply", "-auto-approve").passed()
    for file in [*manifests.folder.rglob("*.yaml"), manifests.folder / "pii.gate.json"]:
        file.unlink(missing_ok=True)
    manifests("apply", "-destroy", "-auto-approve").passed()
