"""Audits as evidence: what is written is read back, and nothing else is."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from gatecli.model.audit import AuditClaim, AuditOutcome, AuditPower, AuditResult, audit_document
from gatecli.model.budget import Neighbouring
from tests.support.evidence import accept, refused, write

DOCS = Path(__file__).parents[4] / "docs"
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
    measures=(("auc", "0.9"),),
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


MALFORMED = [
    ({}, "schema is missing"),
    ([], "a list of 0, not a block of keys"),
    ({"schema": "gatecli/report/v1", "results": []}, "schema is 'gatecli/report/v1', not gatecli/audit/v1"),
    ({"schema": "gatecli/audit/v1", "results": []}, "results is a list of 0"),
    ({"schema": "gatecli/audit/v1", "results": {}}, "not a list"),
    (audit_document([FULL]) | {"tool": "gatecli"}, "tool is 'gatecli', not a block of keys"),
    (audit_document([FULL]) | {"verified": True}, "unknown key 'verified'"),
    (document(outcome="verified"), "outcome is 'verified', not one of refuted, nothing-found, could-not-run"),
    (document(outcome=["refuted"]), "not one of refuted"),
    (document(outcome=...), "outcome is missing in results[0]"),
    (document(lower=None), "a number is missing"),
    (document(lower=[1]), "lower: a list is not a number"),
    (document(lower=True), "is a boolean"),
    (document(lower="NaN"), "not a finite number"),
    (document(claim={"delta": "0"}), "epsilon is missing in claim"),
    (document(claim=1), "claim is 1, not a block of keys"),
    (
        document(claim={"epsilon": "1", "neighbouring": "near"}),
        "not one of add-remove, replace-one, zero-out",
    ),
    (document(claim={"epsilon": "1", "rho": "1"}), "unknown key 'rho' in claim"),
    (document(power={"epsilon": "1"}), "probability is missing in power"),
    (document(method="betting\nrefuted"), "not of the form"),
    (document(method=""), "not of the form"),
    (document(digest="ab"), "not 64 hexadecimal digits"),
    (document(digest=None), "not text"),
    (document(samples=-1), "not at least 0"),
    (document(samples="10"), "not a whole number"),
    (document(samples=True), "not a whole number"),
    (document(inputs=["one"]), "inputs[1] is missing"),
    (document(inputs="ab"), "not a list"),
    (document(measures=[["auc", "1"]]), "measures"),
    (document(measures={"auc": 1}), "not text"),
    (document(verified=True), "unknown key 'verified' in results[0]"),
]
BEYOND = [
    (document(lower="-1"), "is negative"),
    (document(lower="9" * 401), "more than 400 characters"),
    (document(lower="1e999999"), "beyond what can be computed"),
    (document(confidence="1"), "not a probability below 1"),
    (document(claim={"epsilon": "1", "delta": "1"}), "not a probability below 1"),
    (document(lower="0.0999"), "is refuted, and lower is below the ε of its claim"),
    (document(outcome="nothing-found"), "found nothing, and lower is above the ε of its claim"),
    (document(outcome="could-not-run"), "could not run, and lower is above 0"),
]
"""What no schema says: of numbers, and of a word that its figures contradict."""


@pytest.mark.parametrize(("content", "sentence"), [*MALFORMED, *BEYOND])
def test_what_is_not_of_the_form_is_refused(content: object, sentence: str, tmp_path: Path) -> None:
    assert sentence in refused("audit", write(tmp_path, content), tmp_path).message


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"schema": "gatecli/audit/v1", "schema": "gatecli/audit/v1"}', "twice"),
        ('{"schema": ' + "[" * 70 + "]" * 70 + "}", "nested deeper than 64 levels"),
        ('{"results": [' + "0," * 200_001 + "0]}", "more than 200000 values"),
        ('{"lower": NaN}', "is not JSON"),
        (json.dumps(document()).replace('"0.163"', "9" * 100_000), "more than 400 characters"),
        (json.dumps(document(event="x" * 17 * 1024 * 1024)), "larger than"),
        (json.dumps(document())[:-2], "is not JSON"),
        ("", "ends where a value belongs"),
    ],
)
def test_a_hostile_text_is_refused(text: str, sentence: str, tmp_path: Path) -> None:
    assert sentence in refused("audit", write(tmp_path, text), tmp_path).message


def test_a_refuted_claim_may_be_all_that_the_bound_shows(tmp_path: Path) -> None:
    """Noise that is the same in every process has no lower bound but the claim."""
    (audit,) = accept("audit", tmp_path, document(lower="0.1")).audits
    assert audit.lower == audit.claim.epsilon


SCHEMA = Draft202012Validator(json.loads((DOCS / "schemas/audit-v1.json").read_text("utf-8")))


def test_the_published_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA.schema)


@pytest.mark.parametrize("result", [FULL, LEAST])
def test_what_an_audit_writes_is_of_the_published_schema(result: AuditResult) -> None:
    SCHEMA.validate(audit_document([result]))


@pytest.mark.parametrize(("content", "_sentence"), MALFORMED)
def test_what_the_reader_calls_malformed_is_not_of_the_published_schema(
    content: object, _sentence: str
) -> None:
    assert not SCHEMA.is_valid(content)
