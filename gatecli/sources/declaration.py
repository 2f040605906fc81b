"""Declarations (`kind: ModelRelease`) from YAML, JSON, TOML and model cards."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import ValidationError

from gatecli.model.base import API_VERSION
from gatecli.model.document import Document, Place
from gatecli.model.finding import Finding, Rule, make_finding
from gatecli.model.release import ModelRelease
from gatecli.model.rules import DP_INVALID_BUDGET, DP_UNACCOUNTABLE_MECHANISM
from gatecli.sources.documents import KINDS, head_problem, read_documents
from gatecli.sources.files import ReadError
from gatecli.sources.interface import Loaded
from gatecli.sources.problems import Problem, problems_of
from gatecli.sources.rules import RELEASE_INVALID, RELEASE_UNREADABLE
from gatecli.sources.spellings import respelt

Declared: TypeAlias = tuple[ModelRelease, Document]

_CLAIMS = frozenset(f"/spec/privacy/{key}" for key in ("epsilon", "delta", "rho", "mu"))
_MECHANISMS = "/spec/privacy/mechanisms/"


def read_declarations(path: Path) -> Loaded[Declared]:
    """Every ModelRelease of a file; what cannot be read or does not validate is a finding.

    Documents of other kinds are passed over, but a file without any ModelRelease is a finding.
    """
    try:
        documents = read_documents(path)
    except ReadError as error:
        return Loaded(findings=(unreadable(path, error),))
    return read_declared(path.as_posix(), documents)


def read_declared(path: str, documents: tuple[Document, ...]) -> Loaded[Declared]:
    """The releases among `documents`."""
    values: list[Declared] = []
    findings: list[Finding] = []
    for document in documents:
        problem = head_problem(document)
        if problem is not None:
            findings.append(problem_finding(problem, document, path))
        elif _is_release(document.data):
            _validate(respelt(document), values, findings)
    if not values and not findings:
        findings.append(_without_release(path))
    return Loaded(tuple(values), tuple(findings))


def unreadable(path: Path, error: ReadError, subject: str = "") -> Finding:
    """The finding that a file cannot be read, or has the wrong form."""
    name, at = path.as_posix(), error.position
    place = Place(name, at.line, at.column) if at else Place(name)
    rule = RELEASE_INVALID if error.invalid else RELEASE_UNREADABLE
    return make_finding(
        rule, f"the file {error.problem}", subject=subject or name, place=place, mend=error.mend
    )


def _is_release(data: Any) -> bool:
    return isinstance(data, Mapping) and data.get("kind") == "ModelRelease"


def _validate(document: Document, values: list[Declared], findings: list[Finding]) -> None:
    try:
        values.append((ModelRelease.from_file(document.data), document))
    except ValidationError as error:
        subject = _subject(document)
        problems = problems_of(error, document.data, ModelRelease)
        findings.extend(problem_finding(problem, document, subject) for problem in problems)


def _subject(document: Document) -> str:
    """The release's name and version as far as they can be read, else its file."""
    metadata = document.data.get("metadata")
    if not isinstance(metadata, Mapping):
        return document.path
    words = [metadata.get("name"), metadata.get("version")]
    if not all(word and isinstance(word, (str, int, Decimal)) for word in words):
        return document.path
    return " ".join(str(word) for word in words)


def _rule(problem: Problem) -> Rule:
    if problem.type == "number" and problem.pointer in _CLAIMS:
        return DP_INVALID_BUDGET
    if problem.type.startswith("union_tag") and problem.pointer.startswith(_MECHANISMS):
        return DP_UNACCOUNTABLE_MECHANISM
    return RELEASE_INVALID


def problem_finding(problem: Problem, document: Document, subject: str) -> Finding:
    """The finding that something is wrong with a document of ours."""
    place = document.place(problem.pointer, key=problem.at_key)
    identity = f"{subject}\0{problem.pointer}\0{problem.message}"
    return make_finding(
        _rule(problem), problem.message, subject=subject, place=place, mend=problem.mend, identity=identity
    )


def _without_release(path: str) -> Finding:
    message = "the file holds no ModelRelease"
    mend = f"declare one: apiVersion: {API_VERSION}, kind: {KINDS[0]}; `gatecli init` writes an example"
    return make_finding(RELEASE_INVALID, message, subject=path, place=Place(path), mend=mend)
