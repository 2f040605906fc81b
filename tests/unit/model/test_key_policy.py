"""KeyPolicies: which formulas are formulas, and what the digest is of."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from gatecli.model.key_policy import DEEPEST_FORMULA, MOST_TERMS, Epochs, KeyPolicy, key_policy_digest
from gatecli.model.sealed_artifact import AppliedKeyPolicy, PlainArtifact
from tests.support.key_policies import data_of_key_policy, formula, key_policy


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"all": []},
        {"any": []},
        {"atLeast": 1},
        {"of": [{"centre": "a"}]},
        {"atLeast": 0, "of": [{"centre": "a"}]},
        {"centre": "a", "any": [{"centre": "b"}]},
        {"all": [{"centre": "a"}], "any": [{"centre": "b"}]},
        {"centre": "a", "atLeast": 1, "of": [{"centre": "b"}]},
        {"epochs": {"first": 3, "last": 2}},
        {"centre": ""},
        {"centre": "a\nb"},
        {"centre": "a" * 101},
        {"not": {"centre": "a"}},
    ],
)
def test_what_is_not_one_form_is_not_a_formula(data: Any) -> None:
    with pytest.raises(ValidationError):
        formula(data)


def deep(levels: int) -> dict[str, Any]:
    data: dict[str, Any] = {"purpose": "validation"}
    for _ in range(levels):
        data = {"any": [data]}
    return data


def test_a_formula_is_read_to_its_depth_and_no_deeper() -> None:
    assert key_policy(access=deep(DEEPEST_FORMULA)).spec.access.branches
    with pytest.raises(ValidationError, match="levels"):
        key_policy(access=deep(DEEPEST_FORMULA + 1))


def test_a_formula_is_read_to_its_size_and_no_further() -> None:
    terms = [{"purpose": "validation"}]
    assert len(key_policy(access={"any": terms * (MOST_TERMS - 1)}).spec.access.branches) == MOST_TERMS - 1
    with pytest.raises(ValidationError, match="terms"):
        key_policy(access={"any": terms * MOST_TERMS})


@pytest.mark.parametrize("name", ["", "a\nb", "a\x1b[31m", "a\u202eb", "a\x9b1m", "x" * 254])
def test_a_name_is_what_a_terminal_shows_and_a_manifest_holds(name: str) -> None:
    with pytest.raises(ValidationError):
        KeyPolicy.from_file({**data_of_key_policy(), "metadata": {"name": name}})
    with pytest.raises(ValidationError):
        AppliedKeyPolicy(name=name, sha256="ab" * 32, epoch=1)


@pytest.mark.parametrize("name", ["", "a/b", "a\\b", "a\nb", "a\x1b[31m", "a\u202eb", "x" * 256])
def test_an_artifact_has_the_name_of_a_file(name: str) -> None:
    with pytest.raises(ValidationError):
        PlainArtifact(name=name, sha256="ab" * 32, size=1)


def test_names_of_every_script_are_names() -> None:
    name = "Wiedereinweisung Zürich · 再入院 · прогноз"
    assert KeyPolicy.from_file({**data_of_key_policy(), "metadata": {"name": name}}).metadata.name == name
    assert PlainArtifact(name=f"{name}.bin", sha256="ab" * 32, size=1).name == f"{name}.bin"


def test_a_claim_is_whole() -> None:
    with pytest.raises(ValidationError, match="give both or none"):
        key_policy(disclosure={"epsilon": 1})


def test_epochs_hold_from_the_first_to_the_last() -> None:
    assert [epoch for epoch in range(1, 6) if Epochs(first=2, last=4).hold(epoch)] == [2, 3, 4]
    assert Epochs(first=2).hold(10**6)


def test_the_digest_is_of_what_is_said_and_not_of_how() -> None:
    data = data_of_key_policy()
    turned = {key: data[key] for key in reversed(data)}
    turned["spec"] = {key: data["spec"][key] for key in reversed(data["spec"])}
    assert key_policy_digest(KeyPolicy.from_file(data)) == key_policy_digest(KeyPolicy.from_file(turned))


@pytest.mark.parametrize(
    "changes",
    [
        {"epoch": 3},
        {"revoked": [{"recipient": "south-laboratory", "epoch": 9, "reason": "it will leave"}]},
        {"access": {"purpose": "validation"}},
        {"purposes": {"validation": "another sentence"}},
        {"disclosure": {"statement": "weights trained with DP-SGD", "epsilon": 1, "delta": 0}},
        {"recipients": []},
    ],
)
def test_whatever_a_policy_says_otherwise_is_another_digest(changes: Any) -> None:
    assert key_policy_digest(key_policy(**changes)) != key_policy_digest(key_policy())
