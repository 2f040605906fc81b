"""`make newest`: what it asks for, and the issue that it writes."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tools.newest import Outcome, failures, report, requirements, versions, without_upper_bounds

ROOT = Path(__file__).resolve().parents[2]


def pinned(**versions: str) -> dict[str, frozenset[str]]:
    return {name: frozenset({version}) for name, version in versions.items()}


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
    old, new = "b-c==2 ; python_full_version < '3.12'", "b-c==3 ; python_full_version >= '3.12'"
    lock = f"a==1.0 \\\n    --hash=sha256:0\n{old} \\\n    # via a\n{new} \\\n"
    assert versions(lock) == {"a": {"1.0"}, "b-c": {"2", "3"}}


def test_failed_tests_are_named() -> None:
    broken = '<testcase classname="tests.b" name="y[1]"><{kind} message="no"/></testcase>'
    cases = [broken.format(kind="failure"), broken.format(kind="error"), '<testcase classname="a" name="x"/>']
    results = f"<testsuites><testsuite>{''.join(cases)}</testsuite></testsuites>"
    assert failures(results) == (["tests.b::y[1]"], 3)


def test_the_issue_says_what_changed_and_what_broke() -> None:
    outcome = Outcome(
        pinned(a="1.0", b="2.0"),
        pinned(a="1.1", b="2.0", c="0.1"),
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
    outcome = Outcome(pinned(a="1.0"), {}, problem="error: no solution\nbecause a and b")
    assert outcome.is_broken
    assert "The tests could not be run:\n\n> error: no solution\n> because a and b\n" in report(outcome)


def test_versions_that_work_are_no_issue() -> None:
    outcome = Outcome(pinned(a="1.0"), pinned(a="1.0"), summary="10 passed")
    assert not outcome.is_broken
    assert report(outcome).startswith("# The newest versions work\n")
    assert "No package has a newer version than the lock file." in report(outcome)
