"""A file that must hold one document of one kind, because a command was given it by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from gatecli.errors import UncheckableError, UsageError
from gatecli.model.base import Resource
from gatecli.model.document import Document
from gatecli.sources.documents import head_problem, read_documents
from gatecli.sources.files import ReadError
from gatecli.sources.problems import Problem, problems_of

Kind = TypeVar("Kind", bound=Resource)


def read_single(path: Path, model: type[Kind]) -> tuple[Kind, Document]:
    """The document of a file, and where it stands.

    Raises UsageError with the place of each mistake, UncheckableError for a file that cannot be read.
    """
    kind = model.__name__
    try:
        documents = read_documents(path)
    except ReadError as error:
        raise UncheckableError(f"{path}: the file {error.problem}", advice=error.mend) from None
    if len(documents) != 1:
        raise UsageError(f"{path} does not hold one document", advice=f"write one of kind: {kind}")
    (document,) = documents
    if problem := head_problem(document):
        raise _mistake(document, problem)
    if not isinstance(document.data, Mapping) or document.data.get("kind") != kind:
        raise UsageError(f"{path} holds no {kind}", advice=f"gatecli schema {kind} says what it holds")
    try:
        return model.from_file(document.data), document
    except ValidationError as error:
        raise _mistake(document, *problems_of(error, document.data, model)) from None


def _mistake(document: Document, *problems: Problem) -> UsageError:
    places = [f"{document.place(each.pointer, key=each.at_key)}: {each.message}" for each in problems]
    return UsageError("; ".join(places), advice=problems[0].mend)
