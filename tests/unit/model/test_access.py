"""Whom a formula lets in: one holder, any conceivable one, the recipients of a policy."""

from __future__ import annotations

from typing import Any

import pytest

from gatecli.model.access import (
    Holder,
    admits_everybody,
    admits_without_purpose,
    is_satisfiable,
    resolve,
    satisfies,
)
from tests.support.key_policies import NORTH, OTHER, SOUTH, formula, key_policy, recipient

STATISTICIAN = Holder("north", frozenset({"statistician"}), frozenset({"validation"}))


@pytest.mark.parametrize(
    ("data", "holds"),
    [
        ({"centre": "north", "role": "statistician", "purpose": "validation"}, True),
        ({"centre": "North"}, False),
        ({"centre": "north", "role": "physician"}, False),
        ({"all": [{"centre": "north"}, {"role": "statistician"}]}, True),
        ({"all": [{"centre": "north"}, {"role": "physician"}]}, False),
        ({"any": [{"centre": "south"}, {"role": "statistician"}]}, True),
        ({"atLeast": 2, "of": [{"centre": "north"}, {"role": "physician"}, {"purpose": "care"}]}, False),
        ({"atLeast": 2, "of": [{"centre": "north"}, {"role": "statistician"}, {"purpose": "care"}]}, True),
        ({"atLeast": 4, "of": [{"centre": "north"}, {"role": "statistician"}]}, False),
        ({"centre": "north", "epochs": {"first": 2}}, True),
        ({"centre": "north", "epochs": {"first": 3}}, False),
        ({"centre": "north", "epochs": {"last": 1}}, False),
    ],
)
def test_a_formula_holds_for_a_holder_or_does_not(data: Any, holds: bool) -> None:  # noqa: FBT001 - a row
    assert satisfies(STATISTICIAN, formula(data), 2) is holds


@pytest.mark.parametrize(
    ("data", "can"),
    [
        ({"all": [{"centre": "a"}, {"centre": "b"}]}, False),
        ({"all": [{"centre": "a"}, {"role": "x"}, {"role": "y"}]}, True),
        ({"any": [{"all": [{"centre": "a"}, {"centre": "b"}]}, {"centre": "c"}]}, True),
        ({"atLeast": 2, "of": [{"centre": "a"}, {"centre": "b"}, {"centre": "c"}]}, False),
        ({"atLeast": 2, "of": [{"centre": "a"}, {"centre": "b"}, {"role": "x"}]}, True),
        ({"atLeast": 3, "of": [{"role": "x"}, {"role": "y"}]}, False),
        ({"centre": "a", "epochs": {"last": 1}}, False),
    ],
)
def test_a_formula_that_contradicts_itself_is_told(data: Any, can: bool) -> None:  # noqa: FBT001 - a row
    assert is_satisfiable(formula(data), 2) is can


def test_a_formula_that_a_holder_of_nothing_satisfies_admits_everybody() -> None:
    assert admits_everybody(formula({"any": [{"centre": "a"}, {"epochs": {"first": 1}}]}), 1)
    assert not admits_everybody(formula({"any": [{"centre": "a"}, {"epochs": {"first": 2}}]}), 1)


def test_a_purpose_is_demanded_in_every_way_in() -> None:
    open_one = {"any": [{"centre": "a", "purpose": "p"}, {"centre": "b", "role": "x"}]}
    assert admits_without_purpose(formula(open_one), 1)
    assert not admits_without_purpose(formula({"all": [open_one, {"purpose": "q"}]}), 1)


def test_a_large_formula_of_many_centres_is_decided_at_once() -> None:
    every = [{"centre": f"c{number}"} for number in range(500)]
    assert not is_satisfiable(formula({"atLeast": 2, "of": every}), 1)


def names(**changes: Any) -> list[str]:
    spec = key_policy(**changes).spec
    return [each.name for each in resolve(spec, spec.epoch or 1)]


def test_a_policy_resolves_to_whoever_satisfies_it() -> None:
    assert names() == ["north-statistics", "south-laboratory"]
    assert names(access={"centre": "south"}) == ["south-laboratory"]


def test_a_key_counts_in_its_epochs_alone() -> None:
    keys = {"a": {"first": 3}, "b": {"last": 1}, "c": {"first": 2, "last": 2}}
    people = [
        recipient(name, "south", key, epochs=epochs)
        for (name, epochs), key in zip(keys.items(), (NORTH, SOUTH, OTHER), strict=True)
    ]
    assert names(recipients=people) == ["c"]


@pytest.mark.parametrize(("epoch", "left"), [(1, 2), (2, 1), (3, 1)])
def test_a_revocation_holds_from_its_epoch_on(epoch: int, left: int) -> None:
    out = [{"recipient": "south-laboratory", "epoch": 2, "reason": "it left"}]
    assert len(names(epoch=epoch, revoked=out)) == left
