"""The kinds of documents that are written, in one list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from gatecli.model.documents import InputPart


class DocumentName(StrEnum):
    """A kind of document, as its stamp names it."""

    ADR = "adr"
    MODEL_CARD = "model-card"
    PIA = "pia"


@dataclass(frozen=True, slots=True)
class DocumentKind:
    """A document: its template, which parts of the facts it states, and how many versions it is about.

    A template whose name ends with `.html` is HTML, any other one Markdown. What is `of_one_version` is not
    written over by the document of another version.
    """

    name: DocumentName
    title: str
    template: str
    inputs: frozenset[InputPart]
    of_one_version: bool = False

    @property
    def is_html(self) -> bool:
        return self.template.endswith(".html")


ADR = DocumentKind(
    DocumentName.ADR,
    "decision record",
    "adr.md",
    frozenset({InputPart.DECLARATION, InputPart.COST, InputPart.LIMITS, InputPart.LEDGER}),
    of_one_version=True,
)

MODEL_CARD = DocumentKind(DocumentName.MODEL_CARD, "model card", "model-card.md", frozenset(InputPart))
PIA = DocumentKind(DocumentName.PIA, "impact assessment", "pia.md", frozenset(InputPart))

DOCUMENT_KINDS: Mapping[DocumentName, DocumentKind] = MappingProxyType(
    {each.name: each for each in (ADR, MODEL_CARD, PIA)}
)
"""Every kind, by its name."""
