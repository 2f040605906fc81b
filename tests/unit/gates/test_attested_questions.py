"""What was asked about a table, in an attestation: what comes out is what a report would have said."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatecli.checks.tables.stated_questions import asked_in_report
from gatecli.gates.attested_questions import asked_of, attested_question, names_in
from gatecli.model.anonymity import RecursiveDiversity, Thresholds
from gatecli.model.attestation import AttestedQuestion, MeasuredTable
from gatecli.model.strict_data import data_of, read_data
from gatecli.model.thresholds import as_mapping

DIGEST = "5" * 64
NAMES = st.text("abcäß ,'", min_size=1, max_size=5)
EXACT = st.fractions(0, 1000, max_denominator=1000)
DEMANDS = st.builds(
    Thresholds,
    k=st.none() | st.integers(1, 10**6),
    t=st.none() | EXACT,
    recursive=st.none() | st.builds(RecursiveDiversity, EXACT.filter(lambda c: c > 0), st.integers(2, 9)),
)
INPUTS = st.fixed_dictionaries(
    {
        "quasiIdentifiers": st.lists(NAMES, min_size=1),
        "sensitive": st.lists(NAMES),
        "missing": st.sampled_from(["own-value", "wildcard", "refuse"]),
        "normalise": st.booleans(),
        "thresholds": DEMANDS.map(as_mapping),
    },
    optional={
        "unit": NAMES,
        "trajectory": st.just(value=True),
        "known": st.integers(1, 9),
        "household": NAMES,
        "weights": NAMES,
        "scales": st.dictionaries(NAMES, st.sampled_from(["numeric", "categorical"]), min_size=1),
        "formats": st.dictionaries(NAMES, NAMES, min_size=1),
        "missingCodes": st.lists(NAMES, min_size=1),
        "suppressedCodes": st.lists(NAMES, min_size=1),
    },
)


def attested(inputs: Mapping[str, Any]) -> MeasuredTable:
    return MeasuredTable("data.csv", DIGEST, {}, attested_question(inputs))


@given(INPUTS)
def test_an_attestation_says_what_its_report_says(inputs: Mapping[str, Any]) -> None:
    table = read_data(MeasuredTable, data_of(attested(inputs)))
    assert table.question is not None
    report = {"path": "data.csv", "inputs": {**inputs, "sha256": DIGEST}}
    assert asked_of(table, "data.csv") == asked_in_report(report)


@pytest.mark.parametrize(
    "changes",
    [
        {"quasiIdentifiers": None},
        {"quasiIdentifiers": ["a\nb"]},
        {"missing": 1},
        {"normalise": "no"},
        {"thresholds": {"k": "many"}},
        {"thresholds": {"recursive": {"c": "1"}}},
        {"known": -1},
    ],
)
def test_what_is_not_whole_is_not_attested(changes: Mapping[str, Any]) -> None:
    whole = {
        "quasiIdentifiers": ["age"],
        "sensitive": [],
        "missing": "refuse",
        "normalise": False,
        "thresholds": {"k": 5},
    }
    assert attested_question(whole) is not None
    table = attested({**whole, **changes})
    assert table.question is None
    assert asked_of(table, "data.csv") is None


def test_every_name_and_code_is_looked_at() -> None:
    question = AttestedQuestion(
        ("a",),
        ("b",),
        "refuse",
        normalise=False,
        thresholds={"t": str(Fraction(1, 3))},
        unit="c",
        household="d",
        weights="e",
        scales={"f": "numeric"},
        formats={"g": "day"},
        missing_codes=("h",),
        suppressed_codes=("i",),
    )
    assert sorted(names_in(question)) == list("abcdefghi")
