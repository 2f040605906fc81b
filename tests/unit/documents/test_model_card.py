"""The privacy section of a model card."""

from __future__ import annotations

import pytest

from gatecli.documents.kinds import MODEL_CARD
from gatecli.documents.model_card import card_metadata, card_section, section_facts, with_section
from gatecli.documents.rendering import DocumentRequest, WrittenDocument, render_document
from gatecli.errors import UsageError
from gatecli.model.documents import DocumentFacts
from tests.support.written_documents import budget_facts, some_facts

CARD = "---\nlicense: mit\n---\n# Churn\n\nHand-written.\n"


def section(facts: DocumentFacts, before: str | None = None) -> str:
    written = None if before is None else WrittenDocument("README.md", before)
    request = DocumentRequest(
        MODEL_CARD, facts, "privacy.yaml", "README.md", written, None, section_facts(facts)
    )
    return render_document(request)


def test_it_stands_at_the_end_and_the_rest_stays() -> None:
    card = with_section(CARD, section(some_facts()))
    assert card.startswith(f"{CARD}\n<!-- gatecli:section model-card -->\n## Privacy\n")
    assert card.endswith(" -->\n")


@pytest.mark.parametrize("card", ["", "x", "x\n", "x\n\n", "x\r\n"])
def test_writing_twice_is_writing_once(card: str) -> None:
    once = with_section(card, section(some_facts()))
    before = card_section(once, "README.md")
    assert before is not None
    assert with_section(once, section(some_facts(), before)) == once
    assert once.startswith(card)


def test_what_people_wrote_around_it_and_in_it_stays() -> None:
    first = with_section(CARD, section(some_facts()))
    question = "**Question for a human:**"
    assert question in first
    written = first.replace(question, "It hides one person, and") + "\n## Licence\n"
    before = card_section(written, "README.md")
    again = with_section(written, section(some_facts(epsilon=2), before))
    assert "It hides one person, and" in again
    assert "| ε | 2 |" in again
    assert again.startswith(CARD)
    assert again.endswith("\n## Licence\n")


def test_lines_end_as_the_card_has_them() -> None:
    card = with_section(CARD.replace("\n", "\r\n"), section(some_facts()))
    assert card.count("\n") == card.count("\r\n")
    before = card_section(card, "README.md")
    assert with_section(card, section(some_facts(), before)) == card


def test_half_a_section_is_refused() -> None:
    card = with_section(CARD, section(some_facts()))
    half = card[: card.index("<!-- gatecli:document")]
    with pytest.raises(UsageError, match="cannot be told from the rest"):
        card_section(half, "README.md")
    with pytest.raises(UsageError, match="cannot be told from the rest"):
        card_section(card + card, "README.md")


def test_metadata_are_texts() -> None:
    assert card_metadata(some_facts()) == {
        "release": "churn-classifier@2.3.0",
        "epsilon": "1",
        "delta": "1e-6",
        "unit": "person",
        "neighbouring": "add-remove",
        "policy": "acme",
    }


def test_it_says_what_is_left_of_a_budget() -> None:
    assert "| customers | 60000 | 45 % |" in section(some_facts(budget=budget_facts()))
    assert "| customers | 60000 | not known |" in section(some_facts())


def test_a_release_that_promises_nothing_says_so() -> None:
    text = section(some_facts(epsilon=None))
    assert "promises no privacy budget" in text
    assert "| ε |" not in text
