"""What a statement says of a ledger, beside the checkpoint that was made for it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gatecli.gates.ledger_positions import position_problem
from gatecli.ledger.merkle import leaf_hash
from gatecli.ledger.notes import Checkpoint
from gatecli.model.attestation import LedgerPosition
from gatecli.model.ledger import next_hash
from tests.support.attestations import predicate


def problem(**entry: Any) -> str | None:
    """What is wrong with the place in a log of one entry."""
    whole = {"kind": "reserve", "subject": "churn@2.3.1", "details": {"claim": ["2.5", "1e-5"]}, **entry}
    content, previous = json.dumps(whole), "0" * 64
    root = leaf_hash(bytes.fromhex(next_hash(previous, content)))
    position = LedgerPosition("acme/privacy", 1, root.hex(), 0, previous, content, ())
    return position_problem(predicate(ledger=position), Checkpoint("acme/privacy", 1, root))


@pytest.mark.parametrize("claim", [["2.5", "1e-5"], ["5/2", "1/100000"], ["3", "1"], None])
def test_an_entry_that_was_charged_for_the_promise_holds(claim: list[str] | None) -> None:
    assert problem(details={"claim": claim}) is None


def test_an_entry_that_states_no_claim_is_judged_by_what_it_states() -> None:
    assert problem(details={}) is None


@pytest.mark.parametrize(
    "claim",
    [["2.4999", "1e-5"], ["2.5", "9e-6"], [None, None], ["2.5"], ["1/0", "1"], ["1e999", "1"], 3, "x"],
)
def test_a_promise_above_what_was_charged_does_not_hold(claim: Any) -> None:
    assert "promises more" in (problem(details={"claim": claim}) or "")


@pytest.mark.parametrize("wrong", [{"subject": "fraud@1"}, {"kind": "void"}])
def test_an_entry_of_something_else_does_not_hold(wrong: dict[str, str]) -> None:
    assert problem(**wrong) is not None
