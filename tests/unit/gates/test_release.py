from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from gatecli.accounting.interface import Question
from gatecli.checks.release.recomputation import Answer
from gatecli.gates.judgement import JudgementTerms
from gatecli.gates.release import ADVISED_AT_ONCE, Accounting, ReleaseRequest, check_releases
from gatecli.model.baseline import Baseline, KnownFinding
from gatecli.model.document import Place
from gatecli.model.finding import Finding, Rule, Severity, make_finding
from gatecli.model.release import ReleaseSubject
from gatecli.model.rules import DP_INVALID_BUDGET
from gatecli.model.verdict import ExitCode, Verdict
from tests.support.releases import (
    TODAY,
    basic,
    basic_all,
    claiming,
    data_of,
    evidence,
    ids,
    policy,
    pure,
    subject_of,
    waiver,
    with_spec,
)

UNREADABLE = Rule("release-unreadable", Severity.ERROR, "cannot be read", uncheckable=True)
ACCOUNTING = Accounting(basic, basic_all)


def problem() -> Finding:
    return make_finding(UNREADABLE, "is binary", subject="a.yaml", place=Place("a.yaml"), mend="name a text")


def holding(*findings: Finding) -> Baseline:
    return Baseline(tuple(KnownFinding(each.rule.id, each.place.path, each.fingerprint) for each in findings))


def judge(
    *subjects: ReleaseSubject, problems: Sequence[Finding] = (), waivers: Sequence[Any] = (), **options: Any
) -> Verdict:
    rules = options.pop("policy", policy())
    accounting = options.pop("accounting", ACCOUNTING)
    models = options.pop("models", ())
    terms = JudgementTerms(rules, tuple(waivers), TODAY, **options)
    return check_releases(ReleaseRequest(terms, subjects, problems, models, accounting))


def test_a_sound_release_opens_the_gate_without_a_word() -> None:
    verdict = judge(claiming())
    assert (verdict.exit_code, verdict.findings) == (ExitCode.OPEN, ())
    assert verdict.passed


def test_nothing_to_judge_is_no_pass() -> None:
    verdict = judge()
    assert verdict.exit_code is ExitCode.NOTHING
    assert not verdict.passed


def test_a_finding_closes_the_gate() -> None:
    assert judge(claiming(epsilon=9)).exit_code is ExitCode.CLOSED


def test_exit_zero_is_passed_on() -> None:
    assert judge(claiming(epsilon=9), exit_zero=True).exit_code is ExitCode.OPEN


def test_fail_on_is_passed_on() -> None:
    subject = claiming(trustModel=None)
    assert judge(subject).exit_code is ExitCode.OPEN
    assert judge(subject, fail_on=Severity.NOTE).exit_code is ExitCode.CLOSED


def test_what_could_not_be_read_outweighs_everything() -> None:
    assert judge(claiming(), problems=[problem()], exit_zero=True).exit_code is ExitCode.UNCHECKABLE


def test_undeclared_weights_close_the_gate() -> None:
    verdict = judge(claiming(), models=["b/model.pt"])
    assert ids(verdict.findings) == ["dp-missing-declaration"]
    assert verdict.exit_code is ExitCode.CLOSED


def test_undeclared_weights_alone_are_a_finding_and_not_a_pass() -> None:
    assert judge(models=["model.pt"]).exit_code is ExitCode.CLOSED


def test_the_measures_are_of_the_worst_account() -> None:
    (checked,) = judge(claiming(evidence(pure("3"), notes=("sampled as said",)))).checked
    assert checked.measures == {
        "epsilonUpper": 3,
        "epsilonLower": 3,
        "delta": Fraction(1, 10**6),
        "accountant": "basic",
        "neighbouring": "add-remove",
        "notes": ["sampled as said"],
    }


def test_a_release_that_was_not_recomputed_has_no_measures() -> None:
    (checked,) = judge(claiming(neighbouring=None)).checked
    assert checked.measures == {}


