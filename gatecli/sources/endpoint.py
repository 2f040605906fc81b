"""Endpoints (`kind: PrivateEndpoint`): where they stand in a tree, and what cannot be read of one."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

from pydantic import ValidationError

from gatecli.model.document import Document, Place, Position, pointer_of
from gatecli.model.finding import Finding, Rule, Severity, make_finding
from gatecli.model.private_endpoint import PrivateEndpoint
from gatecli.sources.contents import ReadBytes
from gatecli.sources.documents import head_problem, parse_documents, read_documents
from gatecli.sources.files import ReadError, decode_text, read_bytes
from gatecli.sources.interface import Loaded
from gatecli.sources.problems import Problem, problems_of

SERVE_UNREADABLE = Rule(
    "serve-unreadable", Severity.ERROR, "A file of an endpoint cannot be read", uncheckable=True
)
SERVE_INVALID = Rule(
    "serve-invalid", Severity.ERROR, "An endpoint's document does not have the form of one", uncheckable=True
)
RULES: tuple[Rule, ...] = (SERVE_UNREADABLE, SERVE_INVALID)

PlacedEndpoint: TypeAlias = tuple[PrivateEndpoint, Document]

KIND = "PrivateEndpoint"
SUFFIXES = frozenset({".yaml", ".yml", ".json"})
_HOLDERS: Mapping[object, tuple[str, ...]] = MappingProxyType(
    {"ConfigMap": ("data",), "Secret": ("stringData",)}
)
"""Objects of a cluster whose texts are files, and under which key."""
_NAME = re.compile(r"(?:.+\.)?serve\.(?:yaml|yml|json)")
_GROUP = re.compile(rb"(?i)gatecli\.dev/")
_HEAD = re.compile(rf"""^["']?kind["']?[ \t]*:[ \t]*["']?{KIND}["']?[ \t]*(?:#.*)?$""", re.MULTILINE)


def find_endpoints(
    files: Iterable[Path], links: Iterable[Path] = (), read: ReadBytes = read_bytes
) -> Iterator[Path]:
    """Files that hold an endpoint, by their text; and those whose name says so, whatever they hold.

    A link is one by its name alone, where its file is not among `files`.
    """
    known = tuple(files)
    for file in known:
        if file.suffix.lower() in SUFFIXES and (is_named_endpoint(file) or _holds_endpoint(file, read)):
            yield file
    named = [link for link in links if is_named_endpoint(link)]
    targets = {os.path.realpath(file) for file in known} if named else set()
    yield from (link for link in named if os.path.realpath(link) not in targets)


def is_named_endpoint(file: Path) -> bool:
    """Whether a file is called `serve.yaml`, `NAME.serve.yaml`, or so in JSON."""
    return _NAME.fullmatch(file.name.lower()) is not None


def _holds_endpoint(file: Path, read: ReadBytes) -> bool:
    """Whether both words are there. No document of ours is so large, or so closed, that it is not read."""
    try:
        content = read(file).replace(b"\0", b"")
    except ReadError:
        return False
    return KIND.encode() in content and _GROUP.search(content) is not None


def read_endpoints(
    path: Path, *, sought: bool = False, heads: bool = True, embedded: bool = False
) -> Loaded[PlacedEndpoint]:
    """Every endpoint of a file; what cannot be read or does not validate is a finding.

    Documents of other kinds are passed over. A file without any endpoint is a finding, unless it was
    `sought` by its text alone, which may only speak of one. So is a document of this kind whose head is
    wrong; without `heads` somebody else says so. With `embedded` endpoints count too that are texts in a
    ConfigMap or a Secret; their document has a prefix.
    """
    try:
        documents = read_documents(path)
    except ReadError as error:
        is_other = sought and not _has_endpoint_head(path)
        return Loaded() if is_other else Loaded(findings=(_unread(path, error),))
    values: list[PlacedEndpoint] = []
    findings: list[Finding] = []
    if embedded:
        inner = [each for document in documents for each in _embedded_documents(document, findings)]
        documents = (*documents, *inner)
    of_kind = [each for each in documents if _kind_of(each) == KIND]
    for document in of_kind:
        problem = head_problem(document)
        if problem is None:
            _validate(document, values, findings)
        elif heads:
            findings.append(_problem_finding(problem, document, document.path))
    if not of_kind and not findings and not sought:
        findings.append(_without_endpoint(path))
    return Loaded(tuple(values), tuple(findings))


def _kind_of(document: Document) -> object:
    return document.data.get("kind") if isinstance(document.data, Mapping) else None


def _embedded_documents(document: Document, findings: list[Finding]) -> Iterator[Document]:
    """The endpoints among the texts of a ConfigMap or a Secret; all of one stands where its text begins."""
    data = document.data
    if _kind_of(document) not in _HOLDERS:
        return
    for key in _HOLDERS[data["kind"]]:
        texts = data.get(key)
        for name, text in texts.items() if isinstance(texts, Mapping) else ():
            if isinstance(text, str) and KIND in text and _GROUP.search(text.encode()):
                yield from _parse_embedded(document, pointer_of((key, name)), text, findings)


def _parse_embedded(
    document: Document, pointer: str, text: str, findings: list[Finding]
) -> Iterator[Document]:
    place = document.place(pointer)
    try:
        inner = parse_documents(document.path, text)
    except ReadError as error:
        if _HEAD.search(text):
            findings.append(
                make_finding(
                    SERVE_INVALID,
                    f"the endpoint in it {error.problem}",
                    subject=document.path,
                    place=place,
                    mend=error.mend,
                )
            )
        return
    at = {"": Position(place.line or 1, place.column or 1)}
    for each in inner:
        if _kind_of(each) == KIND:
            yield replace(
                each, values=at, keys={}, prefix=pointer, index=document.index, sha256=document.sha256
            )


def _has_endpoint_head(path: Path) -> bool:
    """Whether a text that is no YAML, such as a template of Helm's, says that it is an endpoint."""
    try:
        return _HEAD.search(decode_text(read_bytes(path))) is not None
    except ReadError:
        return True


def _validate(document: Document, values: list[PlacedEndpoint], findings: list[Finding]) -> None:
    try:
        values.append((PrivateEndpoint.from_file(document.data), document))
    except ValidationError as error:
        subject = _subject(document)
        problems = problems_of(error, document.data, PrivateEndpoint)
        findings.extend(_problem_finding(problem, document, subject) for problem in problems)


def _subject(document: Document) -> str:
    """The endpoint's name as far as it can be read, else its file."""
    metadata: Any = document.data.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    return name if isinstance(name, str) and name else document.path


def _problem_finding(problem: Problem, document: Document, subject: str) -> Finding:
    place = document.place(problem.pointer, key=problem.at_key)
    identity = f"{subject}\0{problem.pointer}\0{problem.message}"
    return make_finding(
        SERVE_INVALID, problem.message, subject=subject, place=place, mend=problem.mend, identity=identity
    )


def _unread(path: Path, error: ReadError) -> Finding:
    name, at = path.as_posix(), error.position
    place = Place(name, at.line, at.column) if at else Place(name)
    rule = SERVE_INVALID if error.invalid else SERVE_UNREADABLE
    return make_finding(rule, f"the file {error.problem}", subject=name, place=place, mend=error.mend)


def _without_endpoint(path: Path) -> Finding:
    name = path.as_posix()
    return make_finding(
        SERVE_INVALID,
        f"the file holds no {KIND}",
        subject=name,
        place=Place(name),
        mend=f"describe one (gatecli schema {KIND} says how), or give the file another name",
    )
