"""What every gate command is given, and how each begins and ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import typer

from gatecli.frontdoor.options import (
    BaselineFile,
    Colour,
    ColourMode,
    ExitZero,
    FailOn,
    OutputFormat,
    PolicyFile,
    PolicyFrom,
    Quiet,
    ReportFiles,
    ReportFormat,
    Verbose,
    WaiverFiles,
)
from gatecli.frontdoor.publish import publish, report_targets, style_of
from gatecli.gates.judgement import JudgementTerms
from gatecli.gates.law import read_law, terms_of
from gatecli.gates.policies import LawFiles
from gatecli.model.finding import Severity
from gatecli.model.policy import PrivacyPolicy
from gatecli.model.verdict import Verdict


@dataclass(frozen=True, slots=True)
class GateOptions:
    """The options that all gates share."""

    policy: PolicyFile = None
    policy_from: PolicyFrom = None
    waivers: WaiverFiles = None
    fail_on: FailOn = Severity.ERROR
    baseline: BaselineFile = None
    exit_zero: ExitZero = False
    output: OutputFormat = ReportFormat.TEXT
    reports: ReportFiles = None
    color: ColourMode = Colour.AUTO
    verbose: Verbose = 0
    quiet: Quiet = False


@dataclass(frozen=True, slots=True)
class Session:
    """One run of a gate: its terms, when it began, and where its verdict goes."""

    terms: JudgementTerms
    now: datetime
    options: GateOptions
    targets: dict[Path, ReportFormat]

    @property
    def policy(self) -> PrivacyPolicy:
        """The policy that judges."""
        return self.terms.policy

    @property
    def draws(self) -> bool:
        """Whether a report with pictures is asked for."""
        return ReportFormat.HTML in {self.options.output, *self.targets.values()}

    def end(self, verdict: Verdict) -> typer.Exit:
        """Show and write the verdict; what to raise then."""
        given = self.options
        style = style_of(given.color, verbose=given.verbose, quiet=given.quiet)
        return typer.Exit(publish(verdict, given.output, self.targets, style))


def begin(given: GateOptions, start: Path) -> Session:
    """Read what judges; the policy is looked for from `start` upward.

    Raises UsageError for reports and revisions that cannot be, ConfigurationError for a policy, waiver or
    baseline that cannot be used: before anything is judged.
    """
    targets = report_targets(given.reports or ())
    files = LawFiles(start, given.policy, given.waivers or (), given.baseline)
    law = read_law(files, given.policy_from)
    now = datetime.now(UTC)
    terms = terms_of(law, now.date(), given.fail_on, exit_zero=given.exit_zero)
    return Session(terms, now, given, targets)
