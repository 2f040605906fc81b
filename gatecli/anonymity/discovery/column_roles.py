"""The role of one column: rules over what is known of it, of which the first that says something decides."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gatecli.anonymity.discovery.column_names import (
    Role,
    is_name_of_flag,
    is_name_of_notes,
    is_name_of_people,
    is_row_number_name,
    role_of_name,
)
from gatecli.anonymity.discovery.roles import ColumnRole, Combination
from gatecli.anonymity.discovery.value_shapes import IDENTIFYING, RELIGIONS, shape_of

WEAK_ENTITIES = frozenset(
    {"AGE", "DATE", "DATE_OF_BIRTH", "DATE_TIME", "LOCATION", "NRP", "POSTAL_CODE", "ZIP_CODE"}
)
"""Entities that single a person out only together with others."""

WORDS_OF_NOTES = 6
"""As many words in a value, on average, are a sentence; under a name that says so, half of them are."""

FLAG_VALUES = 3
FEWEST_NUMBERED = 10
MOST_ROWS_OF_ONE = 50
"""A column called `woman` numbers women where it has so many values, each of so many rows at most."""

_INTEGER = re.compile(r"-?\d{1,18}")
_NUMBER = re.compile(r"-?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_CODE = re.compile(r"(?=.*\d)(?=.*[A-Za-z_/-])[A-Za-z\d]+([-_/]?[A-Za-z\d]+)*")
_PADDED = re.compile(r"0\d{3,}")
_FLAGS = frozenset({"0", "1", "0.0", "1.0", "yes", "no", "y", "n", "t", "f", "true", "false", "", "?", "na"})
LONG = 8
"""Digits that make an integer a number of something, and not a quantity."""


@dataclass(frozen=True, slots=True)
class ColumnEvidence:
    """What is known of a column: its name, its counts, some distinct values, what they are as personal data.

    `span` is the largest less the smallest value, where every row has an integer of its own.
    """

    name: str
    alone: Combination
    values: tuple[str, ...]
    entity: str | None = None
    span: int | None = None


Found = tuple[Role, str]
Rule = Callable[[ColumnEvidence], "Found | None"]


def column_role(evidence: ColumnEvidence) -> ColumnRole:
    """The role that is proposed for a column, and why."""
    found = next(filter(None, (rule(evidence) for rule in RULES)), (Role.OTHER, "nothing indicates a role"))
    is_numbered = found[0] is Role.DIRECT_IDENTIFIER and not evidence.entity and _are_numbers(evidence.values)
    return ColumnRole(evidence.name, *found, evidence.alone, evidence.entity, is_numbered)


def _constant(evidence: ColumnEvidence) -> Found | None:
    return (Role.OTHER, "it holds one value") if evidence.alone.distinct <= 1 else None


def _entity(evidence: ColumnEvidence) -> Found | None:
    if not evidence.entity or evidence.entity in WEAK_ENTITIES:
        return None
    return Role.DIRECT_IDENTIFIER, f"its values look like {evidence.entity}"


def _identifying_shape(evidence: ColumnEvidence) -> Found | None:
    shape = shape_of(evidence.values)
    return (Role.DIRECT_IDENTIFIER, f"its values look like {shape}") if shape in IDENTIFYING else None


def _notes(evidence: ColumnEvidence) -> Found | None:
    """Free text names whomever its author thought of: no shape tells whom."""
    values = evidence.values
    words = sum(len(value.split()) for value in values)
    is_long = words >= len(values) * WORDS_OF_NOTES / (2 if is_name_of_notes(evidence.name) else 1)
    is_own = 2 * evidence.alone.distinct >= evidence.alone.rows
    if not (values and is_long and (is_own or is_name_of_notes(evidence.name))):
        return None
    return Role.DIRECT_IDENTIFIER, "it is free text, which may name anybody"


def _numbered_rows(evidence: ColumnEvidence) -> Found | None:
    if evidence.span is None:
        return None
    is_next = evidence.span == evidence.alone.rows - 1 and role_of_name(evidence.name) is None
    is_named = is_row_number_name(evidence.name)
    is_people = is_name_of_people(evidence.name) and not is_named
    return (Role.OTHER, "it numbers the rows") if is_named or (is_next and not is_people) else None


def _name(evidence: ColumnEvidence) -> Found | None:
    named = role_of_name(evidence.name)
    if named is None or (named[0] is Role.DIRECT_IDENTIFIER and _are_flags(evidence.values)):
        return None  # whether somebody has a phone is not its number
    return named[0], f"its name says “{named[1]}”"


def _people(evidence: ColumnEvidence) -> Found | None:
    distinct, rows = evidence.alone.distinct, evidence.alone.rows
    is_many = distinct >= FEWEST_NUMBERED and distinct * MOST_ROWS_OF_ONE >= rows
    if not (is_many and is_name_of_people(evidence.name) and _are_numbers(evidence.values)):
        return None
    return Role.DIRECT_IDENTIFIER, "it numbers people"


def _flag(evidence: ColumnEvidence) -> Found | None:
    if evidence.alone.distinct > FLAG_VALUES or not is_name_of_flag(evidence.name):
        return None
    return Role.QUASI_IDENTIFIER, "its name says what some people are"


def _shape(evidence: ColumnEvidence) -> Found | None:
    shape = evidence.entity or shape_of(evidence.values)
    if shape is None:
        return None
    role = Role.SENSITIVE if shape == RELIGIONS else Role.QUASI_IDENTIFIER
    return role, f"its values look like {shape}"


def _codes(evidence: ColumnEvidence) -> Found | None:
    """Codes that few rows share: whoever made them knows whose they are."""
    distinct, rows = evidence.alone.distinct, evidence.alone.rows
    if distinct < FEWEST_NUMBERED or 3 * distinct < rows or not _are_codes(evidence.values):
        return None
    return Role.DIRECT_IDENTIFIER, "its values are codes, each of a few rows"


def _unique(evidence: ColumnEvidence) -> Found | None:
    if not evidence.alone.exact or _are_measured(evidence.values):
        return None
    return Role.QUASI_IDENTIFIER, "every row has a value of its own"


RULES: tuple[Rule, ...] = (
    _constant,
    _entity,
    _identifying_shape,
    _notes,
    _numbered_rows,
    _name,
    _people,
    _flag,
    _shape,
    _codes,
    _unique,
)


def _are_numbers(values: Sequence[str]) -> bool:
    """Whether values are what people are numbered by: integers, codes, tokens."""
    return all(re.fullmatch(r"(?=.*\d)[\w/.-]+", value) for value in values)


def _are_flags(values: Sequence[str]) -> bool:
    return {value.strip().lower() for value in values} <= _FLAGS


def _are_codes(values: Sequence[str]) -> bool:
    lengths = {len(value) for value in values}
    if not values or max(lengths) - min(lengths) > 1 or min(lengths) < 4:
        return False
    if all(map(_INTEGER.fullmatch, values)):
        return min(lengths) >= LONG or (len(lengths) == 1 and any(map(_PADDED.fullmatch, values)))
    return all(map(_CODE.fullmatch, values))


def _are_measured(values: Sequence[str]) -> bool:
    """Whether values are numbers, some with decimals, which rarely anyone knows of a person."""
    return all(map(_NUMBER.fullmatch, values)) and any("." in value for value in values)
