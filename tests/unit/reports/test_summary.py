from __future__ import annotations

from dataclasses import replace

import pytest

from gatecli.model.finding import Severity, Suppression
from gatecli.model.verdict import Checked, ExitCode, decide
from gatecli.reports.summary import STATES, plural, reason, state, summary, worst_first
from tests.support.verdicts import CASES, POLICY, no_unit, overstated, understated, unreadable, waived


@pytest.mark.parametrize(
    ("count", "noun", "words"),
    [
        (0, "error", "0 errors"),
        (1, "release", "1 release"),
        (2, "policy", "2 policies"),
        (2, "key", "2 keys"),
        (3, "class", "3 classes"),
        (3, "batch", "3 batches"),
    ],
)
def test_a_count_agrees_with_its_noun(count: int, noun: str, words: str) -> None:
    assert plural(count, noun) == words


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("open", "open"),
        ("warned", "open"),
        ("suppressed", "open"),
        ("closed", "closed"),
        ("strict", "closed"),
        ("forgiven", "closed, forgiven by --exit-zero"),
        ("nothing", "nothing was checked"),
        ("uncheckable", "could not check"),
    ],
)
def test_every_state_has_words_of_its_own(case: str, words: str) -> None:
    assert state(CASES[case]()) == words


def test_every_exit_code_that_a_verdict_can_have_has_words() -> None:
    codes = {build().exit_code for build in CASES.values()}
    assert codes == STATES.keys() == {ExitCode.OPEN, ExitCode.CLOSED, ExitCode.NOTHING, ExitCode.UNCHECKABLE}


def test_the_summary_counts_findings_and_subjects() -> None:
    checked = (Checked("release", "a 1", "a"), Checked("release", "b 1", "b"), Checked("dataset", "c", "c"))
    verdict = decide("check", POLICY, checked, (understated(1), understated(2), no_unit(), waived()))
    assert summary(verdict) == (
        "closed · 2 errors · 1 warning · 1 suppressed · policy default · checked 1 dataset, 2 releases"
    )


def test_findings_without_a_judged_subject_say_that_nothing_was_judged() -> None:
    assert summary(decide("release", POLICY, (), (understated(),))).endswith("checked nothing")


def test_what_could_not_be_checked_comes_before_what_is_wrong() -> None:
    verdict = decide("release", POLICY, (), (overstated(), understated(), unreadable(), waived()))
    assert [item.rule.id for item in worst_first(verdict)] == [
        "source-unreadable",
        "dp-understated-epsilon",
        "dp-overstated-epsilon",
    ]
    assert worst_first(verdict)[-1].severity is Severity.NOTE


def test_beside_a_baseline_the_summary_counts_what_is_new_and_what_is_known() -> None:
    assert " · 3 new · 1 known · 1 suppressed · " in summary(CASES["compared"]())


def test_a_baseline_s_own_name_is_not_said_twice() -> None:
    assert reason(replace(no_unit(), suppressed=Suppression("baseline", "baseline"))) == "baseline"
