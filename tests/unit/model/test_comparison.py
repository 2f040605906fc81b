"""Two runs compared: by fingerprint and number, never by line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gatecli.errors import UsageError
from gatecli.model.comparison import compare
from gatecli.model.finding import Severity, Suppression
from gatecli.model.verdict import ExitCode
from tests.support.recorded import BLIND, RULES, finding, recorded

WAIVED = Suppression("waiver", "w")


def test_a_finding_that_moved_is_unchanged() -> None:
    both = compare(recorded(finding(line=1)), recorded(finding(line=9)))
    assert (len(both.new), len(both.fixed), len(both.unchanged)) == (0, 0, 1)


def test_of_two_copies_the_one_at_another_place_is_the_new_one() -> None:
    both = compare(recorded(finding(line=5)), recorded(finding(line=1), finding(line=5)))
    assert [each.place.line for each in both.new] == [1]


def test_of_copies_that_moved_the_one_that_counts_is_the_new_one() -> None:
    both = compare(recorded(finding(line=5)), recorded(finding(line=1, suppressed=WAIVED), finding(line=2)))
    assert [each.place.line for each in both.new] == [2]
    assert both.exit_code is ExitCode.CLOSED


@pytest.mark.parametrize("fail_on", list(Severity))
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.severity)
def test_something_new_closes_from_the_threshold_on(fail_on: Severity, rule: object) -> None:
    new = finding(rule)  # type: ignore[arg-type]  # pytest knows no types
    closed = new.severity.rank <= fail_on.rank
    assert compare(recorded(), recorded(new), fail_on=fail_on).exit_code == int(closed)


def test_what_is_new_and_forgiven_does_not_close() -> None:
    both = compare(recorded(), recorded(finding(suppressed=WAIVED)))
    assert (len(both.new), both.exit_code) == (1, ExitCode.OPEN)


def test_to_forgive_is_not_to_fix() -> None:
    both = compare(recorded(finding()), recorded(finding(suppressed=WAIVED)))
    assert (both.fixed, len(both.unchanged)) == ((), 1)


@pytest.mark.parametrize("code", [3, 4])
def test_a_later_run_that_judged_nothing_or_not_all_is_no_pass(code: int) -> None:
    assert compare(recorded(), recorded(exit_code=code)).exit_code == code


def test_an_uncheckable_finding_is_no_pass_whatever_the_report_says() -> None:
    blind = recorded(finding(BLIND), exit_code=0)
    assert compare(blind, blind).exit_code is ExitCode.UNCHECKABLE


def test_an_earlier_run_that_could_not_check_all_makes_more_new_and_never_less() -> None:
    assert compare(recorded(exit_code=4), recorded(finding())).exit_code is ExitCode.CLOSED


def test_reports_of_two_gates_are_not_compared() -> None:
    with pytest.raises(UsageError, match="of the gate pii"):
        compare(recorded(gate="pii"), recorded(gate="release"))


def test_a_run_of_fewer_gates_is_refused_too() -> None:
    whole = replace(recorded(finding()), parts=("pii", "release"))
    with pytest.raises(UsageError, match="of the gates pii, release,"):
        compare(whole, replace(recorded(), parts=("pii",)))
