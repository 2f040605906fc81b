"""The gate that makes its evidence itself, with a stand-in for gatecli that notes how it was called."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.terraform import Terraform

ROWS = "age,zip\n" + "30,10115\n" * 6
RUNNING = """
variable "dataset" { default = "data.csv" }
variable "quasi_identifiers" { default = ["age", "zip"] }
variable "run" { default = true }
variable "max_age" { default = "168h" }
module "anonymity" {
  source            = "../terraform_modules/k_anonymity_gate"
  dataset           = var.dataset
  quasi_identifiers = var.quasi_identifiers
  k                 = 5
  run               = var.run
  max_age           = var.max_age
}
resource "terraform_data" "published" {
  input = module.anonymity.released_path
}
"""
MEASURED = "module.anonymity.terraform_data.measured[0]"

STAND_IN = """#!{python}
import csv, json, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.support.evidence_files import closed, digest, report, table, write
arguments = sys.argv[1:]
with Path("calls.jsonl").open("a") as calls:
    calls.write(json.dumps(arguments) + "\\n")
if Path("broken").exists():
    sys.exit(70)
options = dict(zip(arguments[3::2], arguments[4::2]))
names = next(csv.reader([options["--quasi-identifier"]], skipinitialspace=True))
made = report("anonymity", [table(digest(Path(arguments[2])), quasiIdentifiers=names)])
made |= closed("k = 1 < 5") if Path("closed").exists() else {{}}
write(Path(options["--report"].removeprefix("json=")), made)
sys.exit(made["exit_code"])
"""


@pytest.fixture(name="programs")
def programs_with_a_stand_in(tmp_path: Path) -> Path:
    folder = tmp_path / "programs"
    folder.mkdir()
    root = str(Path(__file__).resolve().parents[2])
    (folder / "gatecli").write_text(STAND_IN.format(python=sys.executable, root=root), "utf-8")
    (folder / "gatecli").chmod(0o755)
    return folder


@pytest.fixture(name="running")
def a_gate_that_runs(initialise: Callable[[str], Terraform], programs: Path) -> Terraform:
    terraform = initialise(RUNNING)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    terraform.write(ROWS, name="data.csv")
    return Terraform(terraform.command, terraform.folder, {"PATH": path})


def calls(folder: Path) -> list[list[str]]:
    noted = folder / "calls.jsonl"
    return [json.loads(line) for line in noted.read_text().splitlines()] if noted.exists() else []


def test_the_apply_makes_its_evidence_once(running: Terraform) -> None:
    running.planned().passed()
    assert calls(running.folder) == []
    running.applied().passed()
    assert running.resources()["terraform_data.published"]["values"]["output"] == "data.csv"
    running("plan", "-detailed-exitcode").passed()
    assert len(calls(running.folder)) == 1


def test_a_gate_that_closes_publishes_nothing_and_leaves_nothing_tainted(running: Terraform) -> None:
    running.write("", name="closed")
    running("apply", "-auto-approve").refused("the gate did not pass data.csv: k = 1 < 5; run: gatecli")
    assert set(running.resources()) == {MEASURED}
    assert not running.resources()[MEASURED].get("tainted")
    (running.folder / "closed").unlink()
    running("apply", "-auto-approve").passed()
    assert len(calls(running.folder)) == 2


def test_changed_data_is_measured_again(running: Terraform) -> None:
    running("apply", "-auto-approve").passed()
    running.write(ROWS * 2, name="data.csv")
    running("apply", "-auto-approve").passed()
    assert len(calls(running.folder)) == 2
    running("plan", "-detailed-exitcode").passed()


def test_data_that_changes_between_plan_and_apply_is_not_published(running: Terraform) -> None:
    running.planned().passed()
    running.write(ROWS * 2, name="data.csv")
    assert running.applied().code == 1
    assert "terraform_data.published" not in running.resources()


def test_a_machine_without_the_evidence_measures_again(running: Terraform) -> None:
    running("apply", "-auto-approve").passed()
    for name in ("data.csv.gate.json", "data.csv.gate.json.run"):
        (running.folder / name).unlink()
    running("apply", "-auto-approve").passed()
    assert len(calls(running.folder)) == 2


def test_aged_evidence_is_made_again(running: Terraform) -> None:
    running("apply", "-auto-approve").passed()
    note = running.folder / "data.csv.gate.json.run"
    task = note.read_text().split()[0]
    note.write_text(f"{task} 2020-01-01T00:00:00Z\n", "utf-8")
    running("apply", "-auto-approve").passed()
    assert len(calls(running.folder)) == 2


def test_old_evidence_does_not_pass_for_a_measurement_that_failed(running: Terraform) -> None:
    running("apply", "-auto-approve").passed()
    running.write(ROWS * 2, name="data.csv")
    running.write("", name="broken")
    running("apply", "-auto-approve").refused("is of other data than data.csv has now")


def test_a_machine_without_gatecli_publishes_nothing(running: Terraform) -> None:
    bare = Terraform(running.command, running.folder, {"PATH": "/usr/bin:/bin"})
    bare("apply", "-auto-approve").refused("there is no evidence at data.csv.gate.json")
    assert "terraform_data.published" not in bare.resources()


def test_what_was_published_is_destroyed_without_gatecli_data_or_evidence(running: Terraform) -> None:
    running("apply", "-auto-approve").passed()
    for file in running.folder.glob("data.csv*"):
        file.unlink()
    bare = Terraform(running.command, running.folder, {"PATH": "/usr/bin:/bin"})
    bare("apply", "-destroy", "-auto-approve").passed()
    assert bare.resources() == {}


HOSTILE = ["a'; touch pwned; '$(touch pwned) & \"$HOME\" ü.csv", "-rf `touch pwned`\\n.csv"]


def hostile(running: Terraform, dataset: str) -> tuple[str, ...]:
    """The variables of a dataset and a column that are named like commands."""
    running.write(ROWS, name=dataset)
    names = json.dumps(["a,b", 'say "x"; touch pwned', "$(touch pwned)"])
    running.write(
        json.dumps({"dataset": dataset, "quasi_identifiers": json.loads(names)}), name="v.tfvars.json"
    )
    return ("-var-file=v.tfvars.json",)


@pytest.mark.parametrize("dataset", HOSTILE)
def test_no_name_is_read_as_a_command(running: Terraform, dataset: str) -> None:
    running("apply", "-auto-approve", *hostile(running, dataset)).passed()
    called = calls(running.folder)[0]
    assert (running.folder / called[2]).resolve() == (running.folder / dataset).resolve()
    assert called[4] == '"a,b","say ""x""; touch pwned",$(touch pwned)'
    assert not (running.folder / "pwned").exists()


@pytest.mark.parametrize("dataset", HOSTILE)
def test_the_command_of_a_refusal_can_be_pasted(running: Terraform, dataset: str) -> None:
    variables = hostile(running, dataset)
    refusal = running("plan", "-json", "-var=run=false", *variables).errors[0]
    command = refusal.partition("; run: ")[2]
    subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=running.folder,
        env=running.environment,
        check=True,
        capture_output=True,
    )
    assert not (running.folder / "pwned").exists()
    running("plan", "-var=run=false", *variables).passed()