def test_each_question_is_asked_once() -> None:
    asked: list[Question] = []

    def answer_all(questions: Sequence[Question]) -> dict[Question, Answer]:
        asked.extend(questions)
        return basic_all(questions)

    judge(claiming(), claiming(), accounting=Accounting(basic, answer_all))
    assert len(asked) == 1


def test_accountants_are_not_bothered_where_there_is_nothing_to_ask() -> None:
    def never(_: object) -> dict[Question, Answer]:
        raise AssertionError

    assert judge(claiming(epsilon=None), accounting=Accounting(basic, never)).exit_code is ExitCode.CLOSED


def test_in_a_large_run_the_advice_costs_no_recomputation() -> None:
    def never(_: Question) -> Answer:
        raise AssertionError

    subjects = [claiming(epsilon="0.5")] * (ADVISED_AT_ONCE + 1)
    verdict = judge(*subjects, accounting=Accounting(never, basic_all))
    advice = {item.remediation for item in verdict.findings if item.rule.id == "dp-understated-epsilon"}
    assert advice == {
        "declare epsilon ≥ 1, or raise the noise until it meets ε = 0.5 (gatecli release calibrate finds it)"
    }


def test_the_second_declaration_of_a_version_is_the_duplicate() -> None:
    spec = {"privacy": "none"}
    subjects = [subject_of(data_of(spec), path=path) for path in ("a.yaml", "b.yaml")]
    found_at = [item for item in judge(*subjects).findings if item.rule.id == "release-duplicate-version"]
    assert [item.place.path for item in found_at] == ["b.yaml"]


def test_another_version_is_no_duplicate() -> None:
    subjects = [subject_of(data_of({"privacy": "none"}, version)) for version in ("1", "2")]
    assert "release-duplicate-version" not in ids(judge(*subjects).findings)


def test_the_policy_sets_severities() -> None:
    softened = judge(claiming(unit=None), policy=policy(severities={"dp-missing-unit": "note"}))
    assert softened.exit_code is ExitCode.OPEN
    assert [item.severity for item in softened.findings] == [Severity.NOTE]


def test_the_policy_sets_the_severity_of_waivers_faults_too() -> None:
    strict = policy(severities={"waiver-unused": "error"})
    verdict = judge(claiming(), policy=strict, waivers=[waiver("dp-missing-unit")])
    assert verdict.exit_code is ExitCode.CLOSED


def test_no_severity_softens_what_could_not_be_judged() -> None:
    soft = policy(severities={"release-unreadable": "note"})
    verdict = judge(claiming(), problems=[problem()], policy=soft)
    assert [item.severity for item in verdict.findings] == [Severity.ERROR]
    assert verdict.exit_code is ExitCode.UNCHECKABLE


def test_a_waiver_forgives_and_is_named() -> None:
    verdict = judge(claiming(unit=None), waivers=[waiver("dp-missing-unit")])
    assert verdict.exit_code is ExitCode.OPEN
    (finding,) = verdict.findings
    assert finding.suppressed is not None
    assert (finding.suppressed.by, finding.suppressed.name) == ("waiver", "legacy-churn")


def test_a_waiver_by_fingerprint_forgives_that_finding_alone() -> None:
    (finding,) = judge(claiming(unit=None)).findings
    waived = judge(claiming(unit=None), waivers=[waiver("dp-missing-unit", fingerprint=finding.fingerprint)])
    assert waived.exit_code is ExitCode.OPEN


def test_privacy_none_ships_with_a_waiver_and_not_without() -> None:
    subject = with_spec(privacy="none")
    assert judge(subject).exit_code is ExitCode.CLOSED
    assert judge(subject, waivers=[waiver("dp-missing-declaration")]).exit_code is ExitCode.OPEN


