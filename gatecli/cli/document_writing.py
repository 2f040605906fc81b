"""What every command that writes a document is given, and how each writes it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import typer

from gatecli.cli.ledger_records import read_given
from gatecli.cli.target_files import write_into_folder
from gatecli.documents.kinds import DocumentKind
from gatecli.documents.rendering import DocumentRequest, WrittenDocument, render_document
from gatecli.errors import UncheckableError
from gatecli.frontdoor.console import err
from gatecli.frontdoor.options import (
    GATE,
    OUTPUT,
    LedgerUrl,
    PolicyFile,
    PolicyFrom,
    WaiverFiles,
    option,
)
from gatecli.frontdoor.session import GateOptions, Session, begin
from gatecli.gates.documenting import DocumentedRelease, document_facts
from gatecli.gates.used_ledger import used_ledger
from gatecli.model.documents import QUESTION, DocumentFacts
from gatecli.sources.files import ReadError
from gatecli.sources.markdown_text import front_matter

ReleasePath = Annotated[
    Path, typer.Argument(metavar="PATH", help="A declaration, or a folder with one (default: here).")
]


ReleaseOption = Annotated[
    Path | None,
    option(
        "--release",
        panel=GATE,
        variable="DOCUMENT_RELEASE",
        metavar="PATH",
        help="A declaration, or a folder with one (default: the folder of the file).",
    ),
]
TemplateFile = Annotated[
    Path | None,
    option(
        "--template",
        panel=OUTPUT,
        variable="DOCUMENT_TEMPLATE",
        metavar="FILE",
        help="A Jinja template of your own, instead of the shipped one.",
    ),
]


@dataclass(frozen=True, slots=True)
class FactOptions:
    """What a document is made from."""

    attestation: Annotated[
        Path | None,
        option(
            "--attestation",
            panel=GATE,
            variable="DOCUMENT_ATTESTATION",
            metavar="FILE",
            help="What gatecli attest wrote of the release: the document names its SHA-256.",
        ),
    ] = None
    policy: PolicyFile = None
    policy_from: PolicyFrom = None
    waivers: WaiverFiles = None
    ledger: LedgerUrl = None


@dataclass(frozen=True, slots=True)
class WritingOptions(FactOptions):
    """Where a document goes, and what it is made from."""

    output: Annotated[
        Path | None,
        option(
            "--output",
            "-o",
            panel=OUTPUT,
            variable="DOCUMENT",
            metavar="FILE",
            help="Instead of stdout. What people wrote in it before is kept.",
        ),
    ] = None
    template: TemplateFile = None


def begin_writing(path: Path, given: FactOptions) -> Session:
    """The run that judges the release at a path."""
    return begin(GateOptions(given.policy, given.policy_from, given.waivers), path)


def facts_in(session: Session, path: Path, given: FactOptions) -> DocumentFacts:
    """The facts of the release at a path, as the release gate finds them."""
    with used_ledger(given.ledger, session.now) as ledger:
        return document_facts(DocumentedRelease(path, session.terms, ledger, given.attestation))


def gather_facts(path: Path, given: FactOptions) -> DocumentFacts:
    """The facts of the release at a path, of a run of their own."""
    return facts_in(begin_writing(path, given), path, given)


def read_template(path: Path | None) -> str | None:
    """The text of a template of the user's own; None where none is given."""
    return None if path is None else read_given(path)


_NOTHING: Mapping[str, Any] = MappingProxyType({})


def write_document(
    kind: DocumentKind, facts: DocumentFacts, given: WritingOptions, more: Mapping[str, Any] = _NOTHING
) -> None:
    """Write the document, or show it. `more` is what its template may use besides the facts."""
    output = given.output
    before = _read_document(output) if output is not None else None
    template = read_template(given.template)
    folder = Path() if output is None else output.parent
    declaration = Path(os.path.relpath(facts.path, folder)).as_posix()
    name = "FILE" if output is None else output.name
    text = render_document(DocumentRequest(kind, facts, declaration, name, before, template, more))
    questions = text.count(QUESTION)
    waiting = f"; {questions} questions for a human" if questions else ""
    write_where_changed(text, None if before is None else before.text, output, waiting)


def read_before(output: Path | None) -> str | None:
    """The text that stands at the place; None where nothing does."""
    return None if output is None or not os.path.lexists(output) else read_given(output)


def write_where_changed(text: str, before: str | None, output: Path | None, waiting: str = "") -> None:
    """Write a text, unless it stands there already, and say so; `waiting` is what is left to people."""
    if before != text:
        write_into_folder(text, output)
    if output is not None:
        state = "wrote" if before is None else "is as it was:" if before == text else "wrote again"
        err(f"{state} {output}{waiting}\n")


def _read_document(path: Path) -> WrittenDocument | None:
    """What stands at the place; None where nothing does."""
    text, name = read_before(path), path.as_posix()
    if text is None:
        return None
    try:
        head = front_matter(text)
    except ReadError as error:
        raise UncheckableError(f"{name} {error.problem}", advice=error.mend) from None
    return WrittenDocument(name, text, None if head is None else head.partition("\n")[2].rstrip("\r\n"))
