"""KeyPolicies (`kind: KeyPolicy`): where they stand in a tree, and what cannot be read of one."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from pydantic import ValidationError

from gatecli.model.document import Document, Place
from gatecli.model.finding import Finding, Rule, Severity, make_finding
from gatecli.model.key_policy import KeyPolicy
from gatecli.sources.contents import ReadBytes
from gatecli.sources.documents import head_problem, read_documents
from gatecli.sources.files import ReadError, decode_text, read_bytes
from gatecli.sources.interface import Loaded
from gatecli.sources.problems import Problem, problems_of

KEYS_UNREADABLE = Rule(
    "keys-unreadable", Severity.ERROR, "A file of a KeyPolicy cannot be read", uncheckable=True
)
KEYS_INVALID = Rule(
    "keys-invalid", Severity.ERROR, "A KeyPolicy does not have the form of one", uncheckable=True
)
RULES: tuple[Rule, ...] = (KEYS_UNREADABLE, KEYS_INVALID)

PlacedKeyPolicy: TypeAlias = tuple[KeyPolicy, Document]

KIND = "KeyPolicy"
SUFFIXES = frozenset({".yaml", ".yml", ".json"})
_NAME = re.compile(r"(?:.+\.)?key-policy\.(?:yaml|yml|json)")
_GROUP = re.compile(rb"(?i)gatecli\.dev/")
_WORD = re.compile(rb"\bKeyPolicy\b")
_HEAD = re.compile(rf"""^["']?kind["']?[ \t]*:[ \t]*["']?{KIND}["']?[ \t]*(?:#.*)?$""", re.MULTILINE)


def find_key_policies(
    files: Iterable[Path], links: Iterable[Path] = (), read: ReadBytes = read_bytes
) -> Iterator[Path]:
    """Files that hold a KeyPolicy, by their text; and those whose name says so, whatever they hold.

    A link is one by its name alone, where its file is not among `files`.
    """
    known = tuple(files)
    for file in known:
        if file.suffix.lower() in SUFFIXES and (is_named_key_policy(file) or _holds_key_policy(file, read)):
            yield file
    named = [link for link in links if is_named_key_policy(link)]
    targets = {os.path.realpath(file) for file in known} if named else set()
    yield from (link for link in named if os.path.realpath(link) not in targets)


def is_named_key_policy(file: Path) -> bool:
    """Whether a file is called `key-policy.yaml`, `NAME.key-policy.yaml`, or so in JSON."""
    return _NAME.fullmatch(file.name.lower()) is not None


def _holds_key_policy(file: Path, read: ReadBytes) -> bool:
    try:
        content = read(file).replace(b"\0", b"")
    except ReadError:
        return False
    return _WORD.search(content) is not None and _GROUP.search(content) is not None


def read_key_policies(path: Path, *, sought: bool = False, heads: bool = True) -> Loaded[PlacedKeyPolicy]:
    """Every KeyPolicy of a file; what cannot be read or does not validate is a finding.

    Documents of other kinds are passed over. A file without any KeyPolicy is a finding, unless it was
    `sought` by its text alone, which may only speak of one. So is a document whose head is wrong; without
    `heads` somebody else says so.
    """
    try:
        documents = read_documents(path)
    except ReadError as error:
        return Loaded() if sought and not _has_head(path) else Loaded(findings=(_unread(path, error),))
    of_kind = [each for each in documents if _kind_of(each) == KIND]
    values: list[PlacedKeyPolicy] = []
    findings: list[Finding] = []
    for document in of_kind:
        problem = head_problem(document)
        if problem is None:
            _validate(document, values, findings)
        elif heads:
            findings.append(_problem_finding(problem, document))
    if not of_kind and not sought:
        findings.append(_without_key_policy(path))
    return Loaded(tuple(values), tuple(findings))


def _kind_of(document: Document) -> object:
    return document.data.get("kind") if isinstance(document.data, Mapping) else None


def _has_head(path: Path) -> bool:
    """Whether a text that is no YAML, such as a template of Helm's, says that it is a KeyPolicy."""
    try:
        return _HEAD.search(decode_text(read_bytes(path))) is not None
    except ReadError:
        return True


def _validate(document: Document, values: list[PlacedKeyPolicy], findings: list[Finding]) -> None:
    try:
        values.append((KeyPolicy.from_file(document.data), document))
    except ValidationError as error:
        problems = problems_of(error, document.data, KeyPolicy)
        findings.extend(_problem_finding(problem, document) for problem in problems)


def _problem_finding(problem: Problem, document: Document) -> Finding:
    metadata = document.data.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    subject = name if isinstance(name, str) and name else document.path
    return make_finding(
        KEYS_INVALID,
        problem.message,
        subject=subject,
        place=document.place(problem.pointer, key=problem.at_key),
        mend=problem.mend,
        identity=f"{subject}\0{problem.pointer}\0{problem.message}",
    )


def _unread(path: Path, error: ReadError) -> Finding:
    name, at = path.as_posix(), error.position
    place = Place(name, at.line, at.column) if at else Place(name)
    rule = KEYS_INVALID if error.invalid else KEYS_UNREADABLE
    return make_finding(rule, f"the file {error.problem}", subject=name, place=place, mend=error.mend)


def _without_key_policy(path: Path) -> Finding:
    name = path.as_posix()
    return make_finding(
        KEYS_INVALID,
        f"the file holds no {KIND}",
        subject=name,
        place=Place(name),
        mend=f"write one (gatecli schema {KIND} says how), or give the file another name",
    )
