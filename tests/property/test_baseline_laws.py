"""What a baseline forgives and what a comparison calls new, for any runs."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from gatecli.gates.judgement import apply_policy
from gatecli.model.baseline import Baseline, adopt
from gatecli.model.comparison import compare
from gatecli.model.finding import Finding, Severity
from gatecli.model.verdict import Checked, PolicyStamp, Verdict, decide
from gatecli.reports import json_v1
from gatecli.reports.baseline_file import render
from gatecli.reports.interface import Style
from gatecli.sources.baseline import read_baseline
from gatecli.sources.report import read_report
from tests.support.recorded import BLIND, found_here, recorded, runs, suppressions
from tests.support.releases import policy

TODAY = date(2026, 11, 21)
NEVER = frozenset({BLIND.id})


def prints(findings: tuple[Finding, ...]) -> Counter[str]:
    return Counter(each.fingerprint for each in findings)


def judged(findings: tuple[Finding, ...], baseline: Baseline | None) -> Verdict:
    """As every gate judges: by the policy, waivers and a baseline, at the lowest threshold."""
    applied = apply_policy(findings, policy(), (), baseline, TODAY)
    checked = (Checked("file", "a.yaml", "a.yaml"),)
    stamp = PolicyStamp("default", "0" * 64)
    return decide("check", stamp, checked, applied, fail_on=Severity.NOTE, baseline=baseline)


@given(runs, runs)
def test_with_what_was_adopted_a_run_passes_exactly_if_nothing_is_new(
    before: tuple[Finding, ...], after: tuple[Finding, ...]
) -> None:
    adopted = adopt([recorded(*before)], NEVER)
    verdict = judged(after, adopted)
    assert verdict.passed is (prints(after) <= prints(before))
    assert prints(verdict.active) == prints(after) - prints(before)


@given(runs)
def test_what_was_adopted_today_forgives_today_and_nothing_is_stale(findings: tuple[Finding, ...]) -> None:
    verdict = judged(findings, adopt([recorded(*findings)], NEVER))
    assert verdict.passed
    assert verdict.stale == ()


@given(runs, found_here)
def test_one_more_copy_of_what_is_known_is_new(findings: tuple[Finding, ...], one: Finding) -> None:
    adopted = adopt([recorded(*findings)], NEVER)
    more = (*findings, one)
    assert [each.new for each in judged(more, adopted).active] == [True]


@given(runs, st.permutations(range(3)))
def test_adopting_does_not_depend_on_the_order_or_on_how_often_a_report_is_named(
    findings: tuple[Finding, ...], order: list[int]
) -> None:
    parts = [recorded(*findings[at::3]) for at in range(3)]
    whole = adopt(parts, NEVER)
    assert render(adopt([parts[at] for at in (*order, *order)], NEVER)) == render(whole)


@given(runs, st.lists(suppressions, min_size=8, max_size=8))
def test_what_something_else_forgives_is_never_adopted(
    findings: tuple[Finding, ...], why: list[object]
) -> None:
    told = tuple(replace(each, suppressed=by) for each, by in zip(findings, why, strict=False))  # type: ignore[arg-type]
    counting = tuple(each for each in told if each.suppressed is None)
    assert prints(tuple(counting)) == Counter(
        known.fingerprint for known in adopt([recorded(*told)], NEVER).known
    )


@given(runs)
def test_what_could_not_be_checked_is_never_adopted(findings: tuple[Finding, ...]) -> None:
    blind = tuple(replace(each, rule=BLIND) for each in findings)
    assert adopt([recorded(*blind)], NEVER) == Baseline()
    assert judged(blind, adopt([recorded(*blind)], frozenset())).passed is (not blind)


@given(runs)
def test_a_baseline_is_read_as_it_was_written(findings: tuple[Finding, ...]) -> None:
    adopted = adopt([recorded(*findings)], NEVER)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "baseline.json"
        file.write_text(render(adopted), "utf-8")
        assert read_baseline(file) == adopted


@given(runs)
def test_a_report_is_read_as_it_was_written(findings: tuple[Finding, ...]) -> None:
    verdict = judged(findings, None)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "report.json"
        file.write_text(json_v1.render(verdict, Style()), "utf-8")
        read = read_report(file, NEVER)
    same = [json_v1.finding_data(each) for each in read.findings]
    assert json.dumps(same) == json.dumps([json_v1.finding_data(each) for each in verdict.findings])


@given(runs)
def test_a_run_differs_in_nothing_from_itself(findings: tuple[Finding, ...]) -> None:
    same = compare(recorded(*findings), recorded(*reversed(findings)))
    assert (same.new, same.fixed) == ((), ())
    assert prints(same.unchanged) == prints(findings)


@given(runs, runs)
def test_what_is_new_one_way_is_fixed_the_other_way(
    before: tuple[Finding, ...], after: tuple[Finding, ...]
) -> None:
    forth = compare(recorded(*before), recorded(*after))
    back = compare(recorded(*after), recorded(*before))
    assert (forth.new, forth.fixed) == (back.fixed, back.new)
    assert prints(forth.unchanged) == prints(back.unchanged)


@given(runs, runs)
def test_a_comparison_accounts_for_every_finding_once(
    before: tuple[Finding, ...], after: tuple[Finding, ...]
) -> None:
    both = compare(recorded(*before), recorded(*after))
    assert Counter((*both.new, *both.unchanged)) == Counter(after)
    assert prints(both.new) == prints(after) - prints(before)
    assert prints(both.fixed) == prints(before) - prints(after)


@given(runs, runs)
def test_a_comparison_closes_exactly_where_the_baseline_of_the_earlier_run_closes(
    before: tuple[Finding, ...], after: tuple[Finding, ...]
) -> None:
    both = compare(recorded(*before), recorded(*after), fail_on=Severity.NOTE)
    assert both.exit_code == judged(after, adopt([recorded(*before)], NEVER)).exit_code
