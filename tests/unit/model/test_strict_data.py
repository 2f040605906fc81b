"""Dataclasses as strict JSON: what is written is read back, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pytest
from jsonschema import Draft202012Validator

from gatecli.model.attestation import PREDICATES
from gatecli.model.strict_data import InvalidData, Matching, Within, data_of, data_schema, read_data
from tests.support.attestations import predicate


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf."""

    whole_number: Annotated[int, Within(0, 9)]


@dataclass(frozen=True, slots=True)
class Tree:
    """A tree."""

    leaves: tuple[Leaf, ...]
    colour: Literal["red", "green"]
    counts: Mapping[str, int]
    tall: bool
    name: Annotated[str, Matching("[a-z]+")] | None = None


VALUE = Tree((Leaf(1), Leaf(2)), "red", {"a": 1}, tall=True)
DATA: dict[str, Any] = {
    "leaves": [{"wholeNumber": 1}, {"wholeNumber": 2}],
    "colour": "red",
    "counts": {"a": 1},
    "tall": True,
}


def test_a_value_is_written_and_read_back() -> None:
    assert data_of(VALUE) == DATA
    assert read_data(Tree, DATA) == VALUE


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"leaves": [{"wholeNumber": 10}]}, "/leaves/0/wholeNumber"),
        ({"leaves": [{"wholeNumber": True}]}, "/leaves/0/wholeNumber"),
        ({"leaves": [{"wholeNumber": 1.0}]}, "/leaves/0/wholeNumber"),
        ({"leaves": [{"whole_number": 1}]}, "/leaves/0"),
        ({"leaves": {}}, "/leaves"),
        ({"colour": "blue"}, "/colour"),
        ({"counts": {"a": "1"}}, "/counts/*"),
        ({"tall": 1}, "/tall"),
        ({"name": None}, "/name"),
        ({"name": "A"}, "/name"),
        ({"name": "a\n"}, "/name"),
        ({"other": 1}, ""),
    ],
)
def test_what_is_no_such_value_is_refused_by_its_place(change: dict[str, Any], where: str) -> None:
    with pytest.raises(InvalidData) as found:
        read_data(Tree, DATA | change)
    assert found.value.pointer == where


@pytest.mark.parametrize("key", ["leaves", "colour", "counts", "tall"])
def test_a_key_without_a_default_is_required(key: str) -> None:
    with pytest.raises(InvalidData, match=key):
        read_data(Tree, {each: value for each, value in DATA.items() if each != key})


@pytest.mark.parametrize("data", [None, [], "text"])
def test_what_is_no_object_is_refused(data: object) -> None:
    with pytest.raises(InvalidData):
        read_data(Tree, data)


def test_the_schema_accepts_what_the_reader_accepts() -> None:
    schema = Draft202012Validator(data_schema(Tree))
    assert schema.is_valid(DATA)
    assert not schema.is_valid(DATA | {"colour": "blue"})
    assert not schema.is_valid(DATA | {"leaves": [{"wholeNumber": 10}]})
    assert not schema.is_valid(DATA | {"name": "A"})


@pytest.mark.parametrize("model", PREDICATES.values(), ids=PREDICATES)
def test_every_predicate_has_a_schema_that_is_one(model: type) -> None:
    Draft202012Validator.check_schema(data_schema(model))


def test_a_predicate_fits_its_schema() -> None:
    said = predicate()
    schema = Draft202012Validator(data_schema(type(said)))
    assert list(schema.iter_errors(json.loads(json.dumps(data_of(said))))) == []
