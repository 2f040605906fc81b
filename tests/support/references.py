"""The published costs of references.toml as values."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from gatecli.accounting.interface import Question
from gatecli.model.budget import Neighbouring
from gatecli.model.mechanism import Mechanism

_MECHANISM: TypeAdapter[Any] = TypeAdapter(Mechanism)


@dataclass(frozen=True, slots=True)
class Reference:
    """A printed ε, and how ours must stand to it."""

    name: str
    source: str
    question: Question
    epsilon: Fraction
    relation: str
    tolerance: Fraction


def references() -> list[Reference]:
    """All of them, in the order of the file."""
    text = Path(__file__).with_name("references.toml").read_text(encoding="utf-8")
    return [_reference(entry) for entry in tomllib.loads(text)["reference"]]


def _reference(entry: dict[str, Any]) -> Reference:
    mechanisms = tuple(
        _MECHANISM.validate_python(one, by_alias=True, by_name=False) for one in entry["mechanisms"]
    )
    relation = Neighbouring(entry.get("neighbouring", "add-remove"))
    question = Question(mechanisms, Fraction(entry["delta"]), relation)
    return Reference(
        entry["name"],
        entry["source"],
        question,
        Fraction(entry["epsilon"]),
        entry.get("relation", "equal"),
        Fraction(entry.get("tolerance", "0")),
    )
