"""Laws of the law of a target: nothing is added without being told, and nothing is told that was there."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from gatecli.checks.added_waivers import find_added_waivers
from gatecli.checks.law import find_baseline_growth
from gatecli.model.baseline import Baseline, KnownFinding
from gatecli.model.finding import Finding, Rule, Severity, Suppression, make_finding
from gatecli.model.verdict import Checked, decide
from gatecli.reports.forgiven import forgiveness_of
from tests.support.releases import waiver
from tests.support.verdicts import POLICY, understated

names = st.lists(st.sampled_from("abc"), max_size=6)
whys = st.builds(
    Suppression,
    st.sampled_from(["waiver", "inline", "baseline"]),
    st.sampled_from(["one", "two"]),
    expires=st.sampled_from(["", "2027-01-31"]),
    owner=st.sampled_from(["", "team-a"]),
)


def baseline(fingerprints: list[str]) -> Baseline:
    return Baseline(tuple(KnownFinding("r", "p", name * 32) for name in fingerprints))


@given(names, names)
def test_a_baseline_that_knows_more_is_told_and_no_other(law: list[str], here: list[str]) -> None:
    told = list(find_baseline_growth(baseline(law), baseline(here), "known.json", "main"))
    assert bool(told) is (not Counter(here) <= Counter(law))


@given(names, names)
def test_every_waiver_more_is_told_once(law: list[str], here: list[str]) -> None:
    before, after = ([waiver("dp-missing-unit", name=name) for name in side] for side in (law, here))
    told = [finding.subject for finding in find_added_waivers(before, after, "main")]
    assert Counter(told) == Counter(here) - Counter(law)


@given(names)
def test_the_law_as_it_was_is_no_change(law: list[str]) -> None:
    assert list(find_baseline_growth(baseline(law), baseline(law), "known.json", "main")) == []


def finding(number: int, why: Suppression | None) -> Finding:
    rule = Rule(f"dp-{number % 3}", Severity.ERROR, "a rule")
    made = make_finding(rule, "m", subject="s", place=understated(number + 1).place, mend="")
    return replace(made, suppressed=why)


@given(st.lists(st.none() | whys, max_size=12))
def test_every_finding_that_does_not_count_is_listed_once(forgiving: list[Suppression | None]) -> None:
    found = tuple(finding(number, why) for number, why in enumerate(forgiving))
    listed = forgiveness_of(decide("release", POLICY, (Checked("release", "a", "a"),), found))
    assert {entry.why: entry.count for entry in listed} == Counter(why for why in forgiving if why)
    assert sum(entry.count for entry in listed) == sum(why is not None for why in forgiving)
