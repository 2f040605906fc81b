"""The page about hooks: each of them runs as its program would run it, and stops what it should stop."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.terraform import MODULES, system_terraform

TEXT = (MODULES.parent / "docs" / "terraform-hooks.md").read_text("utf-8")
SCRIPT, UNITS = re.findall(r"^```sh\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
[WORKFLOW] = re.findall(r"^```yaml\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
[HOOKS] = re.findall(r"^```hcl\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
SSN = 'variable "patient" {\n  default = "ssn: 536-90-4399"\n}\n'
IDENTIFYING = "age,zip,sex,diagnosis\n30,10001,f,flu\n"


TERRAGRUNT = """#!/bin/sh
# The units, each planned and applied as `terragrunt run --all` does it.
test "$1 $2" = "run --all" || exit 64
command=$3; shift 3
while [ $# -gt 0 ]; do
  case "$1" in --out-dir) out=$2 ;; --json-out-dir) json=$2 ;; *) exit 64 ;; esac
  shift 2
done
for unit in */; do
  case "$command" in
    plan) mkdir -p "$out/$unit" "$json/$unit"
          (cd "$unit" && terraform init && terraform plan -out="$out/$unit/tfplan.tfplan" &&
           terraform show -json "$out/$unit/tfplan.tfplan" > "$json/$unit/tfplan.json") || exit 1 ;;
    apply) (cd "$unit" && terraform apply "$out/$unit/tfplan.tfplan") || exit 1 ;;
  esac
done
"""


def shell(text: str, folder: Path) -> int:
    return subprocess.run(
        ["/bin/sh", "-c", text], cwd=folder, check=False, stdin=subprocess.DEVNULL
    ).returncode


def atlantis(stage: str, folder: Path) -> int:
    """The steps of a stage, the built-in ones as Atlantis has them; the code of the first that fails."""
    plan = folder / "default.tfplan"
    own = {
        "init": "terraform init",
        "plan": "terraform plan -out=$PLANFILE",
        "apply": "terraform apply $PLANFILE",
    }
    data = yaml.safe_load(WORKFLOW)
    [project] = data["projects"]
    steps: list[Any] = data["workflows"][project["workflow"]][stage]["steps"]
    for step in steps:
        command = own[step] if isinstance(step, str) else step["run"]
        if code := shell(f'PLANFILE="{plan}"; export PLANFILE; {command}', folder):
            return code
    return 0


def hook(name: str, folder: Path) -> int:
    """A hook's command, in the folder that Terraform runs in."""
    [words] = re.findall(rf'_hook "{name}" {{.*?execute\s+= \[(.*?),?\s*\]', HOOKS, re.DOTALL)
    command = json.loads(f"[{words}]".replace("${get_terragrunt_dir()}", str(folder)))
    return subprocess.run(command, cwd=folder, check=False).returncode


def test_plain_ci_publishes_what_passes(example: Path) -> None:
    assert shell(SCRIPT, example) == 0
    assert (example / "terraform.tfstate").exists()


@pytest.mark.parametrize(("file", "content"), [("patients.csv", IDENTIFYING), ("patient.tf", SSN)])
def test_plain_ci_publishes_nothing_else(example: Path, file: str, content: str) -> None:
    (example / file).write_text(content, "utf-8")
    assert shell(SCRIPT, example) == 1
    assert not (example / "terraform.tfstate").exists()


def test_atlantis_publishes_what_passes(example: Path) -> None:
    assert atlantis("plan", example) == 0
    assert atlantis("apply", example) == 0
    assert (example / "terraform.tfstate").exists()


def test_atlantis_refuses_a_plan_and_refuses_it_again_at_the_apply(example: Path) -> None:
    (example / "patient.tf").write_text(SSN, "utf-8")
    assert atlantis("plan", example) == 1
    assert (example / "default.tfplan").exists()
    assert atlantis("apply", example) == 1
    assert not (example / "terraform.tfstate").exists()


def test_the_hooks_for_terragrunt_run(example: Path) -> None:
    assert hook("anonymity", example) == 0
    assert (example / "patients.csv.gate.json").exists()
    assert hook("apply", example) == 2  # no plan was saved
    assert shell("terraform init && terraform plan -out=plan.bin", example) == 0
    assert hook("plan", example) == 0
    assert hook("apply", example) == 0


def test_the_hooks_for_terragrunt_are_formatted() -> None:
    done = subprocess.run(
        [*system_terraform(), "fmt", "-"], input=HOOKS.encode(), capture_output=True, check=False
    )
    assert done.stdout.decode() == HOOKS, done.stderr.decode()


@pytest.mark.parametrize(("text", "code"), [("", 0), (SSN, 1)], ids=["clean", "personal data"])
def test_several_units_of_terragrunt_are_applied_only_if_all_of_them_pass(
    example: Path, text: str, code: int
) -> None:
    program = example.parents[3] / "programs/terragrunt"
    program.write_text(TERRAGRUNT, "utf-8")
    program.chmod(0o755)
    live = example / "live"
    for unit, more in {"network": "", "storage": text}.items():
        (live / unit).mkdir(parents=True)
        (live / unit / "main.tf").write_text(
            f'resource "terraform_data" "x" {{ input = 1 }}\n{more}', "utf-8"
        )
    assert shell(UNITS, live) == code
    assert [(live / unit / "terraform.tfstate").exists() for unit in ("network", "storage")] == [not code] * 2
