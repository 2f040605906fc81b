"""Whether documents are still true: each is held against the release that it is about."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

from gatecli.checks.decisions import (
    PAST,
    dated_document,
    find_broken_stamp,
    find_decision_faults,
    find_other_release,
    find_outdated,
)
from gatecli.documents.marks import BrokenMarksError, hand_written_parts
from gatecli.gates import DOCUMENT
from gatecli.gates.documenting import facts_at
from gatecli.gates.judgement import JudgementTerms, judge
from gatecli.gates.release import require_existing
from gatecli.gates.reserving import LedgerUse
from gatecli.model.decision import DecisionRecord
from gatecli.model.document_stamp import DocumentStamp
from gatecli.model.documents import DocumentFacts
from gatecli.model.finding import Finding
from gatecli.model.verdict import Checked, Examined, Verdict
from gatecli.sources.decision_record import decision_in
from gatecli.sources.declaration import read_declarations, unreadable
from gatecli.sources.discovery import files_below, find_declarations
from gatecli.sources.files import ReadError, read_text
from gatecli.sources.locations import inside

_SUFFIXES = {".md", ".markdown", ".html", ".htm"}
_RECORD = "adr"


@dataclass(frozen=True, slots=True)
class DocumentCheckRequest:
    """Documents, and folders to find them in; `releases` is where declarations that name them are."""

    paths: Sequence[Path]
    terms: JudgementTerms
    ledger: LedgerUse | None = None
    releases: Path = Path()


@dataclass(slots=True)
class _Known:
    """The facts of the releases of each declaration, gathered once a run."""

    request: DocumentCheckRequest
    read: dict[Path, tuple[DocumentFacts, ...]] = field(default_factory=dict)
    naming: dict[Path, list[Path]] | None = None

    def facts_in(self, declaration: Path) -> tuple[DocumentFacts, ...]:
        """Every release of a declaration, or nothing if the file does not exist."""
        if declaration not in self.read:
            there = declaration.is_file()
            asked = self.request
            self.read[declaration] = facts_at([declaration], asked.terms, asked.ledger) if there else ()
        return self.read[declaration]

    def facts_beside(self, document: Path, declaration: str) -> tuple[DocumentFacts, ...]:
        """The releases of a declaration as a document's stamp names it."""
        try:
            return self.facts_in(inside(document.parent, declaration, self.request.releases))
        except ReadError:
            return ()

    def facts_naming(self, record: Path) -> list[DocumentFacts]:
        """The releases that name a file as their decision."""
        if self.naming is None:
            self.naming = {}
            for declaration in sorted(find_declarations([self.request.releases])):
                for named in _decisions_named_in(declaration):
                    self.naming.setdefault(named, []).append(declaration)
        about = [each for path in self.naming.get(_absolute(record), ()) for each in self.facts_in(path)]
        return [each for each in about if each.release.spec.decision is not None]


def check_documents(request: DocumentCheckRequest) -> Verdict:
    """The verdict over documents.

    A file is judged where gatecli wrote it, or where a release names it as its decision; others are not
    documents of a release, and are passed over. Raises UsageError for a path where nothing is,
    UncheckableError for a declaration that cannot be read.
    """
    require_existing(request.paths)
    known = _Known(request)
    parts = [_examine(file, known) for file in _documents(request.paths)]
    whole = Examined(
        tuple(each for part in parts for each in part.checked),
        tuple(each for part in parts for each in part.findings),
        tuple(each for part in parts for each in part.problems),
    )
    return judge(DOCUMENT, whole, request.terms)


def _documents(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in files_below([path]) if file.suffix.lower() in _SUFFIXES)
        else:
            yield path


def _examine(file: Path, known: _Known) -> Examined:
    try:
        text = read_text(file)
    except ReadError as error:
        return Examined(problems=(unreadable(file, error),))
    record = decision_in(file.as_posix(), text)
    if record.stamp is not None and record.fault is None:
        record = replace(record, fault=_marks_fault(text))
    stamp = record.stamp
    judged = _judge_stamped(file, record, stamp, known) if stamp else _judge_named(record, known)
    if judged is None:
        return Examined()
    name, findings = judged
    digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return Examined((Checked("document", name, record.path, {}, {"sha256": digest}),), findings)


def _marks_fault(text: str) -> str | None:
    """What is wrong with the marks of hand-written parts; None where they are whole."""
    try:
        hand_written_parts(text, "it")
    except BrokenMarksError as error:
        return error.message.removeprefix("it ")
    return None


_Judged = tuple[str, tuple[Finding, ...]]
"""Which release a document is about, and what is wrong with it."""


def _judge_stamped(file: Path, record: DecisionRecord, stamp: DocumentStamp, known: _Known) -> _Judged | None:
    """A document that says itself which release it is about; None for a decision of the past."""
    releases = known.facts_beside(file, stamp.declaration)
    is_record = stamp.kind == _RECORD
    wanted = stamp.release if is_record else stamp.release.rpartition("@")[0]
    facts = next((each for each in releases if wanted in (each.identity, each.name)), None)
    if facts is None:
        if record.status is not None and record.status.split(" ")[0].casefold() in PAST:
            return None
        other = releases[0].identity if releases else None
        return stamp.release, (find_other_release(record.path, stamp, other),)
    dated = dated_document(record.path, stamp, record.fault)
    return stamp.release, tuple(
        find_decision_faults(facts, record) if is_record else find_outdated(facts, dated)
    )


def _judge_named(record: DecisionRecord, known: _Known) -> _Judged | None:
    """A record that was written by hand, where a release names it; None for any other file."""
    named = known.facts_naming(Path(record.path))
    if not named:
        broken = () if record.fault is None else (find_broken_stamp(record.path, record.fault),)
        return (record.path, broken) if broken else None
    return named[0].identity, tuple(found for facts in named for found in find_decision_faults(facts, record))


def _decisions_named_in(declaration: Path) -> Iterator[Path]:
    for release, _ in read_declarations(declaration).values:
        if release.spec.decision is not None:
            try:
                yield _absolute(inside(declaration.parent, release.spec.decision))
            except ReadError:
                continue


def _absolute(path: Path) -> Path:
    return Path(os.path.normpath(os.path.abspath(path)))  # noqa: PTH100 - lexical, as all paths of declarations
