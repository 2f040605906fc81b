"""examples/flower-digits: a training within its budget passes, and the ledger pays for it."""

from __future__ import annotations

import re
import shutil
from fractions import Fraction
from pathlib import Path

import pytest

import gatecli
from tests.support.flower import ROOT, run

EXAMPLE = ROOT / "examples" / "flower-digits"


@pytest.fixture(scope="module", name="trained")
def a_training_that_was_charged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("federation") / "example"
    shutil.copytree(EXAMPLE, folder)
    assert ended("python train.py", folder).endswith("the gate is open\n")
    for command in commands():
        ended(command, folder)
    return folder


def commands() -> list[str]:
    """What the README does with a ledger."""
    block: str = re.findall(r"```sh\n(.*?)```", (EXAMPLE / "README.md").read_text("utf-8"), re.DOTALL)[1]
    return block.splitlines()


def ended(command: str, folder: Path) -> str:
    given = command.replace("gatecli ", "-m gatecli ", 1).removeprefix("python ").split()
    done = run(*given, folder=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_training_within_its_budget_passes(trained: Path) -> None:
    verdict = gatecli.check_release(trained, policy=trained / "gatecli.yaml")
    assert verdict.passed
    (epsilon,) = (checked.measures["epsilonUpper"] for checked in verdict.checked)
    assert isinstance(epsilon, Fraction)
    assert 9 < epsilon <= 10


def test_the_declaration_names_the_model_that_was_trained(trained: Path) -> None:
    model = trained / "model.npz"
    model.write_bytes(model.read_bytes() + b"\n")
    rules = {finding.rule.id for finding in gatecli.check_release(trained).findings}
    assert rules == {"release-artifact-digest-mismatch"}
    model.write_bytes(model.read_bytes()[:-1])


def test_what_was_reserved_is_committed(trained: Path) -> None:
    assert "  1 release · " in ended("gatecli ledger show", trained)


def test_the_table_of_skew_has_a_row_for_each_division(trained: Path) -> None:
    done = run("skew.py", 1, folder=trained)
    assert done.returncode == 0, done.stderr
    rows = [line.split(" | ")[0] for line in done.stdout.splitlines()]
    page = (EXAMPLE / "README.md").read_text("utf-8")
    assert [row for row in rows if f"\n{row} | " in page] == rows[:1] + rows[2:]


def test_the_programs_of_the_page_run(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "federated.md").read_text("utf-8")
    programs = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(programs) == 2
    (tmp_path / "program.py").write_text("\n".join(programs), "utf-8")
    done = run("program.py", folder=tmp_path)
    assert done.returncode == 0, done.stderr


def test_the_table_in_the_readme_falls_with_noise_and_with_skew() -> None:
    page = (EXAMPLE / "README.md").read_text("utf-8")
    table = [
        [int(cell) for cell in re.findall(r"(\d+)%", line)]
        for line in page.splitlines()
        if line.endswith("% |")
    ]
    assert len(table) == 3
    even, _, skewed = table
    assert even == sorted(even, reverse=True)
    assert skewed == sorted(skewed, reverse=True)
    assert all(better >= worse for better, worse in zip(even, skewed, strict=True))
