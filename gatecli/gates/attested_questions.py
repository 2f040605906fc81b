"""What was asked about a table, from a report into an attestation and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gatecli.checks.tables.stated_questions import AskedTable, asked_in_report
from gatecli.model.attestation import AttestedQuestion, MeasuredTable
from gatecli.model.strict_data import InvalidData, data_of, key_of, read_data

_KEYS = tuple(key_of(name) for name in AttestedQuestion.__slots__)
_RECURSIVE = "recursive"


def attested_question(inputs: Mapping[str, Any]) -> AttestedQuestion | None:
    """The question behind a table in a report; None where it is not whole, or about something else."""
    thresholds = inputs.get("thresholds")
    demanded = dict(thresholds) if isinstance(thresholds, Mapping) else {}
    recursive = demanded.pop(_RECURSIVE, None)
    data = {key: inputs[key] for key in _KEYS if key in inputs}
    data["thresholds"] = {name: str(value) for name, value in demanded.items()}
    if isinstance(recursive, Mapping):
        data[_RECURSIVE] = {"c": str(recursive.get("c")), "l": recursive.get("l")}
    try:
        return read_data(AttestedQuestion, data)
    except InvalidData:
        return None


def asked_of(table: MeasuredTable, path: str) -> AskedTable | None:
    """The same as a report would have it, of the table at a path."""
    if table.question is None:
        return None
    inputs = data_of(table.question)
    recursive = inputs.pop(_RECURSIVE, None)
    if recursive is not None:
        inputs["thresholds"] |= {_RECURSIVE: recursive}
    return asked_in_report({"path": path, "inputs": {**inputs, "sha256": table.sha256}})


def names_in(question: AttestedQuestion) -> Iterator[str]:
    """The names and codes of columns that a question holds."""
    for each in (
        question.quasi_identifiers,
        question.sensitive,
        question.scales,
        question.formats,
        question.missing_codes,
        question.suppressed_codes,
    ):
        yield from each or ()
    yield from (each for each in (question.unit, question.household, question.weights) if each)
