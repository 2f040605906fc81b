"""What every call begins and ends with. Here alone the library reads the clock and the environment."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeAlias

from gatecli.checks.personal_data import Search, search_of
from gatecli.errors import UsageError
from gatecli.gates import policies
from gatecli.gates.concealment import without_values
from gatecli.gates.judgement import JudgementTerms
from gatecli.gates.law import read_law, terms_of
from gatecli.gates.policies import LawFiles
from gatecli.model import verdict as model
from gatecli.model.anonymity import Thresholds
from gatecli.model.finding import Severity
from gatecli.model.policy import PrivacyPolicy
from gatecli.reports.interface import Style
from gatecli.reports.json_v1 import render

File: TypeAlias = str | os.PathLike[str]

clock = time.monotonic
"""Seconds that only grow, for budgets of time."""


@dataclass(frozen=True, slots=True)
class Verdict(model.Verdict):
    """What a gate decided, and everything that it decided it from. It holds no detected personal value.

    `passed` is true where something was checked, everything could be checked, and nothing reached `fail_on`.
    `findings` are sorted, the worst first, and include those that a waiver, a comment or a baseline forgives
    (`finding.suppressed`). `exit_code` is that of the command line: 0 open, 1 closed, 3 nothing to check,
    4 could not check.
    """

    def to_json(self) -> str:
        """The JSON report (`gatecli/report/v1`), byte for byte what `--format json` shows."""
        return render(self, Style())


@dataclass(frozen=True, slots=True)
class Call:
    """What a call is judged by, and when it was made."""

    terms: JudgementTerms
    moment: datetime

    @property
    def policy(self) -> PrivacyPolicy:
        """The policy that judges."""
        return self.terms.policy

    @property
    def search(self) -> Search:
        """The search for personal data that the policy asks for."""
        return search_of(self.policy.spec.pii)


def begin(
    start: Path,
    policy: PrivacyPolicy | File | None,
    waivers: Sequence[File],
    today: date | None,
    fail_on: Severity,
    baseline: File | None,
    policy_from: str | None,
) -> Call:
    """What judges; a policy that is not given is looked for from `start` upward. Raises GatecliError."""
    files = LawFiles(
        start,
        policy if policy is None or isinstance(policy, PrivacyPolicy) else Path(policy),
        [Path(file) for file in waivers],
        None if baseline is None else Path(baseline),
    )
    law = read_law(files, policy_from)
    now = datetime.now(UTC) if today is None else _end_of(today)
    return Call(terms_of(law, now.date(), fail_on), now)


def _end_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=UTC)


def end(verdict: model.Verdict) -> Verdict:
    """The verdict as a caller may see it: personal data in paths and messages is masked."""
    shown = without_values(verdict)
    return Verdict(**{field.name: getattr(shown, field.name) for field in fields(model.Verdict)})


def tier_thresholds(tier: str | None, policy: PrivacyPolicy) -> Thresholds:
    """What a tier of the policy demands. Raises UsageError for one that it does not have."""
    tiers = policy.spec.tiers
    if tier is not None and tier not in tiers:
        known = ", ".join(sorted(tiers)) or "none"
        raise UsageError(f"the policy has no tier {tier!r}", advice=f"its tiers are {known}")
    return tiers[tier].thresholds if tier is not None else Thresholds()


def paths_of(path: File | Sequence[File]) -> list[Path]:
    """One path or several. Raises UsageError for none."""
    paths = [Path(path)] if isinstance(path, str | os.PathLike) else [Path(each) for each in path]
    if not paths:
        raise UsageError("no path is given", advice="name a file or a folder")
    return paths


def environment() -> Mapping[str, str]:
    """What a program that is started inherits."""
    return dict(os.environ)


def read_policy(path: File) -> PrivacyPolicy:
    """The policy in a file, over all that it extends. Its waivers are not part of it.

    Raises GatecliError (exit code 2) for a policy that cannot be used; every problem is in its message.
    """
    return policies.read_policy(Path(path), Path(path)).policy
