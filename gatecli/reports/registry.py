"""The list of report formats: a new one costs its file and its line here."""

from __future__ import annotations

from gatecli.errors import UsageError
from gatecli.reports import github, html, json_v1, junit, markdown, sarif, text
from gatecli.reports.interface import Report

REPORTS: tuple[Report, ...] = (text, json_v1, sarif, junit, github, markdown, html)


def report(name: str) -> Report:
    """The format of that name. Raises `UsageError` where there is none."""
    for known in REPORTS:
        if known.name == name:
            return known
    choices = ", ".join(known.name for known in REPORTS)
    raise UsageError(f"there is no report format {name!r}", advice=f"choose one of {choices}")
