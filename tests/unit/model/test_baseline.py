"""A baseline holds what was found, as often as it was found."""

from __future__ import annotations

from gatecli.gates import CHECK, PII, RELEASE, TERRAFORM
from gatecli.model.baseline import Baseline, KnownFinding, adopt, forgive_known
from gatecli.model.finding import Severity, Suppression
from tests.support.recorded import BLIND, RULES, finding, recorded

ALLOWED = Suppression("comment", "allow")


def test_the_same_finding_in_two_reports_is_adopted_once() -> None:
    assert len(adopt([recorded(finding()), recorded(finding(line=9), gate="pii")], frozenset()).known) == 1


def test_the_same_fingerprint_in_two_files_is_adopted_twice() -> None:
    adopted = adopt([recorded(finding(path="a.yaml")), recorded(finding(path="b.yaml"))], frozenset())
    assert [known.path for known in adopted.known] == ["a.yaml", "b.yaml"]


def test_what_an_older_baseline_forgave_stays_adopted() -> None:
    told = finding(suppressed=Suppression("baseline", "baseline"))
    assert len(adopt([recorded(told)], frozenset()).known) == 1


def test_a_copy_that_a_comment_allows_does_not_use_up_what_is_known() -> None:
    baseline = adopt([recorded(finding(line=2))], frozenset())
    told = list(baseline.mark_new([finding(line=1, suppressed=ALLOWED), finding(line=3)]))
    assert [(each.place.line, each.new) for each in told] == [(3, False), (1, True)]


def test_what_could_not_be_checked_is_new_even_where_a_list_names_it() -> None:
    blind = finding(BLIND)
    listed = Baseline((KnownFinding(BLIND.id, "a.yaml", blind.fingerprint),))
    assert [forgive_known(each).suppressed for each in listed.mark_new([blind])] == [None]
    assert [each.new for each in listed.mark_new([blind])] == [True]


def test_only_what_a_gate_looks_for_can_be_missing() -> None:
    known = Baseline((KnownFinding("pii-us-ssn", "", "a" * 32), KnownFinding("", "", "b" * 32)))
    assert [each.rule for each in known.missing([], RELEASE.families)] == [""]
    assert [each.rule for each in known.missing([], CHECK.families | TERRAFORM.families)] == [
        "",
        "pii-us-ssn",
    ]


def test_a_copy_too_many_is_missing_once() -> None:
    known = Baseline((KnownFinding("pii-us-ssn", "a.yaml", finding().fingerprint),) * 2)
    assert len(known.missing([finding()], PII.families)) == 1


def test_new_findings_come_before_worse_ones_that_are_known() -> None:
    new = finding(RULES[2], new=True)
    known = finding(RULES[0], new=False)
    assert new.severity is Severity.NOTE
    assert sorted([known, new], key=lambda each: each.sort_key) == [new, known]
