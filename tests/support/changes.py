"""A repository with a target branch and a change to it, judged by the law of the target."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.check_runs import check
from tests.support.repositories import git, repository, write

SSN = "536-22-1234"
OTHER = "536-22-4321"
POLICY = """\
apiVersion: gatecli.dev/v1
kind: PrivacyPolicy
metadata: {name: acme}
spec:
  extends: default
  release: {maxWaiverDays: 36500}
  check: {only: [pii]}
"""
WAIVER = """\
apiVersion: gatecli.dev/v1
kind: PrivacyWaiver
metadata: {name: NAME}
spec: {rule: pii-us-ssn, subject: "PATH", reason: known, owner: team-a, expires: 2099-03-31}
"""
ALLOW = "# gatecli: allow pii-us-ssn -- a made-up number until 2099-03-31 by team-a"
LAW = frozenset({"allowance-added", "baseline-grown", "policy-changed", "waiver-added"})


def waiver(name: str, path: str) -> str:
    """A waiver of the numbers in a file."""
    return WAIVER.replace("NAME", name).replace("PATH", path)


def policy(*lines: str) -> str:
    """The policy, with more lines in its `spec`."""
    return POLICY + "".join(f"  {line}\n" for line in lines)


@dataclass(frozen=True)
class Told:
    """How a run ended, and what it reported."""

    code: int
    report: dict[str, Any]

    @property
    def law(self) -> list[str]:
        """The rules about the law that were broken, sorted, each as often as it was."""
        return sorted(each["rule"] for each in self.report["findings"] if each["rule"] in LAW)

    def of(self, rule: str) -> list[dict[str, Any]]:
        """The findings of a rule."""
        return [each for each in self.report["findings"] if each["rule"] == rule]

    @property
    def counted(self) -> list[str]:
        """The files with a number that counts."""
        return [each["path"].rpartition("/")[2] for each in self.of("pii-us-ssn") if not each["suppressed"]]


@dataclass(frozen=True)
class Change:
    """A repository at `root`: `main` has the law, the branch that is checked out the change."""

    root: Path

    def write(self, files: Mapping[str, str]) -> None:
        """Files of the change, committed."""
        write(self.root, files)
        self.commit()

    def commit(self) -> None:
        """Everything as it is now."""
        git(self.root, "add", "-A", "-f")
        git(self.root, "commit", "-q", "--allow-empty", "-m", "change")

    def judge(self, *arguments: str | Path, revision: str = "main") -> Told:
        """`gatecli check` by the law of the target."""
        code, text = check(self.root, "--policy-from", revision, *arguments)
        return Told(code, json.loads(text))

    def judge_as_it_stands(self, *arguments: str | Path) -> Told:
        """`gatecli check` by the law of the change."""
        code, text = check(self.root, *arguments)
        return Told(code, json.loads(text))


def change(root: Path, files: Mapping[str, str]) -> Change:
    """A change to a target branch that holds `files`."""
    repository(root, files)
    git(root, "checkout", "-q", "-b", "change")
    return Change(root)
