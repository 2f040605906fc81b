"""`gatecli document pia`: a privacy impact assessment (GDPR Art. 35)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from gatecli.cli.document_data import read_json_before, write_data
from gatecli.cli.document_writing import (
    ReleasePath,
    WritingOptions,
    begin_writing,
    facts_in,
    write_document,
)
from gatecli.documents.cnil import begun_before, cnil_file
from gatecli.documents.kinds import PIA
from gatecli.documents.pia import assessment_of
from gatecli.errors import UsageError
from gatecli.frontdoor.option_groups import spread
from gatecli.frontdoor.options import OUTPUT, option
from gatecli.model.documents import DocumentFacts


class PiaFormat(StrEnum):
    """As what an assessment is written."""

    MARKDOWN = "markdown"
    HTML = "html"
    CNIL = "cnil"


@spread
def pia(
    writing: WritingOptions,
    path: ReleasePath = Path(),
    form: Annotated[
        PiaFormat,
        option(
            "--format",
            panel=OUTPUT,
            variable="PIA_FORMAT",
            help="A document, or the file that CNIL's PIA tool imports.",
        ),
    ] = PiaFormat.MARKDOWN,
) -> None:
    """Write a privacy impact assessment: what the release answers, and what is left to people.

    It has CNIL's four parts, the ICO's seven steps and the nine criteria of WP 248. Severity, likelihood and
    evaluation are never filled in.
    """
    if form is PiaFormat.CNIL and writing.template is not None:
        raise UsageError(
            "--template is for documents, and --format cnil is data", advice="leave one of them out"
        )
    session = begin_writing(path, writing)
    facts = facts_in(session, path, writing)
    if form is PiaFormat.CNIL:
        _write_cnil(facts, writing, session.now.date())
        return
    kind = replace(PIA, template="pia.html") if form is PiaFormat.HTML else PIA
    write_document(kind, facts, writing, assessment_of(facts))


def _write_cnil(facts: DocumentFacts, writing: WritingOptions, day: date) -> None:

    begun = begun_before(facts, read_json_before(writing.output))
    write_data(cnil_file(facts, begun or f"{day.isoformat()}T00:00:00.000Z"), writing.output)
