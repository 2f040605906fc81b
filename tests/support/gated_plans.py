"""Plans behind the shipped gates: real ones, in which the stand-in for a publisher is given its real type.

No provider can be had where these are made; the gates themselves need none. `make generated` writes them.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.support.evidence_files import digest, release, report, scanned, table, write
from tests.support.plans import PLANS
from tests.support.terraform import Terraform, modules_below, system_terraform

RULES = PLANS.parents[1] / "rules"

DATASET = """
module "anonymity" {
  source            = "../terraform_modules/k_anonymity_gate"
  dataset           = "data.csv"
  quasi_identifiers = ["age", "zip"]
  k                 = var.k
}
variable "k" { default = %d }
resource "terraform_data" "published" { input = module.anonymity.released_path }
"""
MODEL = """
module "model" {
  source          = "../terraform_modules/model_release_gate"
  declaration     = "privacy.yaml"
  artifact        = "model.bin"
  release_name    = "churn"
  release_version = "2.3.0"
  max_epsilon     = 2.5
}
resource "terraform_data" "published" { input = module.model.artifact_path }
"""
WORKLOAD = """
module "manifests" {
  source    = "../terraform_modules/pii_gate"
  manifests = ["job.yaml"]
}
resource "terraform_data" "published" { depends_on = [module.manifests] }
"""


def write_inputs(root: Path) -> None:
    """What the gates let through."""
    (root / "data.csv").write_text("age,zip\n" + "30,10115\n" * 6, "utf-8")
    for name in ("privacy.yaml", "model.bin", "job.yaml"):
        (root / name).write_text(f"# {name}\n", "utf-8")


def write_evidence(root: Path, *, ago: timedelta = timedelta(), **changes: Any) -> None:
    """A report for each gate: made so long ago, and with these members in place of an open gate's."""
    items = {
        "data.csv.gate.json": ("anonymity", table(digest(root / "data.csv"))),
        "privacy.yaml.gate.json": ("release", release(root / "privacy.yaml", root / "model.bin")),
        "pii.gate.json": ("pii", scanned(root / "job.yaml")),
    }
    for name, (gate, item) in items.items():
        write(root / name, report(gate, [item], ago=ago) | changes)


def gated(folder: Path, text: str, published: str, values: dict[str, Any], form: str) -> dict[str, Any]:
    """The plan of a configuration whose `terraform_data.published` is taken for a resource `published`."""
    modules_below(folder, form)
    root = folder / "root"
    root.mkdir()
    terraform = Terraform(system_terraform(), root)
    terraform.write(text)
    write_inputs(root)
    write_evidence(root)
    terraform("init").passed()
    terraform.planned().passed()
    plan = json.loads(terraform("show", "-json", "plan.bin").passed().stdout)
    return _published(plan, published, values)


def closed(folder: Path, **changes: Any) -> dict[str, Any]:
    """The plan that a closed gate leaves; `changes` are those of `table` in its evidence."""
    modules_below(folder)
    root = folder / "root"
    root.mkdir()
    terraform = Terraform(system_terraform(), root)
    terraform.write(DATASET % 5)
    write_inputs(root)
    write(root / "data.csv.gate.json", report("anonymity", [table(digest(root / "data.csv"), **changes)]))
    terraform("init").passed()
    terraform.planned().refused("Resource precondition failed")
    plan: dict[str, Any] = json.loads(terraform("show", "-json", "plan.bin").passed().stdout)
    plan.pop("relevant_attributes", None)
    plan["timestamp"] = "2026-01-01T00:00:00Z"
    return plan


def _published(plan: dict[str, Any], type_: str, values: dict[str, Any]) -> dict[str, Any]:
    del plan["relevant_attributes"]  # in no order of their own
    plan["timestamp"] = "2026-01-01T00:00:00Z"
    resources = [
        *plan["planned_values"]["root_module"]["resources"],
        *plan["resource_changes"],
        *plan["configuration"]["root_module"]["resources"],
    ]
    provider = {"provider_name": "registry.terraform.io/x/x"}
    for item in resources:
        if item["address"] == "terraform_data.published":
            item.update({"address": f"{type_}.published", "type": type_})
            item.update({"values": values} if "values" in item else {})
            item.update(provider if "provider_name" in item else {})
            item.get("change", {}).update({"after": values, "after_unknown": {"id": True}})
    return plan


def _write(text: str, published: str, values: dict[str, Any], *files: Path, form: str = "shared") -> None:
    with tempfile.TemporaryDirectory() as name:
        plan = gated(Path(name), text, published, values, form)
        evidence = _evidence_in(Path(name) / "root") if form == "shared" else {}
    for file in files:
        file.write_text(json.dumps(plan) + "\n", "utf-8")
        _write_evidence_beside(file, text, evidence)


def _evidence_in(root: Path) -> dict[str, Any]:
    """The reports that the gates read, without the time, which they are not judged by here."""
    reports = {file.name: json.loads(file.read_text("utf-8")) for file in root.glob("*.gate.json")}
    return {name: content | {"time": "2026-01-01T00:00:00Z"} for name, content in reports.items()}


def _write_evidence_beside(plan: Path, text: str, evidence: dict[str, Any]) -> None:
    """What a rule's example relies on stands beside its plan; a test of plans writes its own."""
    for name, content in evidence.items():
        if RULES in plan.parents and f'"{name.removesuffix(".gate.json")}"' in text:
            write(plan.parent / name, content)


def main() -> None:
    if shutil.which("terraform") is None:
        return
    s3, sagemaker = {"bucket": "open-data", "key": "data.csv"}, {"name": "churn"}
    bypassed = RULES / "tf-gate-bypassed"
    files = (PLANS / "gated.json", RULES / "tf-dataset-ungated/pass/plan.json", bypassed / "pass/plan.json")
    _write(DATASET % 5, "aws_s3_object", s3, *files)
    _write(DATASET % 5, "aws_s3_object", s3, PLANS / "flattened.json", form="flattened")
    _write(DATASET % 2, "aws_s3_object", s3, bypassed / "fail/plan.json")
    gate, unread = RULES / "tf-dataset-ungated/pass", RULES / "tf-evidence-unread"
    for folder in (RULES / "tf-gate-closed/pass", unread / "pass", unread / "fail"):
        shutil.copy(gate / "plan.json", folder)
    for folder in (RULES / "tf-gate-closed/pass", unread / "pass"):
        shutil.copy(gate / "data.csv.gate.json", folder)
    with tempfile.TemporaryDirectory() as name:
        shut = closed(Path(name), k=1)
    (RULES / "tf-gate-closed/fail/plan.json").write_text(json.dumps(shut) + "\n", "utf-8")
    served = (PLANS / "served.json", RULES / "tf-model-ungated/pass/plan.json")
    _write(MODEL, "aws_sagemaker_model", sagemaker, *served)
    _write(WORKLOAD, "helm_release", sagemaker, RULES / "tf-workload-ungated/pass/plan.json")
