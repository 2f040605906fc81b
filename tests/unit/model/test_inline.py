from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from gatecli.model.document import Place
from gatecli.model.finding import Finding, Rule, Severity, Suppression, make_finding
from gatecli.model.inline import AllowanceLimits, InlineAllowance, apply_allowances, inline_allowances
from gatecli.model.text import RawText

SSN = Rule("pii-us-ssn", Severity.ERROR, "a number")
LOST = Rule("pii-unreadable", Severity.ERROR, "unread", uncheckable=True)
TODAY = date(2026, 11, 21)
ALLOW = "gatecli: allow pii-us-ssn -- a made-up number until 2027-01-31"


def text(content: str) -> RawText:
    return RawText("a.yaml", content, "yaml")


def judged(content: str, *lines: int, rule: Rule = SSN) -> list[tuple[str, str]]:
    findings = [make_finding(rule, "m", subject="s", place=Place("a.yaml", line), mend="") for line in lines]
    after = apply_allowances(findings, [inline_allowances(text(content), {"pii-us-ssn"})], TODAY)
    return [(item.rule.id, item.suppressed.by if item.suppressed else "") for item in after]


@pytest.mark.parametrize(
    "comment",
    [
        f"# {ALLOW}",
        f"// {ALLOW}",
        f"-- {ALLOW}",
        f"; {ALLOW}",
        f"<!-- {ALLOW} -->",
        f"/* {ALLOW} */",
        f"{{{{/* {ALLOW} */}}}}",
        f"{{{{- /* {ALLOW} */ -}}}}",
    ],
)
def test_every_style_of_comment_is_understood(comment: str) -> None:
    line = f"ssn: 1 {comment}\r\nnext: 2"
    (item,) = inline_allowances(text(line), {"pii-us-ssn"}).valid
    assert item == InlineAllowance("pii-us-ssn", "a made-up number", date(2027, 1, 31), 1, 8, 1)


def test_a_comment_behind_a_value_covers_its_own_line_only() -> None:
    content = f"ssn: 1  # {ALLOW}\nssn: 2\n"
    assert judged(content, 1, 2) == [("pii-us-ssn", "inline"), ("pii-us-ssn", "")]


def test_a_comment_alone_covers_the_next_line_only() -> None:
    content = f"  # {ALLOW}\nssn: 1\nssn: 2\n"
    assert judged(content, 2, 3) == [("pii-us-ssn", "inline"), ("pii-us-ssn", "")]


def test_comments_that_stand_below_each_other_cover_the_same_line() -> None:
    content = f"# {ALLOW}\n# {ALLOW.replace('made-up', 'second')}\nssn: 1\n"
    read = inline_allowances(text(content), {"pii-us-ssn"})
    assert [item.covers for item in read.valid] == [3, 3]


def test_an_expired_allowance_forgives_nothing_and_is_said() -> None:
    content = f"ssn: 1 # {ALLOW.replace('2027', '2025')}"
    assert judged(content, 1) == [("pii-us-ssn", ""), ("pii-allow-expired", "")]


def test_an_allowance_holds_on_its_last_day() -> None:
    content = f"ssn: 1 # {ALLOW.replace('2027-01-31', '2026-11-21')}"
    assert judged(content, 1) == [("pii-us-ssn", "inline")]


def test_an_allowance_that_forgives_nothing_is_said() -> None:
    assert judged(f"ssn: 1 # {ALLOW}") == [("pii-allow-unused", "")]


def test_an_allowance_does_not_forgive_what_could_not_be_checked() -> None:
    content = f"x # {ALLOW.replace('pii-us-ssn', 'pii-us-ssn')}"
    assert judged(content, 1, rule=LOST) == [("pii-unreadable", ""), ("pii-allow-unused", "")]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("allow", "is not of the form"),
        ("allow pii-us-ssn", "is not of the form"),
        ("allow pii-us-ssn until 2027-01-31", "is not of the form"),
        ("allow pii-us-ssn -- until 2027-01-31", "is not of the form"),
        ("allow pii-us-ssn -- reason", "is not of the form"),
        ("ignore pii-us-ssn -- reason until 2027-01-31", "is not of the form"),
        ("allow pii-us-sns -- reason until 2027-01-31", "names a rule that does not exist"),
        ("allow pii-us-ssn -- reason until 2027-02-30", "has a date that does not exist"),
        ("allow pii-us-ssn -- reason until 20270131", "has a date that is not of the form"),
        ("allow pii-us-ssn -- reason until tomorrow", "has a date that is not of the form"),
    ],
)
def test_a_malformed_allowance_is_a_finding_and_forgives_nothing(body: str, problem: str) -> None:
    read = inline_allowances(text(f"ssn: 1 # gatecli: {body}"), {"pii-us-ssn"})
    assert read.valid == ()
    assert problem in read.faults[0].problem
    assert judged(f"ssn: 1 # gatecli: {body}", 1) == [("pii-us-ssn", ""), ("pii-allow-invalid", "")]


