"""The Terraform of examples/sagemaker-processing: its state machine starts the very job that was judged.

The provider is not here: Terraform computes the definition, and the resource is written as a plan has it.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from gatecli.cli.app import main
from tests.support.job_definitions import plan_with
from tests.support.terraform import Terraform

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "sagemaker-processing"
JOB = json.loads((EXAMPLE / "job.json").read_text("utf-8"))


def definition_by(terraform: Terraform) -> str:
    """What Terraform makes of the locals of main.tf."""
    found = re.search(
        r"^locals \{\n.*?^\}\n", (EXAMPLE / "main.tf").read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    assert found is not None
    shutil.copy(EXAMPLE / "job.json", terraform.folder)
    terraform.write(f'{found[0]}output "definition" {{\n  value = local.definition\n}}\n')
    terraform("init").passed()
    terraform.planned().passed()
    plan = json.loads(terraform("show", "-json", "plan.bin").passed().stdout)
    return str(plan["planned_values"]["outputs"]["definition"]["value"])


def test_the_state_machine_starts_the_job_under_a_name_of_its_own(terraform: Terraform) -> None:
    state = json.loads(definition_by(terraform))["States"]["Train"]
    assert "Retry" not in state
    request = {key: value for key, value in JOB.items() if key != "ProcessingJobName"}
    assert state["Parameters"] == {
        **request,
        "ProcessingJobName.$": "States.Format('churn-{}', $$.Execution.Name)",
    }


def test_the_plan_is_judged_as_the_job_is(
    terraform: Terraform, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Path(shutil.copytree(EXAMPLE, tmp_path / "example"))
    plan = json.dumps(plan_with("aws_sfn_state_machine", {"definition": definition_by(terraform)}))
    for text, rules in (
        (plan, []),
        (
            plan.replace("customers-2026", "visits-2026"),
            ["cloud-declaration-differs", "cloud-uncharged-data"],
        ),
    ):
        (folder / "plan.json").write_text(text, "utf-8")
        capsys.readouterr()
        main(["check", str(folder), "--no-cache", "--only", "terraform", "--format", "json"])
        findings = json.loads(capsys.readouterr().out)["findings"]
        assert [each["rule"] for each in findings if each["severity"] != "note"] == rules
