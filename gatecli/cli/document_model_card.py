"""`gatecli document model-card`: the privacy section and the metadata of a Hugging Face model card."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from gatecli.cli.document_data import read_card, write_text
from gatecli.cli.document_writing import (
    FactOptions,
    ReleaseOption,
    TemplateFile,
    gather_facts,
    read_template,
)
from gatecli.documents.kinds import MODEL_CARD
from gatecli.documents.model_card import (
    KEY,
    TAG,
    card_metadata,
    card_section,
    section_facts,
    with_section,
)
from gatecli.documents.rendering import (
    DocumentRequest,
    WrittenDocument,
    render_document,
)
from gatecli.frontdoor.option_groups import spread
from gatecli.sources.front_matter import set_front_matter


@spread
def model_card(
    facts_from: FactOptions,
    card: Annotated[
        Path, typer.Argument(metavar="README", help="The model card; what stands in it stays.")
    ] = Path("README.md"),
    release: ReleaseOption = None,
    template: TemplateFile = None,
) -> None:
    """Write a privacy section into a model card, and the tag and the figures into its metadata.

    All else in the card stays byte for byte. What people wrote in the section is kept.
    """
    facts = gather_facts(release or card.parent, facts_from)
    name, text = card.as_posix(), read_card(card)
    old = card_section(text, name)
    before = None if old is None else WrittenDocument(name, old)
    declaration = Path(os.path.relpath(facts.path, card.parent)).as_posix()
    request = DocumentRequest(
        MODEL_CARD, facts, declaration, card.name, before, read_template(template), section_facts(facts)
    )
    whole = with_section(text, render_document(request))
    write_text(set_front_matter(name, whole, TAG, KEY, card_metadata(facts)), card)
