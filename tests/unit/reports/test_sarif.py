from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from gatecli.model.document import Place
from gatecli.model.finding import Finding
from gatecli.model.verdict import Verdict, decide
from gatecli.reports import sarif
from gatecli.reports.interface import Style
from tests.support.verdicts import CASES, POLICY, many, understated


def run_of(verdict: Verdict) -> dict[str, Any]:
    run: dict[str, Any] = json.loads(sarif.render(verdict, Style()))["runs"][0]
    return run


def result_of(finding: Finding) -> dict[str, Any]:
    result: dict[str, Any] = run_of(decide("release", POLICY, (), (finding,)))["results"][0]
    return result


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("models/privacy.yaml", "models/privacy.yaml"),
        ("./privacy.yaml", "privacy.yaml"),
        ("a b/100%#?.yaml", "a%20b/100%25%23%3F.yaml"),
        ("c:evil.yaml", "c%3Aevil.yaml"),
        ("数据.yaml", "%E6%95%B0%E6%8D%AE.yaml"),
        ("latin\udce9.yaml", "latin%E9.yaml"),
        ("\ud83d.yaml", "%EF%BF%BD.yaml"),
        ("/srv/privacy.yaml", "file:///srv/privacy.yaml"),
        ("", "."),
        ("-", "-"),
    ],
)
def test_a_path_becomes_a_uri_reference(path: str, uri: str) -> None:
    assert sarif.uri(path) == uri


@pytest.mark.parametrize(
    ("place", "region"),
    [
        (Place("a"), {"startLine": 1}),
        (Place("a", 0, 0), {"startLine": 1}),
        (Place("a", 7), {"startLine": 7}),
        (Place("a", 7, 3), {"startLine": 7, "startColumn": 3}),
    ],
)
def test_every_result_has_a_physical_location(place: Place, region: dict[str, int]) -> None:
    (location,) = result_of(replace(understated(), place=place))["locations"]
    assert location["physicalLocation"]["region"] == region


def test_a_message_has_no_placeholder_and_no_link() -> None:
    text = result_of(replace(understated(), message="[x](https://evil.example) {0}", remediation=""))[
        "message"
    ]["text"]
    assert text == "[x] (https://evil.example) {{0}}"


def test_an_empty_message_is_still_a_message() -> None:
    assert result_of(replace(understated(), message="", remediation=""))["message"]["text"] == "(no message)"


def test_a_rule_is_listed_once() -> None:
    rules = run_of(many(3))["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["dp-understated-epsilon"]
    assert rules[0]["helpUri"] == "https://gatecli.dev/rules/#dp-understated-epsilon"


def test_only_a_suppressed_result_has_a_suppression() -> None:
    assert run_of(CASES["closed"]())["results"][0]["suppressions"] == []
    (suppression,) = run_of(CASES["suppressed"]())["results"][0]["suppressions"]
    assert suppression["status"] == "accepted"
    assert suppression["justification"].startswith("waiver legacy-churn")


@pytest.mark.parametrize(
    ("case", "successful"),
    [("open", True), ("closed", True), ("forgiven", True), ("nothing", False), ("uncheckable", False)],
)
def test_a_run_that_judged_nothing_was_not_successful(case: str, *, successful: bool) -> None:
    (invocation,) = run_of(CASES[case]())["invocations"]
    assert invocation["executionSuccessful"] is successful
    assert invocation["exitCode"] == CASES[case]().exit_code
    assert bool(invocation["toolExecutionNotifications"]) is not successful


def test_the_results_beyond_five_thousand_are_counted() -> None:
    run = run_of(many(5_003))
    assert len(run["results"]) == 5_000
    (notification,) = run["invocations"][0]["toolExecutionNotifications"]
    assert notification["message"]["text"].startswith("3 findings more")


def test_beside_a_baseline_every_result_says_whether_it_is_new() -> None:
    results = run_of(CASES["compared"]())["results"]
    states = [(each["ruleId"], each["baselineState"]) for each in results]
    assert states[0] == ("source-unreadable", "new")
    assert ("dp-understated-epsilon", "unchanged") in states
    assert all("baselineState" not in each for each in run_of(CASES["suppressed"]())["results"])
