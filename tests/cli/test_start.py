"""What a start imports: a gate that is slow to start is a gate people turn off."""

from __future__ import annotations

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
print("\\n".join(sorted(name for name in sys.modules if "." not in name)), file=sys.stderr)
sys.exit(code)
"""

DECLARATION_WITHOUT_EPSILON = """\
apiVersion: gatecli.dev/v1
kind: ModelRelease
metadata: {name: m, version: "1"}
spec:
  sensitivity: low
  privacy: {unit: person, neighbouring: add-remove, delta: 1.0e-6}
"""


def modules_after(*arguments: str) -> tuple[int, set[str]]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, set(done.stderr.split())


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
