"""What a start imports: a gate that is slow to start is a gate people turn off."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "numpy",
    "scipy",
    "dp_accounting",
    "prv_accountant",
    "opendp",
    "presidio_analyzer",
    "spacy",
    "duckdb",
)

SCRIPT = """
import sys
from gatecli.cli.app import main
code = main(sys.argv[1:])
print("\\n".join(sorted(sys.modules)), file=sys.stderr)
sys.exit(code)
"""

PLAN = Path(__file__).parents[1] / "rules/tf-dataset-ungated/fail/plan.json"
MOST_MODULES_OF_A_SCAN = 115

DECLARATION_WITHOUT_EPSILON = """\
apiVersion: gatecli.dev/v1
kind: ModelRelease
metadata: {name: m, version: "1"}
spec:
  sensitivity: low
  privacy: {unit: person, neighbouring: add-remove, delta: 1.0e-6}
"""


def modules_after(*arguments: str, folder: Path | None = None) -> tuple[int, set[str]]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, set(done.stderr.split())


def ours(modules: set[str]) -> set[str]:
    return {name for name in modules if name.split(".")[0] == "gatecli"}


def test_a_version_imports_no_model_and_no_parser() -> None:
    code, modules = modules_after("--version")
    assert code == 0
    assert modules & {*HEAVY, "pydantic", "yaml", "rich"} == set()


@pytest.mark.parametrize(
    "command", [["rules"], ["explain", "dp-missing-epsilon"], ["schema", "ModelRelease"]]
)
def test_looking_something_up_imports_nothing_heavy(command: list[str]) -> None:
    code, modules = modules_after(*command)
    assert code == 0
    assert modules & set(HEAVY) == set()


def test_a_declaration_that_needs_no_accountant_imports_none(tmp_path: Path) -> None:
    (tmp_path / "privacy.yaml").write_text(DECLARATION_WITHOUT_EPSILON)
    code, modules = modules_after("release", "check", str(tmp_path))
    assert code == 1
    assert modules & {*HEAVY, "rich"} == set()


@pytest.mark.parametrize(
    ("command", "file", "others"),
    [
        (["pii", "scan"], "a.yaml", {"accounting", "anonymity", "cache", "sources.plan"}),
        (
            ["release", "check"],
            "privacy.yaml",
            {"anonymity", "sources.plan", "checks.terraform.plan_findings"},
        ),
        (["terraform", "check"], "plan.json", {"accounting", "anonymity", "checks.release.registry"}),
    ],
)
def test_a_gate_loads_no_engine_but_its_own(
    tmp_path: Path, command: list[str], file: str, others: set[str]
) -> None:
    shutil.copy(PLAN, tmp_path / "plan.json")
    (tmp_path / "privacy.yaml").write_text(DECLARATION_WITHOUT_EPSILON, "utf-8")
    (tmp_path / "a.yaml").write_text("a: 1\n", "utf-8")
    code, modules = modules_after(*command, str(tmp_path / file))
    assert code in {0, 1}
    assert {name for name in others if f"gatecli.{name}" in modules} == set()


@pytest.mark.parametrize(("name", "text"), [("a.txt", "hello\n"), ("a.yaml", "a: 1\nb: {c: 2}\n")])
def test_the_scan_of_a_file_loads_few_modules(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    code, modules = modules_after("pii", "scan", name, folder=tmp_path)
    assert code == 0
    assert len(ours(modules)) <= MOST_MODULES_OF_A_SCAN
