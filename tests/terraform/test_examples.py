"""The examples are run as they say: the real gate, then the real Terraform."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from tests.support import warm
from tests.support.terraform import MODULES, Terraform, modules_below, system_terraform

GATED = ("k_anonymity_gate/examples/publish", "model_release_gate/examples/serve", "pii_gate/examples/apply")


def first_command(folder: Path) -> list[str]:
    """The gate's command, from the example's first comment."""
    line = (folder / "main.tf").read_text("utf-8").splitlines()[0]
    words = shlex.split(line.removeprefix("# "))
    assert words[0] == "gatecli"
    return words


def test_every_module_that_is_used_has_an_example() -> None:
    folders = {path.parent.relative_to(MODULES).as_posix() for path in MODULES.glob("*/examples/*/main.tf")}
    assert folders == {*GATED, "privacy_admission/examples/cluster"}


@pytest.mark.parametrize("name", GATED)
def test_an_example_is_refused_passes_and_is_destroyed(tmp_path: Path, name: str) -> None:
    terraform = Terraform(system_terraform(), modules_below(tmp_path) / name)
    terraform("init").passed()
    terraform("plan").refused("there is no evidence at")
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    module, *arguments = first_command(terraform.folder)
    assert warm.run(module, arguments, cwd=terraform.folder, env=environment).returncode == 0
    terraform("apply", "-auto-approve").passed()
    terraform("plan", "-detailed-exitcode").passed()
    for evidence in terraform.folder.glob("*.gate.json"):
        evidence.unlink()
    terraform("plan").refused("there is no evidence at")
    terraform("apply", "-destroy", "-auto-approve").passed()


@pytest.mark.parametrize("name", GATED)
def test_the_command_of_an_example_is_the_one_that_a_refusal_names(tmp_path: Path, name: str) -> None:
    terraform = Terraform(system_terraform(), modules_below(tmp_path) / name)
    terraform("init").passed()
    named = terraform("plan", "-json").errors[0].partition("; run: ")[2]
    assert shlex.split(named)[1:] == first_command(terraform.folder)[1:]
