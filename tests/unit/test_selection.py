"""`--quick` leaves out what needs a server or a rare package, and says so."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.support.selection import summary

ROOT = Path(__file__).resolve().parents[2]
TESTS = {
    "tests/e2e/test_a.py": "def test_a(): pass\ndef test_b(): pass\n",
    "tests/browser/test_a.py": "def test_a(): pass\n",
    "tests/terraform/test_a.py": """
import pytest
@pytest.mark.parametrize("command", ["system", "library"])
def test_a(command): pass
""",
}
LINE = (
    "not run: 2 tests that need a Kubernetes API server, 1 a browser, 1 a second Terraform: "
    "make test-all runs them"
)


@pytest.fixture(name="folder")
def tiny_suite(tmp_path: Path) -> Path:
    for name, text in TESTS.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_text(text, "utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib\n", "utf-8")
    return tmp_path


def run(folder: Path, *options: str, **variables: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.support.selection", "-rs", *options],
        cwd=folder,
        env={"PATH": "/nowhere", "PYTHONPATH": str(ROOT), "HOME": str(folder), **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.stdout


@pytest.mark.parametrize("workers", ["0", "2"])
def test_what_is_left_out_is_counted_once_in_one_line(folder: Path, workers: str) -> None:
    printed = run(folder, "--quick", f"--numprocesses={workers}")
    assert printed.count("not run: ") == 1
    assert LINE in printed.splitlines()
    assert "1 passed" in printed


def test_without_the_option_nothing_is_left_out(folder: Path) -> None:
    printed = run(folder, "tests/e2e")
    assert "2 passed" in printed
    assert "not run" not in printed


def test_what_is_missing_is_skipped_with_its_reason(folder: Path) -> None:
    assert "no chromium; on Debian" in run(folder, "tests/browser")


def test_what_is_missing_fails_in_ci(folder: Path) -> None:
    printed = run(folder, "tests/browser", CI="1")
    assert "1 error" in printed
    assert "no chromium; on Debian" in printed


def test_one_test_needs_and_nothing_left_out_says_nothing() -> None:
    assert summary(Counter({"Spark": 1})) == "not run: 1 test that needs Spark: make test-all runs them"
    assert summary(Counter()) == ""
