"""What a comparison shows, in three formats that decide nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt

from gatecli.model.comparison import Comparison, compare
from gatecli.model.finding import Suppression
from gatecli.reports.changes import as_json, as_markdown, as_text
from gatecli.reports.escaping import visible
from gatecli.reports.interface import Style
from gatecli.reports.markdown import SUMMARY_LIMIT
from tests.support.recorded import RULES, finding, recorded
from tests.support.report_checks import is_workflow_command
from tests.support.verdicts import HOSTILE_TEXTS

ROOT = Path(__file__).parents[3]
FORMATS: list[Callable[[Comparison, Style], str]] = [as_text, as_json, as_markdown]


def changed() -> Comparison:
    forgiven = finding(RULES[1], "w", suppressed=Suppression("waiver", "later"))
    before = recorded(finding(content="gone"), finding(content="same"))
    return compare(
        before, recorded(finding(content="same"), finding(content="new"), forgiven, policy="1" * 64)
    )


def test_text_shows_what_is_new_what_is_fixed_and_one_summary_line() -> None:
    assert as_text(changed(), Style()) == (
        "a.yaml:1:1  error  pii-us-ssn\n"
        "  m new\n"
        "  fix: x\n"
        "a.yaml:1:1  fixed  pii-us-ssn\n"
        "the two runs used different policies, so a new finding need not be new in the files\n"
        "closed · 2 new (1 error, 1 suppressed) · 1 fixed · 1 unchanged\n"
    )


def test_more_text_also_shows_what_is_forgiven_and_what_stayed() -> None:
    shown = as_text(changed(), Style(verbosity=1))
    assert "a.yaml:1:1  new, waiver later  dp-missing-unit\n" in shown
    assert "a.yaml:1:1  unchanged  pii-us-ssn\n" in shown


def test_json_holds_findings_of_the_published_form() -> None:
    data = json.loads(as_json(changed(), Style()))
    schema = json.loads((ROOT / "docs/schemas/report-v1.json").read_text("utf-8"))
    form = Draft202012Validator({"$ref": "#/$defs/finding", "$defs": schema["$defs"]})
    for group in ("new", "fixed", "unchanged"):
        assert data["summary"][group] == len(data[group])
        for each in data[group]:
            form.validate(each)
    assert (data["schema"], data["exit_code"], data["policyChanged"]) == ("gatecli/diff/v1", 1, True)


def test_markdown_has_a_row_for_each_new_finding_that_counts() -> None:
    html = MarkdownIt("commonmark").enable("table").render(as_markdown(changed(), Style()))
    assert html.count("<tr>") == 2
    assert "gatecli diff: closed" in html


@pytest.mark.parametrize("show", FORMATS)
def test_a_stranger_s_text_stays_text(show: Callable[[Comparison, Style], str]) -> None:
    text = " ".join(HOSTILE_TEXTS)
    hostile = finding(path=text, message=text, subject=text, remediation=text)
    for pair in ((recorded(), recorded(hostile)), (recorded(hostile), recorded())):
        lines = show(compare(*pair), Style(verbosity=1)).split("\n")
        assert [line for line in lines if visible(line) != line or is_workflow_command(line)] == []


@pytest.mark.parametrize("show", FORMATS)
def test_a_run_that_is_no_evidence_says_so(show: Callable[[Comparison, Style], str]) -> None:
    shown = show(compare(recorded(), recorded(exit_code=4)), Style())
    assert "never a pass" in shown or json.loads(shown)["exit_code"] == 4


def test_markdown_of_very_many_findings_keeps_its_bound() -> None:
    many = recorded(*(finding(content=f"{at}" + "数" * 300) for at in range(3_000)))
    shown = as_markdown(compare(recorded(), many), Style())
    assert SUMMARY_LIMIT - 5_000 < len(shown.encode()) <= SUMMARY_LIMIT
    assert "more findings left out for length" in shown
