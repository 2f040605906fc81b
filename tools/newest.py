"""`make newest`: runs the suite on the newest version of everything, and writes what broke to `newest.md`.

Upper bounds are open, and the lock files are left alone. The report is the text of an issue: which packages
changed, what could not be installed, which tests failed.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".venv-newest"
REPORT = ROOT / "newest.md"
UPPER = frozenset({"<", "<=", "==", "~="})
SHOWN = 50
"""Tests and lines of output that a report shows."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run on the newest versions gave; `problem` is why the tests did not run to their end."""

    locked: Mapping[str, frozenset[str]]
    newest: Mapping[str, frozenset[str]]
    problem: str = ""
    failed: Sequence[str] = ()
    summary: str = ""

    @property
    def is_broken(self) -> bool:
        return bool(self.problem or self.failed)


def without_upper_bounds(line: str) -> str:
    """A requirement as it would be without its upper bounds."""
    requirement = Requirement(line)
    kept = (each for each in requirement.specifier if each.operator not in UPPER)
    requirement.specifier = SpecifierSet(",".join(sorted(map(str, kept))))
    return str(requirement)


def requirements(project: Mapping[str, Any]) -> list[str]:
    """What the project and its extras ask for, upper bounds open."""
    extras: Mapping[str, list[str]] = project["optional-dependencies"]
    lines = [*project["dependencies"], *chain.from_iterable(extras.values())]
    return sorted({without_upper_bounds(line) for line in lines if not line.startswith("gatecli[")})


def versions(lock: str) -> dict[str, frozenset[str]]:
    """The versions of each package of a lock file: there may be several, for several Pythons."""
    found: dict[str, frozenset[str]] = {}
    for name, version in re.findall(r"^([a-z0-9][\w.-]*)==([^\s;\\]+)", lock, re.MULTILINE):
        found[name] = found.get(name, frozenset()) | {version}
    return found


def report(outcome: Outcome) -> str:
    """The text of an issue."""
    changed = [
        f"| {name} | {', '.join(sorted(outcome.locked.get(name, {'—'})))} | {', '.join(sorted(found))} |"
        for name, found in sorted(outcome.newest.items())
        if not found <= outcome.locked.get(name, frozenset())
    ]
    title = "The newest versions break something" if outcome.is_broken else "The newest versions work"
    parts = [f"# {title}", ""]
    if outcome.problem:
        parts += ["The tests could not be run:", "", *quote_lines(outcome.problem.splitlines()), ""]
    if outcome.summary:
        parts += [outcome.summary, ""]
    if outcome.failed:
        parts += [f"- `{test}`" for test in outcome.failed[:SHOWN]]
        if len(outcome.failed) > SHOWN:
            parts.append(f"- and {len(outcome.failed) - SHOWN} more")
        parts.append("")
    table = ["| package | locked | newest |", "|---|---|---|", *changed]
    parts += table if changed else ["No package has a newer version than the lock file."]
    return "\n".join([*parts, "", "`make newest` does this again on your machine.", ""])


def quote_lines(lines: Iterable[str]) -> list[str]:
    return [f"> {line}" for line in list(lines)[-SHOWN:]]


def failures(results: str) -> tuple[list[str], int]:
    """The tests that failed, and how many there were, by pytest's JUnit file."""
    cases = list(ET.fromstring(results).iter("testcase"))  # noqa: S314 - our own pytest wrote it
    failed = {
        f"{case.get('classname')}::{case.get('name')}"
        for case in cases
        if case.find("failure") is not None or case.find("error") is not None
    }
    return sorted(failed), len(cases)


def outcome(tests: Sequence[str]) -> Outcome:
    """Resolve, install into an environment of its own, run the tests."""
    locked = versions((ROOT / "constraints.txt").read_text("utf-8"))
    FOLDER.mkdir(exist_ok=True)
    wanted, lock = FOLDER.with_suffix(".in"), FOLDER.with_suffix(".txt")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted.write_text("\n".join(requirements(project)) + "\n", "utf-8")
    try:
        uv = Path(sys.executable).with_name("uv")
        resolving = [str(uv), "pip", "compile", "--quiet", "--generate-hashes", "--no-header", str(wanted)]
        done = run([*resolving, "--output-file", str(lock)])
        if done.returncode:
            return Outcome(locked, {}, done.stderr)
        newest = versions(lock.read_text("utf-8"))
        installing = [sys.executable, str(ROOT / "tools/install.py"), str(FOLDER), "--editable"]
        # Unchecked: gatecli itself still asks for what is below its upper bounds.
        done = run([*installing, "--unchecked", str(lock)])
        if done.returncode:
            return Outcome(locked, newest, done.stderr)
    finally:
        wanted.unlink(missing_ok=True)
        lock.unlink(missing_ok=True)
    return run_tests(Outcome(locked, newest), tests)


def run_tests(installed: Outcome, tests: Sequence[str]) -> Outcome:
    """What the tests say of what was installed."""
    results = FOLDER / "junit.xml"
    results.unlink(missing_ok=True)
    pytest = [str(FOLDER / "bin/python"), "-m", "pytest", "--numprocesses", "auto"]
    ran = run([*pytest, f"--junitxml={results}", *tests])
    if not results.exists():
        return replace(installed, problem=ran.stdout + ran.stderr)
    failed, count = failures(results.read_text("utf-8"))
    if ran.returncode and not failed:
        return replace(installed, problem=ran.stdout + ran.stderr)
    return replace(installed, failed=failed, summary=f"{len(failed)} of {count} tests failed.")


def run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def main(tests: Sequence[str]) -> int:
    """Write the report; 1 where something broke. `tests` are for pytest, by default the quick ones."""
    found = outcome(tests or ["--quick"])
    REPORT.write_text(report(found), "utf-8")
    print(report(found))
    return int(found.is_broken)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