@pytest.mark.parametrize("expires", ["2026-11-20", "someday"])
def test_an_expired_waiver_forgives_nothing(expires: str) -> None:
    verdict = judge(claiming(unit=None), waivers=[waiver("dp-missing-unit", expires)])
    assert ids(verdict.active) == ["dp-missing-unit", "waiver-expired"]
    assert verdict.exit_code is ExitCode.CLOSED


def test_a_waiver_beside_an_expired_one_still_forgives() -> None:
    both = [waiver("dp-missing-unit", "2020-01-01", name="old"), waiver("dp-missing-unit", name="new")]
    assert judge(claiming(unit=None), waivers=both).exit_code is ExitCode.OPEN


def test_a_waiver_without_an_end_in_sight_closes_the_gate_itself() -> None:
    verdict = judge(claiming(unit=None), waivers=[waiver("dp-missing-unit", "2099-01-01")])
    assert ids(verdict.active) == ["waiver-too-long"]
    assert verdict.exit_code is ExitCode.CLOSED


def test_a_waiver_s_fault_cannot_be_waived() -> None:
    waivers = [
        waiver("dp-missing-unit", "2099-01-01"),
        waiver("waiver-too-long", name="sly", subject="legacy-churn"),
    ]
    verdict = judge(claiming(unit=None), waivers=waivers)
    assert ids(verdict.active) == ["waiver-too-long", "waiver-unused"]


def test_no_waiver_forgives_what_could_not_be_judged() -> None:
    verdict = judge(
        claiming(), problems=[problem()], waivers=[waiver("release-unreadable", subject="a.yaml")]
    )
    assert verdict.exit_code is ExitCode.UNCHECKABLE
    assert "waiver-unused" in ids(verdict.findings)


def test_nothing_forgives_a_release_too_broken_to_be_judged() -> None:
    broken = make_finding(DP_INVALID_BUDGET, "m", subject="other 1", place=Place("b.yaml"), mend="x")
    verdict = judge(
        claiming(),
        problems=[broken],
        policy=policy(severities={"dp-invalid-budget": "note"}),
        waivers=[waiver("dp-invalid-budget", subject="other@1")],
        baseline=holding(broken),
    )
    assert verdict.exit_code is ExitCode.CLOSED


def test_another_gate_s_waiver_is_not_unused_here() -> None:
    assert judge(claiming(), waivers=[waiver("pii-us-ssn")]).findings == ()


def test_the_baseline_forgives_what_it_knows() -> None:
    (known,) = judge(claiming(unit=None)).findings
    verdict = judge(claiming(unit=None, neighbouring=None), baseline=holding(known))
    assert ids(verdict.active) == ["dp-missing-neighbouring"]
    assert [finding.new for finding in verdict.findings] == [True, False]
    assert verdict.stale == ()


def test_a_baseline_says_what_it_holds_in_vain() -> None:
    (gone,) = judge(claiming(unit=None)).findings
    foreign = replace(gone, rule=replace(gone.rule, id="pii-us-ssn"), fingerprint="a" * 32)
    assert judge(claiming(), baseline=holding(gone, foreign)).stale == holding(gone).known


def test_without_a_baseline_nothing_is_called_new() -> None:
    assert [finding.new for finding in judge(claiming(unit=None)).findings] == [None]


def test_beside_an_empty_baseline_everything_is_new() -> None:
    verdict = judge(claiming(unit=None), problems=[problem()], baseline=Baseline())
    assert [finding.new for finding in verdict.findings] == [True, True]


def test_the_baseline_does_not_forgive_what_could_not_be_judged() -> None:
    verdict = judge(claiming(), problems=[problem()], baseline=holding(problem()))
    assert verdict.exit_code is ExitCode.UNCHECKABLE


def test_the_baseline_does_not_forgive_a_waiver_s_fault() -> None:
    late = [waiver("dp-missing-unit", "2099-01-01")]
    fault = judge(claiming(unit=None), waivers=late).active[0]
    verdict = judge(claiming(unit=None), waivers=late, baseline=holding(fault))
    assert verdict.exit_code is ExitCode.CLOSED
