"""What cannot be checked: exit code 4, one sentence with how to mend it, and nothing left behind."""

from __future__ import annotations

import fcntl
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from gatecli.cli.app import main
from tests.support.terraform import QUIET, Terraform, library_terraform, system_terraform

PLAIN = 'resource "terraform_data" "x" {\n  input = 1\n}\n'
Refused = Callable[..., str]


@pytest.fixture(name="root")
def a_folder_of_a_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in QUIET.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    root = tmp_path / "root"
    root.mkdir()
    (root / "main.tf").write_text(PLAIN, "utf-8")
    return root


def contents(root: Path) -> dict[Path, bytes]:
    """The files; not the state, whose lock a process gives back when it closes the file."""
    files = [path for path in root.rglob("*") if path.is_file() and path.name != "terraform.tfstate"]
    return {path: path.read_bytes() for path in files}


@pytest.fixture(name="refused")
def what_a_refusal_says(root: Path, capsys: pytest.CaptureFixture[str]) -> Refused:
    """Check the folder, or a file in it: what the one finding says, and its advice."""

    def refused(*options: str, target: str = "") -> str:
        before = contents(root)
        code = main(["terraform", "check", str(root / target), "--format", "json", *options])
        report = json.loads(capsys.readouterr().out)
        assert code == 4
        assert report["checked"] == []
        assert contents(root) == before
        assert list((root.parent / "temporary").iterdir()) == []
        [finding] = report["findings"]
        assert finding["rule"] == "tf-plan-unreadable"
        assert "\n" not in finding["message"]
        return f"{finding['message']} ({finding['remediation']})"

    return refused


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('module "m" {\n  source = "./none"\n}\n', "is not initialised (run terraform init"),
        ('resource "null_resource" "x" {}\n', "is not initialised (run terraform init"),
        ('terraform {\n  backend "s3" {}\n}\n', "is not initialised (run terraform init"),
        ('terraform {\n  required_version = ">= 99"\n}\n', "another version of terraform is needed"),
        ('variable "x" {}\n', "the variables of"),
        ("resource {\n", "terraform could not plan"),
    ],
)
def test_a_configuration_that_cannot_be_planned(
    root: Path, refused: Refused, text: str, sentence: str
) -> None:
    system_terraform()
    (root / "main.tf").write_text(text, "utf-8")
    assert sentence in refused()


def test_a_provider_that_cannot_be_installed(root: Path, refused: Refused) -> None:
    """It was named in a lock file, so that init is done, and is on no mirror."""
    (root / "main.tf").write_text('resource "null_resource" "x" {}\n', "utf-8")
    locked = 'provider "registry.terraform.io/hashicorp/null" {\n  version = "3.2.3"\n}\n'
    (root / ".terraform.lock.hcl").write_text(locked, "utf-8")
    system_terraform()
    assert "terraform init" in refused()


def test_a_program_that_is_not_there(
    refused: Refused, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    said = refused()
    assert "terraform is not on the PATH (install Terraform" in said
    assert "--terraform-binary tofu" in said


def test_a_plan_that_hangs(refused: Refused, tmp_path: Path) -> None:
    program = tmp_path / "hangs"
    program.write_text("#!/bin/sh\nexec sleep 60\n", "utf-8")
    program.chmod(0o755)
    said = refused("--terraform-binary", str(program), "--plan-timeout", "1")
    assert "within 1 seconds (give it more time" in said


def test_a_state_that_another_run_holds(root: Path, refused: Refused) -> None:
    system_terraform()
    with (root / "terraform.tfstate").open("w") as state:
        fcntl.lockf(state, fcntl.LOCK_EX)
        assert "is locked by another run (wait for that run" in refused()


def test_a_state_that_is_broken(root: Path, refused: Refused) -> None:
    system_terraform()
    (root / "terraform.tfstate").write_text("{broken", "utf-8")
    assert "cannot be read (restore it from its last backup" in refused()


def test_a_plan_that_a_newer_terraform_saved(root: Path, refused: Refused) -> None:
    system_terraform()
    newer = Terraform(library_terraform(), root)
    newer("init").passed()
    newer.planned().passed()
    assert "another version of terraform is needed in" in refused(target="plan.bin")


def test_a_saved_plan_that_is_cut_off(root: Path, refused: Refused) -> None:
    terraform = Terraform(system_terraform(), root)
    terraform.planned().passed()
    content = (root / "plan.bin").read_bytes()
    (root / "plan.bin").write_bytes(content[: len(content) // 2])
    assert "not a saved plan that terraform can read" in refused(target="plan.bin")


def test_a_saved_plan_of_a_folder_that_is_gone(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is built into Terraform needs no folder: the plan holds its own configuration."""
    terraform = Terraform(system_terraform(), root)
    terraform.planned().passed()
    alone = tmp_path / "alone"
    alone.mkdir()
    (root / "plan.bin").replace(alone / "plan.bin")
    assert main(["terraform", "check", str(alone / "plan.bin")]) == 0
    assert "checked 1 plan" in capsys.readouterr().out


def test_a_plan_of_a_part_by_an_older_terraform(root: Path, refused: Refused) -> None:
    """Before 1.8 no plan said that it was of a part."""
    (root / "main.tf").write_text(PLAIN + PLAIN.replace('"x"', '"y"'), "utf-8")
    terraform = Terraform(system_terraform(), root)
    terraform.planned("-target=terraform_data.x").passed()
    plan = json.loads(terraform("show", "-json", "plan.bin").passed().stdout)
    assert plan.pop("complete") is False
    del plan["applyable"]
    (root / "plan.json").write_text(json.dumps(plan), "utf-8")
    assert "does not say what happens to 'terraform_data.y'" in refused(target="plan.json")
