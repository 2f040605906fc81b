"""Laws of policy reports: whatever was found, a report fits, counts all, and keeps the worst."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from admission.review.enforcement import Act
from admission.scan.judgement import About, Found
from admission.scan.policy_report import MOST_BYTES, MOST_RESULTS, report_of
from admission.scan.scanner import ScanPass, State, Tally, state_of
from admission.scan.writer import LONGEST_EVENT, events_of
from gatecli.checks.personal_data import PII_SCAN_INCOMPLETE
from gatecli.checks.personal_data_rules import RULES
from gatecli.model.document import Place
from gatecli.model.finding import Finding, Severity, Suppression
from tests.support.reviews import rulebook

BOOK = rulebook()
TEXTS = st.text(max_size=40) | st.builds(
    lambda text, size: text * size, st.text(min_size=1, max_size=5), st.integers(1, 3_000)
)
ABOUTS = st.builds(
    About, st.just("v1"), st.sampled_from(["Pod", "Job"]), st.just("n"), TEXTS, st.uuids().map(str)
)


def finding(rule: Any, severity: Severity, text: str, pointer: str, waived: str) -> Finding:
    suppressed = Suppression("waiver", waived, "r", "2030-01-01") if waived else None
    return Finding(rule, severity, text, "s", Place("p", pointer=pointer), "m", "f" * 32, suppressed)


FINDINGS = st.builds(
    finding,
    st.sampled_from([*RULES[:4], PII_SCAN_INCOMPLETE]),
    st.sampled_from(Severity),
    TEXTS,
    TEXTS,
    st.sampled_from(["", "", "w"]),
)
FOUND = st.builds(Found, FINDINGS, st.sampled_from(Act), ABOUTS)
MANY = st.builds(
    lambda some, times: some * times, st.lists(FOUND, min_size=1, max_size=8), st.integers(0, 400)
)


def tally_of(found: list[Found]) -> Tally:
    tally = Tally(objects=1)
    tally._take(found, MOST_RESULTS)
    return tally


@given(MANY)
def test_a_report_fits_counts_all_and_keeps_the_worst(found: list[Found]) -> None:
    report = report_of("n", tally_of(found), ScanPass(BOOK, []))
    results = report["results"]
    assert len(results) <= MOST_RESULTS
    assert len(json.dumps(report)) <= MOST_BYTES
    counted = {state.value: sum(state_of(one) is state for one in found) for state in State}
    assert {key: report["summary"][key] for key in counted} == counted
    kept = [result for result in results if result["rule"] != "left-out"]
    ranks = [State(result["result"]).rank for result in kept]
    assert ranks == sorted(ranks) == sorted(state_of(one).rank for one in found)[: len(kept)]
    left = len(found) - len(kept)
    assert len(results) - len(kept) == (left > 0)
    assert not left or results[-1]["message"].startswith(f"{left} more results")


@given(MANY)
def test_every_object_has_one_event_by_a_name_that_stays(found: list[Found]) -> None:
    now = datetime(2026, 6, 1, tzinfo=UTC)
    events = list(events_of(found, now))
    names = [event["metadata"]["name"] for event in events]
    assert len(set(names)) == len(names)
    assert names == [event["metadata"]["name"] for event in events_of(list(reversed(found)), now)]
    assert all(len(event["message"]) <= LONGEST_EVENT and event["message"].isprintable() for event in events)
