"""Whether an audit finds of a library what the table of flaws says of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from gatecli.audit.attack import Effort
from gatecli.audit.engines import ENGINE_EFFORT, EngineReport, audit_engines
from gatecli.model.audit import AuditOutcome
from gatecli.model.engine import ENGINES, FLAWS

FEW = replace(Effort.of(Fraction(1, 1000), 4000, 0), sharpen=ENGINE_EFFORT.sharpen)
BY_NAME = {engine.name: engine for engine in ENGINES}


def flaws_found(reports: Sequence[EngineReport]) -> set[tuple[str, str, str]]:
    """Which mechanisms were refuted, and why."""
    return {
        (report.engine.name, report.mechanism, result.reason)
        for report in reports
        for result in report.results
        if result.outcome is AuditOutcome.REFUTED
    }


def finds_what_is_refused(name: str) -> bool:
    """Attack a library that is installed here: all of it could be run, and what is found is in the table."""
    reports = audit_engines(FEW, engines=[BY_NAME[name]])
    assert all(report.version for report in reports), f"{name} is not installed"
    assert not any(report.could_not_run for report in reports)
    expected = {(each.engine, each.mechanism, str(each.reason)) for each in FLAWS if each.engine == name}
    return flaws_found(reports) == expected