def test_the_words_without_a_comment_mark_are_no_allowance() -> None:
    read = inline_allowances(text(f"note: {ALLOW}"), {"pii-us-ssn"})
    assert (read.valid, read.faults) == ((), ())


def test_an_allowance_in_the_overlap_of_two_pieces_counts_once() -> None:
    content = f"# {ALLOW}\nssn: 1"
    piece = RawText("a.txt", content, "text", overlap=content.index("\n"))
    assert inline_allowances(piece, {"pii-us-ssn"}).valid == ()


def test_a_finding_that_a_waiver_suppressed_keeps_its_waiver() -> None:
    by_waiver = Suppression("waiver", "w")
    finding: Finding = make_finding(SSN, "m", subject="s", place=Place("a.yaml", 1), mend="")
    allowed = [inline_allowances(text(f"x # {ALLOW}"), {"pii-us-ssn"})]
    (after,) = apply_allowances([replace(finding, suppressed=by_waiver)], allowed, TODAY)
    assert after.suppressed == by_waiver


class TestOwners:
    """`by OWNER` at the end of an allowance."""

    @pytest.mark.parametrize(
        ("said", "reason", "owner"),
        [
            ("made up until 2027-01-31 by team-a", "made up", "team-a"),
            ("made up until 2027-01-31 by @acme/privacy", "made up", "@acme/privacy"),
            ("made up until 2027-01-31", "made up", ""),
            ("made by hand until 2027-01-31", "made by hand", ""),
            ("kept until tests by then until 2027-01-31 by x", "kept until tests by then", "x"),
        ],
    )
    def test_who_answers_for_it_stands_behind_the_date(self, said: str, reason: str, owner: str) -> None:
        read = inline_allowances(text(f"ssn: 1  # gatecli: allow pii-us-ssn -- {said}\n"), {"pii-us-ssn"})
        assert [(item.reason, item.owner) for item in read.valid] == [(reason, owner)]

    @pytest.mark.parametrize("said", ["2027-01-31 by", "2027-01-31 by two words", "2027-01-31 from x"])
    def test_anything_else_behind_the_date_is_no_allowance(self, said: str) -> None:
        line = f"ssn: 1  # gatecli: allow pii-us-ssn -- made up until {said}\n"
        read = inline_allowances(text(line), {"pii-us-ssn"})
        assert (read.valid, len(read.faults)) == ((), 1)

    def test_where_the_policy_asks_for_one_an_allowance_without_forgives_nothing(self) -> None:
        limits = AllowanceLimits(owner_required=True)
        assert limited(f"ssn: 1  # {ALLOW}\n", limits) == ["pii-us-ssn", "pii-allow-invalid"]
        assert limited(f"ssn: 1  # {ALLOW} by x\n", limits) == []

    def test_the_suppression_names_it(self) -> None:
        (finding,) = limit(f"ssn: 1  # {ALLOW} by x\n", AllowanceLimits())
        assert finding.suppressed == Suppression("inline", "a.yaml:1", "a made-up number", "2027-01-31", "x")


class TestDays:
    """An allowance lasts no longer than a waiver may."""

    @pytest.mark.parametrize(("days", "found"), [(70, ["pii-allow-too-long"]), (71, []), (10**12, [])])
    def test_the_limit_is_counted_from_today(self, days: int, found: list[str]) -> None:
        assert limited(f"ssn: 1  # {ALLOW}\n", AllowanceLimits(days)) == found

    def test_the_mend_is_the_latest_date(self) -> None:
        _, fault = limit(f"ssn: 1  # {ALLOW}\n", AllowanceLimits(10))
        assert fault.remediation == "write `until 2026-12-01` or an earlier date"


def limit(content: str, limits: AllowanceLimits) -> tuple[Finding, ...]:
    finding = make_finding(SSN, "m", subject="s", place=Place("a.yaml", 1), mend="")
    return apply_allowances([finding], [inline_allowances(text(content), {"pii-us-ssn"})], TODAY, limits)


def limited(content: str, limits: AllowanceLimits) -> list[str]:
    return [each.rule.id for each in limit(content, limits) if each.suppressed is None]
