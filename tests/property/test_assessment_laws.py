"""Laws of impact assessments and model cards: no name becomes markup, and writing twice is writing once."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from typing import Any

from hypothesis import example, given
from markdown_it import MarkdownIt

from gatecli.documents.cnil import cnil_file
from gatecli.documents.exact_json import exact_json
from gatecli.documents.kinds import MODEL_CARD, PIA, DocumentKind
from gatecli.documents.lineage import lineage_facets
from gatecli.documents.ml_bom import ml_bom
from gatecli.documents.model_card import section_facts
from gatecli.documents.pia import assessment_of
from gatecli.documents.registry import record_text, registry_record
from gatecli.documents.rendering import DocumentRequest, WrittenDocument, render_document
from gatecli.errors import UsageError
from gatecli.model.documents import DocumentFacts
from gatecli.sources.registry_text import read_registry_record
from tests.property.test_written_document_laws import NAMES
from tests.support.cnil_tool import problems
from tests.support.written_documents import budget_facts, some_facts

PIA_PAGE = replace(PIA, template="pia.html")
READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
DAY = "2026-11-30"


def written(kind: DocumentKind, facts: DocumentFacts, before: str | None = None) -> str:
    more = section_facts(facts) if kind is MODEL_CARD else assessment_of(facts)
    old = None if before is None else WrittenDocument("d", before)
    return render_document(DocumentRequest(kind, facts, "privacy.yaml", "d", old, None, more))


def named(name: str, dataset: str, unit: str) -> DocumentFacts:
    return some_facts(name, version=name, datasets=[dataset], budget=budget_facts(), unit=unit)


def structure(text: str) -> list[str]:
    """The kinds of everything in Markdown, without its texts."""
    kinds: list[str] = []
    for token in READER.parse(text):
        kinds.append(f"{token.type} {token.tag} {token.markup}")
        kinds += [each.type for each in token.children or () if each.type not in {"text", "text_special"}]
    return kinds


class Page(HTMLParser):
    """The tags of a page with their attributes, without its texts and comments."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[Any] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, attrs))

    def handle_endtag(self, tag: str) -> None:
        self.tags.append(tag)


PLAIN = named("a", "d", "u")
MARKDOWN = {kind.name: structure(written(kind, PLAIN)) for kind in (PIA, MODEL_CARD)}
TAGS = Page(written(PIA_PAGE, PLAIN)).tags


@given(name=NAMES, dataset=NAMES, unit=NAMES)
def test_no_name_becomes_markdown(name: str, dataset: str, unit: str) -> None:
    facts = named(name, dataset, unit)
    for kind in (PIA, MODEL_CARD):
        assert structure(written(kind, facts)) == MARKDOWN[kind.name]


@given(name=NAMES, dataset=NAMES, unit=NAMES)
def test_no_name_becomes_html(name: str, dataset: str, unit: str) -> None:
    assert Page(written(PIA_PAGE, named(name, dataset, unit))).tags == TAGS


@example(name="a@b", dataset="d", unit="u")
@given(name=NAMES, dataset=NAMES, unit=NAMES)
def test_writing_twice_is_writing_once(name: str, dataset: str, unit: str) -> None:
    facts = named(name, dataset, unit)
    for kind in (PIA, PIA_PAGE, MODEL_CARD):
        once = written(kind, facts)
        assert written(kind, facts, once) == once


@given(name=NAMES, dataset=NAMES, unit=NAMES)
def test_no_name_leaves_its_place_in_data(name: str, dataset: str, unit: str) -> None:
    facts = named(name, dataset, unit)
    data = json.loads(exact_json(cnil_file(facts, f"{DAY}T00:00:00.000Z")))
    assert problems(data) == []
    texts = [each["data"]["text"] or "" for each in data["answers"]]
    assert {tag if isinstance(tag, str) else tag[0] for text in texts for tag in Page(text).tags} <= {
        "p",
        "em",
    }
    for document in (ml_bom(facts), lineage_facets(facts)):
        assert json.loads(exact_json(document)) == document
    try:
        record = registry_record(facts, None, DAY, date.fromisoformat(DAY))
    except UsageError:
        assert "\\\\" in name + unit  # two backslashes, which the registry refuses
        return
    assert read_registry_record("r.yaml", record_text(record)) == record
