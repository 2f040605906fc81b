from __future__ import annotations

import pytest

from gatecli.errors import UsageError
from gatecli.reports.registry import all_reports, report


def test_the_formats_are_those_of_the_contract() -> None:
    names = ["text", "json", "sarif", "junit", "github", "markdown", "html"]
    assert [known.name for known in all_reports()] == names


@pytest.mark.parametrize("name", [known.name for known in all_reports()])
def test_a_report_is_found_by_name(name: str) -> None:
    assert report(name).name == name


def test_an_unknown_format_is_refused_with_the_choices() -> None:
    with pytest.raises(UsageError, match="no report format 'yaml'") as refused:
        report("yaml")
    assert refused.value.advice == "choose one of text, json, sarif, junit, github, markdown, html"
