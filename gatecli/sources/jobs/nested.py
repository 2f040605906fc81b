"""Definitions somewhere inside of a document: of the Serverless Framework, in a ConfigMap, in a list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gatecli.model.document import Document, pointer_of
from gatecli.model.job_definition import JobDefinition
from gatecli.sources.interface import Loaded
from gatecli.sources.jobs.inner_text import inner_document
from gatecli.sources.jobs.interface import JobReader, together
from gatecli.sources.jobs.parts import JobPart, name_of
from gatecli.sources.jobs.sagemaker_request import NAMES, PROCESSING, TRAINING, RequestPlace, read_call
from gatecli.sources.jobs.step_functions import SLOTS, read_machine, read_state_machine

_REQUESTS = {
    PROCESSING: ("AppSpecification", "ProcessingResources"),
    TRAINING: ("AlgorithmSpecification", "OutputDataConfig"),
}
"""The members by which a block of keys is a request, wherever it stands."""


def read_nested(document: Document) -> Loaded[JobDefinition] | None:
    """The jobs of all definitions below the top; None where there is none."""
    found = list(read_below(document.data, (), document))
    return together(found) if found else None


def read_below(data: Any, keys: tuple[str | int, ...], document: Document) -> Iterator[Loaded[JobDefinition]]:
    """The jobs of every definition in a part of a document, which stands below `keys`."""
    loaded = _read_here(data, keys, document)
    if loaded is not None:
        yield loaded
        return
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield from read_below(value, (*keys, key), document)


def _read_here(data: Any, keys: tuple[str | int, ...], document: Document) -> Loaded[JobDefinition] | None:
    pointer = pointer_of(keys)
    name = next((key for key in reversed(keys) if isinstance(key, str)), document.path)
    if isinstance(data, str) and data.lstrip()[:1] == "{":
        return _read_text(document, pointer, data)
    if not isinstance(data, dict):
        return None
    part = JobPart.of(data, pointer, SLOTS)
    if "StartAt" in data and isinstance(data.get("States"), dict):
        return read_machine(part, document, name)
    for action, members in _REQUESTS.items():
        if all(member in data for member in members):
            place = RequestPlace(document, action, name_of(part.member(NAMES[action]), name))
            return read_call(action, part, place)
    return None


def _read_text(document: Document, pointer: str, text: str) -> Loaded[JobDefinition] | None:
    """The jobs of a text that is JSON; a text that is none defines none here."""
    inner = inner_document(document, pointer, text)
    if inner is None or not isinstance(inner.data, dict):
        return None
    return read_state_machine(inner) or _read_here(inner.data, (), inner)


NESTED = JobReader(
    (
        (b"StartAt", b"States", b"sagemaker"),
        (b"AppSpecification", b"ProcessingResources"),
        (b"AlgorithmSpecification", b"OutputDataConfig"),
    ),
    read_nested,
)
