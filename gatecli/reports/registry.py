"""The list of report formats: a new one costs its file and its line here."""

from __future__ import annotations

from enum import StrEnum
from typing import cast

from gatecli import package
from gatecli.errors import UsageError
from gatecli.reports.interface import Report


class ReportFormat(StrEnum):
    """What `--format` and `--report` may name; each is a module of this package, imported when asked for."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    JUNIT = "junit"
    GITHUB = "github"
    MARKDOWN = "markdown"
    HTML = "html"


_MODULES = {ReportFormat.HTML: "html.rendering", ReportFormat.JSON: "json_v1"}
"""Modules that are not called as their format is."""


def report(name: str) -> Report:
    """The format of that name. Raises `UsageError` where there is none."""
    if name not in set(ReportFormat):
        raise UsageError(
            f"there is no report format {name!r}", advice=f"choose one of {', '.join(ReportFormat)}"
        )
    return cast("Report", package.module(f"reports.{_MODULES.get(ReportFormat(name), name)}"))


def all_reports() -> tuple[Report, ...]:
    """Every format, in the order of the list."""
    return tuple(map(report, ReportFormat))
