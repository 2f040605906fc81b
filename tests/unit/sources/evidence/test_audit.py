"""Audits as evidence: what is written is read back, and nothing else is."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from gatecli.model.audit import AuditClaim, AuditOutcome, AuditPower, AuditResult, audit_document
from gatecli.model.budget import Neighbouring
from tests.support.evidence import accept, refused, write

FULL = AuditResult(
    "churn 1.0",
    "betting",
    AuditOutcome.REFUTED,
    AuditClaim(Fraction("0.1"), Fraction(1, 3), Neighbouring.ZERO_OUT),
    Fraction(999, 1000),
    Fraction("0.163"),
    4000,
    ("[1, 1]", "[2, 1]"),
    "the largest value in the top 4 %",
    AuditPower(Fraction("0.14"), Fraction("0.9")),
    "ab" * 32,
)
LEAST = AuditResult("x", "one-run", AuditOutcome.COULD_NOT_RUN, AuditClaim(Fraction(1)), Fraction(0))


def document(**changed: Any) -> dict[str, Any]:
    """A file of one result, with these of its fields changed; None takes one away."""
    content = audit_document([FULL])
    result = content["results"][0] | changed
    content["results"] = [{key: value for key, value in result.items() if value is not ...}]
    return content


@pytest.mark.parametrize("result", [FULL, LEAST])
def test_what_an_audit_writes_is_read_back(result: AuditResult, tmp_path: Path) -> None:
    evidence = accept("audit", tmp_path, audit_document([result]))
    assert evidence.audits == (result,)
    assert evidence.mechanisms == ()
    assert evidence.stated is None


def test_several_results_are_read_in_their_order(tmp_path: Path) -> None:
    assert accept("audit", tmp_path, audit_document([LEAST, FULL])).audits == (LEAST, FULL)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ({}, "has no key 'schema'"),
        ({"schema": "gatecli/report/v1", "results": []}, "its schema is not gatecli/audit/v1"),
        ({"schema": "gatecli/audit/v1", "results": []}, "nothing was audited"),
        ({"schema": "gatecli/audit/v1", "results": {}}, "where a list is meant"),
        (document(outcome="verified"), "outcome is none of refuted, nothing-found, could-not-run"),
        (document(outcome=["refuted"]), "outcome is none of"),
        (document(lower="-1"), "below 0"),
        (document(lower="inf"), "finite"),
        (document(lower=None), "a number is missing"),
        (document(confidence="1"), "not between 0 and 1"),
        (document(claim={"epsilon": "1", "delta": "1"}), "not between 0 and 1"),
        (document(claim={"delta": "0"}), "has no key 'epsilon'"),
        (document(claim={"epsilon": "1", "neighbouring": "near"}), "neighbouring is none of"),
        (document(digest="ab"), "not 64 hexadecimal digits"),
        (document(digest=None), "meant as text"),
        (document(samples=-1), "below 0"),
        (document(inputs=["one"]), "has 1 items"),
        (document(verified=True), "whose meaning is unknown"),
        (document(outcome=...), "has no key 'outcome'"),
    ],
)
def test_what_is_not_of_the_form_is_refused(content: object, sentence: str, tmp_path: Path) -> None:
    assert sentence in refused("audit", write(tmp_path, content), tmp_path).message
