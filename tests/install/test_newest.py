"""`make newest`: what it asks for, and the issue that it writes."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tools.newest import Outcome, failures, report, requirements, versions, without_upper_bounds

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("line", "opened"),
    [
        ("sqlglot<30.11", "sqlglot"),
        ("pyspark[connect]>=4,<5", "pyspark[connect]>=4"),
        ("a~=1.2", "a"),
        ("b==1.0; python_version >= '3.12'", 'b; python_version >= "3.12"'),
        ("c!=1.5,>=1", "c!=1.5,>=1"),
    ],
)
def test_upper_bounds_are_open(line: str, opened: str) -> None:
    assert without_upper_bounds(line) == opened


def test_everything_that_the_project_asks_for_is_asked_for_once() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = requirements(project)
    assert {"sqlglot", "dp-accounting>=0.6", "kopf>=1.45", "pytest>=9"} <= set(asked)
    assert not any(line.startswith("gatecli") or "<" in line.partition(";")[0] for line in asked)


def test_a_lock_s_versions_are_read() -> None:
    lock = "a==1.0 \\\n    --hash=sha256:0\nb-c==2 ; python_full_version < '3.12' \\\n    # via a\n"
    assert versions(lock) == {"a": "1.0", "b-c": "2"}


def test_failed_tests_are_named() -> None:
    output = (
        "FAILED tests/a.py::test_x[1] - AssertionError: no\nERROR tests/b.py - ImportError\n"
        "===== 2 failed, 10 passed, 1 error in 3.2s =====\n"
    )
    assert failures(output) == (
        ["tests/a.py::test_x[1]", "tests/b.py"],
        "2 failed, 10 passed, 1 error in 3.2s",
    )
    assert failures("10 passed in 3.2s (0:00:03)\n") == ([], "10 passed in 3.2s (0:00:03)")


def test_the_issue_says_what_changed_and_what_broke() -> None:
    outcome = Outcome(
        {"a": "1.0", "b": "2.0"},
        {"a": "1.1", "b": "2.0", "c": "0.1"},
        failed=("tests/a.py::test_x",),
        summary="1 failed, 9 passed in 3s",
    )
    assert outcome.is_broken
    assert report(outcome) == (
        "# The newest versions break something\n\n1 failed, 9 passed in 3s\n\n- `tests/a.py::test_x`\n\n"
        "| package | locked | newest |\n|---|---|---|\n| a | 1.0 | 1.1 |\n| c | — | 0.1 |\n\n"
        "`make newest` does this again on your machine.\n"
    )


def test_versions_that_cannot_be_installed_are_reported() -> None:
    outcome = Outcome({"a": "1.0"}, {}, problem="error: no solution\nbecause a and b")
    assert outcome.is_broken
    assert "They could not be installed:\n\n> error: no solution\n> because a and b\n" in report(outcome)


def test_versions_that_work_are_no_issue() -> None:
    outcome = Outcome({"a": "1.0"}, {"a": "1.0"}, summary="10 passed")
    assert not outcome.is_broken
    assert report(outcome).startswith("# The newest versions work\n")
    assert "No package has a newer version than the lock file." in report(outcome)
