"""A secret that a plan marks as sensitive: in no byte of what the program writes, shows or leaves."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gatecli.reports.registry import ReportFormat
from tests.support import warm
from tests.support.plans import change, plan_with
from tests.support.terraform import QUIET, system_terraform

FORMATS = tuple(each.value for each in ReportFormat)
SSN, WORD = "517-29-8264", "canary-4711-qxz"
CANARIES = (SSN, SSN.replace("-", ""), SSN[-4:] + '"', WORD, WORD.upper())

CONFIGURATION = f"""
variable "key" {{
  type      = string
  sensitive = true
}}
resource "terraform_data" "etl" {{
  input = {{
    secret        = var.key
    (var.key)     = "a key"
    nested        = [{{ deep = "x ${{var.key}} y" }}]
    encoded       = base64encode(var.key)
  }}
  lifecycle {{
    precondition {{
      condition     = var.key != ""
      error_message = "not ${{nonsensitive(var.key)}}"
    }}
  }}
}}
output "out" {{
  value     = var.key
  sensitive = true
}}
check "late" {{
  assert {{
    condition     = terraform_data.etl.output == null
    error_message = "never {SSN[:3]}"
  }}
}}
"""


@pytest.fixture(name="watched")
def a_watched_folder_for_temporary_files(tmp_path: Path) -> Path:
    folder = tmp_path / "temporary"
    folder.mkdir()
    return folder


def checked(watched: Path, *arguments: str, cwd: Path, key: str) -> subprocess.CompletedProcess[bytes]:
    own = {"PATH": os.environ["PATH"], "HOME": str(watched.parent), "LANG": "C.UTF-8"}
    environment = {**own, **QUIET, "TMPDIR": str(watched), "TF_VAR_key": key}
    return warm.run_bytes("gatecli", ["terraform", "check", "-vv", *arguments], cwd=cwd, env=environment)


def run(watched: Path, *arguments: str, cwd: Path | None = None) -> bytes:
    """The whole program in a process of its own: all that it says, once it has left nothing behind."""
    done = checked(watched, *arguments, cwd=cwd or watched, key=f"{SSN} {WORD}")
    assert done.returncode == 1, (done.stdout + done.stderr).decode()
    assert list(watched.iterdir()) == []
    return done.stdout + done.stderr


def assert_silent(content: bytes) -> None:
    text = content.decode("utf-8", "replace")
    assert [canary for canary in CANARIES if canary in text] == []


@pytest.fixture(name="spy")
def a_terraform_that_notes_what_lies_in_temporary_files(tmp_path: Path, watched: Path) -> tuple[Path, Path]:
    """A program that runs the real one, and before and after it copies what lies in the watched folder."""
    (terraform,) = system_terraform()
    seen = tmp_path / "seen"
    copy = f'find "{watched}" -type f -print -exec cat {{}} + >> "{seen}"'
    program = tmp_path / "spy"
    program.write_text(f'#!/bin/sh\n{copy}\n"{terraform}" "$@"\ncode=$?\n{copy}\nexit $code\n')
    program.chmod(0o755)
    return program, seen


@pytest.mark.parametrize("format_", ["text", "sarif"])
def test_a_secret_variable_of_a_folder_is_nowhere(
    tmp_path: Path, watched: Path, spy: tuple[Path, Path], format_: str
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "main.tf").write_text(CONFIGURATION, "utf-8")
    program, seen = spy
    kept = tmp_path / "kept.json"
    arguments = ("--format", format_, "--report", f"json={kept}", "--terraform-binary", str(program))
    assert_silent(run(watched, *arguments, cwd=root))
    assert_silent(kept.read_bytes())
    noted = seen.read_bytes()
    assert b"gatecli-" in noted, "the saved plan was there, in a folder of its own"
    assert_silent(noted)
    assert sorted(path.name for path in root.iterdir()) == ["main.tf"]


def test_a_secret_of_a_plan_that_fails_is_nowhere(tmp_path: Path, watched: Path) -> None:
    """Terraform's own words quote it: they are masked, or not shown."""
    root = tmp_path / "root"
    root.mkdir()
    text = CONFIGURATION.replace('var.key != ""', 'var.key == ""').replace(f"{WORD}", "")
    (root / "main.tf").write_text(text, "utf-8")
    shutil.which("terraform") or pytest.skip("there is no terraform on the PATH")
    done = checked(watched, cwd=root, key=SSN)
    assert done.returncode == 4
    assert_silent(done.stdout + done.stderr)
    assert list(watched.iterdir()) == []


def sensitive_plan() -> dict[str, Any]:
    """The canary in each kind of place, marked as plans mark it."""
    secret = f"{SSN} {WORD}"
    marked: tuple[tuple[Any, Any], ...] = (
        ({"a": secret}, {"a": True}),
        ({"a": secret}, True),
        ({"a": [secret]}, {"a": [True]}),
        ({"a": {secret: 1}}, {"a": True}),
        ({"a": [{"b": {"c": secret}}]}, {"a": [{"b": True}]}),
        ({"a": json.dumps({"x": secret})}, {"a": True}),
    )
    moved = {"actions": ["create"], "before": None, "after": secret, "after_sensitive": True}
    return plan_with(
        resource_changes=[
            change(f"a.b{number}", after, after_sensitive=marks)
            for number, (after, marks) in enumerate(marked)
        ],
        variables={"declared": {"value": secret}, "undeclared": {"value": secret}},
        configuration={"root_module": {"variables": {"declared": {"sensitive": True}}}},
        planned_values={"root_module": {}, "outputs": {"o": {"value": secret, "sensitive": True}}},
        output_changes={"moved": moved},
    )


def test_a_secret_value_of_a_plan_is_in_no_format(tmp_path: Path, watched: Path) -> None:
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(sensitive_plan()), "utf-8")
    kept = {format_: tmp_path / f"report.{format_}" for format_ in FORMATS}
    reports = [word for format_, path in kept.items() for word in ("--report", f"{format_}={path}")]
    assert_silent(run(watched, str(file), *reports))
    for path in kept.values():
        assert path.stat().st_size > 0
        assert_silent(path.read_bytes())
    findings = json.loads(kept["json"].read_text("utf-8"))["findings"]
    assert len({finding["subject"] for finding in findings if finding["rule"] == "pii-us-ssn"}) == 10
