"""Documents of one kind that may stand in files of any name: found in a tree by their text, then read."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Generic, TypeVar

from pydantic import ValidationError

from gatecli.model.base import Resource
from gatecli.model.document import Document, Place, Position, pointer_of
from gatecli.model.finding import Finding, Rule, make_finding
from gatecli.sources.contents import ReadBytes
from gatecli.sources.documents import head_problem, parse_documents, read_documents
from gatecli.sources.files import ReadError, decode_text, read_bytes
from gatecli.sources.interface import Loaded
from gatecli.sources.problems import Problem, problems_of

Kind = TypeVar("Kind", bound=Resource)

SUFFIXES = frozenset({".yaml", ".yml", ".json"})
_HOLDERS: Mapping[object, tuple[str, ...]] = MappingProxyType(
    {"ConfigMap": ("data",), "Secret": ("stringData",)}
)
"""Objects of a cluster whose texts are files, and under which key."""
_GROUP = re.compile(rb"(?i)gatecli\.dev/")


@dataclass(frozen=True)
class KindSource(Generic[Kind]):
    """Where documents of a kind come from, and what is said of those that cannot be read.

    A file that is called `STEM.yaml` or `NAME.STEM.yaml`, or so in JSON, must hold one. `noun` is what a
    sentence calls one, `verb` what somebody does who makes one.
    """

    model: type[Kind]
    stem: str
    noun: str
    verb: str
    unreadable: Rule
    invalid: Rule

    @property
    def kind(self) -> str:
        """As `kind:` has it."""
        return self.model.__name__

    def find(
        self, files: Iterable[Path], links: Iterable[Path] = (), read: ReadBytes = read_bytes
    ) -> Iterator[Path]:
        """Files that hold a document, by their text; and those whose name says so, whatever they hold.

        A link is one by its name alone, where its file is not among `files`.
        """
        known = tuple(files)
        for file in known:
            if file.suffix.lower() in SUFFIXES and (self.is_named(file) or self._is_in(file, read)):
                yield file
        named = [link for link in links if self.is_named(link)]
        targets = {os.path.realpath(file) for file in known} if named else set()
        yield from (link for link in named if os.path.realpath(link) not in targets)

    def is_named(self, file: Path) -> bool:
        """Whether the name of a file says that it holds one."""
        return self._name.fullmatch(file.name.lower()) is not None

    def read(
        self, path: Path, *, sought: bool = False, heads: bool = True, embedded: bool = False
    ) -> Loaded[tuple[Kind, Document]]:
        """Every document of the kind in a file; what cannot be read or does not validate is a finding.

        Documents of other kinds are passed over. A file without any is a finding, unless it was `sought` by
        its text alone, which may only speak of one. So is a document of this kind whose head is wrong;
        without `heads` somebody else says so. With `embedded` those count too that are texts in a ConfigMap
        or a Secret; their document has a prefix.
        """
        try:
            documents = read_documents(path)
        except ReadError as error:
            is_other = sought and not self._has_head(path)
            return Loaded() if is_other else Loaded(findings=(self._unread(path, error),))
        values: list[tuple[Kind, Document]] = []
        findings: list[Finding] = []
        if embedded:
            inner = [each for document in documents for each in self._embedded_documents(document, findings)]
            documents = (*documents, *inner)
        of_kind = [each for each in documents if _kind_of(each) == self.kind]
        for document in of_kind:
            problem = head_problem(document)
            if problem is None:
                self._validate(document, values, findings)
            elif heads:
                findings.append(self._problem_finding(problem, document, document.path))
        if not of_kind and not findings and not sought:
            findings.append(self._without_any(path))
        return Loaded(tuple(values), tuple(findings))

    @cached_property
    def _name(self) -> re.Pattern[str]:
        return re.compile(rf"(?:.+\.)?{re.escape(self.stem)}\.(?:yaml|yml|json)")

    @cached_property
    def _head(self) -> re.Pattern[str]:
        """The head of a document: at the margin, after a brace or a comma, or quoted as in JSON."""
        return re.compile(
            rf"""^(?:[^#\n]*[{{,][ \t]*|[ \t]*(?="))?["']?kind["']?[ \t]*:[ \t]*"""
            rf"""["']?{self.kind}["']?[ \t\r]*(?:[#,}}].*)?$""",
            re.MULTILINE,
        )

    def _is_in(self, file: Path, read: ReadBytes) -> bool:
        """Whether both words are there. No such document is so large, or so closed, that it is not read."""
        try:
            content = read(file).replace(b"\0", b"")
        except ReadError:
            return False
        return self.kind.encode() in content and _GROUP.search(content) is not None

    def _has_head(self, path: Path) -> bool:
        """Whether a text that is no YAML, such as a template of Helm's, says that it is of this kind."""
        try:
            return self._head.search(decode_text(read_bytes(path))) is not None
        except ReadError:
            return True

    def _embedded_documents(self, document: Document, findings: list[Finding]) -> Iterator[Document]:
        """Those among the texts of a ConfigMap or a Secret; all of one stands where its text begins."""
        data = document.data
        if _kind_of(document) not in _HOLDERS:
            return
        for key in _HOLDERS[data["kind"]]:
            texts = data.get(key)
            for name, text in texts.items() if isinstance(texts, Mapping) else ():
                if isinstance(text, str) and self.kind in text and _GROUP.search(text.encode()):
                    yield from self._parse_embedded(document, pointer_of((key, name)), text, findings)

    def _parse_embedded(
        self, document: Document, pointer: str, text: str, findings: list[Finding]
    ) -> Iterator[Document]:
        place = document.place(pointer)
        try:
            inner = parse_documents(document.path, text)
        except ReadError as error:
            if self._head.search(text):
                message = f"the {self.noun} in it {error.problem}"
                findings.append(
                    make_finding(self.invalid, message, subject=document.path, place=place, mend=error.mend)
                )
            return
        at = {"": Position(place.line or 1, place.column or 1)}
        for each in inner:
            if _kind_of(each) == self.kind:
                yield replace(
                    each, values=at, keys={}, prefix=pointer, index=document.index, sha256=document.sha256
                )

    def _validate(
        self, document: Document, values: list[tuple[Kind, Document]], findings: list[Finding]
    ) -> None:
        try:
            values.append((self.model.from_file(document.data), document))
        except ValidationError as error:
            subject = _subject_of(document)
            problems = problems_of(error, document.data, self.model)
            findings.extend(self._problem_finding(problem, document, subject) for problem in problems)

    def _problem_finding(self, problem: Problem, document: Document, subject: str) -> Finding:
        return make_finding(
            self.invalid,
            problem.message,
            subject=subject,
            place=document.place(problem.pointer, key=problem.at_key),
            mend=problem.mend,
            identity=f"{subject}\0{problem.pointer}\0{problem.message}",
        )

    def _unread(self, path: Path, error: ReadError) -> Finding:
        name, at = path.as_posix(), error.position
        place = Place(name, at.line, at.column) if at else Place(name)
        rule = self.invalid if error.invalid else self.unreadable
        return make_finding(rule, f"the file {error.problem}", subject=name, place=place, mend=error.mend)

    def _without_any(self, path: Path) -> Finding:
        name = path.as_posix()
        return make_finding(
            self.invalid,
            f"the file holds no {self.kind}",
            subject=name,
            place=Place(name),
            mend=f"{self.verb} one (gatecli schema {self.kind} says how), or give the file another name",
        )


def _kind_of(document: Document) -> object:
    return document.data.get("kind") if isinstance(document.data, Mapping) else None


def _subject_of(document: Document) -> str:
    """The name of a document as far as it can be read, else its file."""
    metadata = document.data.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    return name if isinstance(name, str) and name else document.path
