"""examples/flower-digits: its entry point takes the budget, judges what was trained, and commits it."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from fractions import Fraction
from pathlib import Path
from subprocess import CompletedProcess

import pytest

import gatecli
from tests.support.environments import ROOT
from tests.support.flower import PYTHON, run

EXAMPLE = ROOT / "examples" / "flower-digits"
FOLDER, KEPT = "release", ["job.json", "model.npz", "privacy.json", "rounds.json"]


def commands(page: Path) -> list[str]:
    """What a page does in a shell, after the packages are installed."""
    block: str = re.findall(r"```(?:sh)?\n(pip install .*?)```", page.read_text("utf-8"), re.DOTALL)[0]
    return block.splitlines()[1:]


def given(command: str, folder: Path) -> CompletedProcess[str]:
    """A command of a page, ended."""
    words = [str(PYTHON) if word == "python" else word for word in shlex.split(command)]
    assert words[0] == "gatecli", "a command of the page that no test starts"
    return run("-m", *words, folder=folder)


def ended(command: str, folder: Path) -> str:
    done = given(command, folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module", name="trained")
def a_training_by_its_entry_point(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("federation") / "example"
    shutil.copytree(EXAMPLE, folder)
    written = commands(EXAMPLE / "README.md")
    written.remove(f"mkdir {FOLDER}")
    (folder / FOLDER).mkdir()
    said = [ended(command, folder) for command in written]
    assert re.search(r"^right on \d\d% of 360 images$", said[-1], re.MULTILINE)
    return folder


def test_the_folder_of_the_output_holds_the_release(trained: Path) -> None:
    assert sorted(file.name for file in (trained / FOLDER).iterdir()) == KEPT
    declared = json.loads((trained / FOLDER / "privacy.json").read_text("utf-8"))["spec"]
    assert [each["path"] for each in declared["artifacts"]] == ["model.npz"]
    assert declared["privacy"]["evidence"][0]["sha256"]


def test_the_training_leaves_the_declaration_as_it_is(trained: Path) -> None:
    assert (trained / "privacy.yaml").read_bytes() == (EXAMPLE / "privacy.yaml").read_bytes()


def test_a_training_within_its_budget_passes(trained: Path) -> None:
    verdict = gatecli.check_release(trained / FOLDER / "privacy.json", policy=trained / "gatecli.yaml")
    assert verdict.passed
    (epsilon,) = (checked.measures["epsilonUpper"] for checked in verdict.checked)
    assert isinstance(epsilon, Fraction)
    assert 9 < epsilon <= 10


def test_a_model_that_was_not_trained_is_refused(trained: Path, tmp_path: Path) -> None:
    shutil.copytree(trained / FOLDER, tmp_path, dirs_exist_ok=True)
    model = tmp_path / "model.npz"
    model.write_bytes(model.read_bytes() + b"\n")
    verdict = gatecli.check_release(tmp_path / "privacy.json", policy=trained / "gatecli.yaml")
    assert {finding.rule.id for finding in verdict.findings} == {"release-artifact-digest-mismatch"}


def test_the_release_is_committed_to_its_ledger(trained: Path) -> None:
    assert "  1 release · " in ended("gatecli ledger show", trained)


def test_a_run_is_not_started_a_second_time(trained: Path, tmp_path: Path) -> None:
    (again,) = [each for each in commands(EXAMPLE / "README.md") if " flower run " in each]
    done = given(again.replace(f"--output {FOLDER}", f"--output {tmp_path}"), trained)
    assert done.returncode == 1
    assert "was published" in done.stderr
    assert not any(tmp_path.iterdir())


def test_the_page_and_the_readme_start_the_example_alike() -> None:
    entered, *page = commands(ROOT / "docs" / "federated.md")
    assert entered == "cd examples/flower-digits"
    assert page == commands(EXAMPLE / "README.md")


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
