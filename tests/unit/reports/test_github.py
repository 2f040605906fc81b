from __future__ import annotations

from dataclasses import replace

from gatecli.model.document import Place
from gatecli.model.finding import Severity
from gatecli.model.verdict import decide
from gatecli.reports import github
from gatecli.reports.interface import Style
from tests.support.verdicts import CASES, POLICY, many, understated


def lines_of(case: str) -> list[str]:
    return github.render(CASES[case](), Style()).splitlines()


def test_percent_is_escaped_first() -> None:
    assert github.escape_data("100%\r\n%0A:,") == "100%25%0D%0A%250A:,"
    assert github.escape_property("a:b,c%\n") == "a%3Ab%2Cc%25%0A"


def test_an_annotation_stands_at_its_line() -> None:
    finding = replace(understated(), place=Place("a,b:c.yaml", 3, 5), message="50 % at a:b", remediation="")
    first, _ = github.render(decide("release", POLICY, (), (finding,)), Style()).splitlines()
    assert first == "::error file=a%2Cb%3Ac.yaml,line=3,col=5,title=dp-understated-epsilon::50 %25 at a:b"


def test_levels_are_those_of_the_runner_and_the_worst_comes_first() -> None:
    assert [line.split(" ")[0] for line in lines_of("warned")[:-1]] == ["::warning", "::notice"]
    assert [line.split(" ")[0] for line in lines_of("uncheckable")[:-1]] == [
        "::error",
        "::error",
        "::warning",
    ]
    assert "title=could not check%3A source-unreadable" in lines_of("uncheckable")[0]


def test_ten_of_a_level_are_shown_as_they_are() -> None:
    lines = github.render(many(10), Style()).splitlines()
    assert len(lines) == 11
    assert "more" not in lines[-2]


def test_the_tenth_of_too_many_says_how_many_more() -> None:
    lines = github.render(many(12, Severity.WARNING), Style()).splitlines()
    assert len(lines) == 11
    assert lines[-2].startswith("::warning title=gatecli::and 3 more warnings")


def test_suppressed_findings_are_not_annotated() -> None:
    forgiven, summary = lines_of("suppressed")
    assert summary == "open · 1 suppressed · policy default · checked 1 release"
    assert forgiven.startswith("forgiven 1 finding of dp-epsilon-over-tier by waiver legacy-churn")


def test_nothing_to_check_is_annotated() -> None:
    assert lines_of("nothing")[0] == "::error title=gatecli::nothing was checked: that is never a pass"


def test_a_long_message_is_cut() -> None:
    finding = replace(understated(), message="x" * 100_000)
    assert len(github.render(decide("release", POLICY, (), (finding,)), Style())) < 10_000
