"""`gatecli audit engines`: what two tests find in the libraries that are installed here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import typer

from gatecli.audit.attack import Effort
from gatecli.audit.engines import ENGINE_EFFORT, EngineReport, audit_engines
from gatecli.audit.wording import sentence
from gatecli.audit.worker import SandboxLimits
from gatecli.cli.audit_mechanism import (
    Alpha,
    AuditOutput,
    MemoryBudget,
    Samples,
    Seed,
    TimeBudget,
    read_alpha,
)
from gatecli.cli.audit_output import AuditFormat
from gatecli.cli.yaml_output import json_text, table
from gatecli.errors import NothingToCheckError
from gatecli.frontdoor.console import err, out
from gatecli.model.audit import AuditOutcome, AuditResult, audit_document
from gatecli.model.engine import flaw_of
from gatecli.model.verdict import ExitCode


def engines(
    alpha: Alpha = "0.001",
    samples: Samples = ENGINE_EFFORT.samples,
    time_budget: TimeBudget = 30.0,
    memory: MemoryBudget = 2.0,
    seed: Seed = 0,
    output: AuditOutput = AuditFormat.TEXT,
) -> None:
    """Attack the mechanisms of every library of differential privacy that is installed here.

    numpy is the known bad example: that it is refuted shows that the tests work, and closes nothing.
    """
    effort = replace(Effort.of(read_alpha(alpha), samples, seed), sharpen=ENGINE_EFFORT.sharpen)
    limits = SandboxLimits.of(time_budget, memory)
    reports = audit_engines(effort, limits, notify=lambda text: err(f"gatecli: {text} …\n"))
    if all(each.engine.is_known_bad or not each.version for each in reports):
        raise NothingToCheckError(
            "no library of differential privacy is installed here",
            advice="run it in the environment of what you ship",
        )
    results = [result for each in reports for result in each.results]
    out(json_text(audit_document(results)) if output is AuditFormat.JSON else _text(reports))
    raise typer.Exit(engines_exit_code(reports))


def engines_exit_code(reports: Sequence[EngineReport]) -> ExitCode:
    """1 where a library is refuted, 4 where one could not be run or a known bad example passes, else 0."""
    if any(each.is_refuted and not each.engine.is_known_bad for each in reports):
        return ExitCode.CLOSED
    is_blunt = any(each.engine.is_known_bad and each.version and not each.is_refuted for each in reports)
    is_broken = any(each.could_not_run for each in reports)
    return ExitCode.UNCHECKABLE if is_blunt or is_broken else ExitCode.OPEN


def _text(reports: Sequence[EngineReport]) -> str:
    rows = [
        {"library": each.engine.name, "version": each.version or "-", "mechanism": each.mechanism, **found}
        for each in reports
        for found in _findings(each)
    ]
    return table(rows) + "\n"


def _findings(report: EngineReport) -> list[dict[str, str]]:
    if not report.version:
        return [{"test": "-", "found": "not installed: not tested"}]
    return [{"test": each.method, "found": sentence(each) + _reason(report, each)} for each in report.results]


def _reason(report: EngineReport, result: AuditResult) -> str:
    """What a refutation means, and what follows from it here."""
    if result.outcome is not AuditOutcome.REFUTED:
        return ""
    if report.engine.is_known_bad:
        return f": {result.reason} (the known bad example)"
    is_refused = flaw_of(report.engine.name, report.mechanism) is not None
    return f": {result.reason}" + ("; gatecli does not draw noise by it" if is_refused else "")
