from __future__ import annotations

from typing import ClassVar

from gatecli.reports import github, json_v1, junit, markdown, sarif, text
from gatecli.reports.html import rendering
from gatecli.reports.interface import Report
from gatecli.reports.registry import all_reports
from tests.contract.report_suite import ReportSuite


class TestText(ReportSuite):
    report: ClassVar[Report] = text
    styled = True


class TestJson(ReportSuite):
    report: ClassVar[Report] = json_v1


class TestSarif(ReportSuite):
    report: ClassVar[Report] = sarif
    longest = 10 * 1024 * 1024


class TestJunit(ReportSuite):
    report: ClassVar[Report] = junit


class TestGithub(ReportSuite):
    report: ClassVar[Report] = github
    longest = 31 * 5_000


class TestMarkdown(ReportSuite):
    report: ClassVar[Report] = markdown
    longest = 1_048_576


class TestHtml(ReportSuite):
    report: ClassVar[Report] = rendering
    longest = 4 * 1024 * 1024


def test_every_registered_report_has_a_suite() -> None:
    assert {suite.report.name for suite in ReportSuite.__subclasses__()} == {
        known.name for known in all_reports()
    }
