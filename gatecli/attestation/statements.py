"""In-toto statements as bytes, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gatecli.attestation.strict_json import canonical_bytes, invalid_bundle, load_json
from gatecli.model.attestation import PREDICATES, AttestedStatement, AttestedSubject
from gatecli.model.strict_data import data_of, read_data

STATEMENT = "https://in-toto.io/Statement/v1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
_KEYS = {"_type", "predicate", "predicateType", "subject"}
_TYPES = {model: name for name, model in PREDICATES.items()}


def statement_bytes(statement: AttestedStatement) -> bytes:
    """The payload to sign: canonical JSON."""
    return canonical_bytes(
        {
            "_type": STATEMENT,
            "subject": [data_of(each) for each in statement.subjects],
            "predicateType": _TYPES[type(statement.predicate)],
            "predicate": data_of(statement.predicate),
        }
    )


def read_head(payload: bytes) -> Mapping[str, Any]:
    """The keys of a statement, whatever its predicate is. Raises InvalidBundle."""
    data = load_json(payload, "the statement")
    if not isinstance(data, dict) or set(data) != _KEYS or data["_type"] != STATEMENT:
        raise invalid_bundle("the statement", "it is not an in-toto statement of version 1")
    if not isinstance(data["predicateType"], str) or not isinstance(data["subject"], list):
        raise invalid_bundle("the statement", "it is not an in-toto statement of version 1")
    return data


def read_statement(payload: bytes) -> AttestedStatement:
    """The statement of a payload with one of our predicates. Raises InvalidBundle."""
    data = read_head(payload)
    model = PREDICATES.get(data["predicateType"])
    if model is None:
        raise invalid_bundle("the statement", "its predicate is none of gatecli")
    try:
        subjects = tuple(read_data(AttestedSubject, each) for each in data["subject"])
        return AttestedStatement(subjects, read_data(model, data["predicate"]))
    except ValueError as error:  # InvalidData is one
        raise invalid_bundle("the statement", str(error)) from None
