from __future__ import annotations

from dataclasses import replace

from gatecli.model.document import Place
from gatecli.model.verdict import decide
from gatecli.reports.json_v1 import content, dump
from tests.support.verdicts import CASES, POLICY, understated, waived


def test_the_keys_are_those_of_the_contract() -> None:
    report = content(CASES["closed"]())
    assert list(report) == [
        "schema",
        "tool",
        "gate",
        "verdict",
        "exit_code",
        "policy",
        "checked",
        "findings",
        "summary",
    ]
    (finding,) = report["findings"]
    assert list(finding) == [
        "rule",
        "severity",
        "message",
        "subject",
        "path",
        "line",
        "column",
        "pointer",
        "remediation",
        "url",
        "fingerprint",
        "suppressed",
    ]


def test_a_document_of_a_stream_has_its_number() -> None:
    first = replace(understated(), place=Place("a.yaml", document=0))
    (finding,) = content(decide("release", POLICY, (), (first,)))["findings"]
    assert finding["document"] == 0
    assert finding["line"] is None


def test_a_suppressed_finding_says_why() -> None:
    report = content(decide("release", POLICY, (), (waived(),)))
    assert report["findings"][0]["suppressed"] == {
        "by": "waiver",
        "name": "legacy-churn",
        "reason": "retrained by the first quarter",
        "expires": "2027-03-31",
    }
    assert report["summary"] == {"error": 0, "warning": 0, "note": 0, "suppressed": 1}


def test_letters_stay_readable() -> None:
    assert dump("ε") == '"ε"\n'
