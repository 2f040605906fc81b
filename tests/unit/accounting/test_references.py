from __future__ import annotations

import pytest

from gatecli.accounting.account import account
from gatecli.model.budget import Bounds
from tests.support.references import Reference, references

REFERENCES = references()


def test_there_are_at_least_fifteen_published_values_with_their_sources() -> None:
    assert len(REFERENCES) >= 15
    assert all(reference.source for reference in REFERENCES)
    assert len({reference.name for reference in REFERENCES}) == len(REFERENCES)


@pytest.mark.parametrize("reference", REFERENCES, ids=lambda reference: reference.name)
def test_a_published_value_is_reproduced(reference: Reference) -> None:
    bounds = account(reference.question)
    assert isinstance(bounds, Bounds)
    assert bounds.upper is not None
    assert bounds.lower <= reference.epsilon + reference.tolerance
    assert bounds.upper <= reference.epsilon + reference.tolerance
    if reference.relation == "equal":
        assert bounds.upper >= reference.epsilon - reference.tolerance
