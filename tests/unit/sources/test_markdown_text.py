"""Model cards declare in their front matter."""

from __future__ import annotations

import pytest

from gatecli.model.document import Document, Place
from gatecli.sources.files import ReadError
from gatecli.sources.markdown_text import read_card

CARD = """\
---
license: mit
model_name: churn
version: 2.30
sensitivity: health
privacy:
  epsilon: 1
---
# Churn

privacy: not this
"""


def card(text: str, path: str = "models/churn/README.md") -> Document:
    (document,) = read_card(path, text)
    return document


def test_a_privacy_block_takes_the_rest_from_the_card() -> None:
    data = card(CARD).data
    assert data["metadata"]["name"] == "churn"
    assert str(data["metadata"]["version"]) == "2.30"
    assert data["spec"] == {"sensitivity": "health", "privacy": {"epsilon": 1}}


@pytest.mark.parametrize(
    ("pointer", "place"),
    [
        ("/spec/privacy/epsilon", Place("models/churn/README.md", 7, 12, "/privacy/epsilon")),
        ("/spec/privacy/delta", Place("models/churn/README.md", 7, 3, "/privacy/delta")),
        ("/metadata/name", Place("models/churn/README.md", 3, 13, "/model_name")),
        ("/metadata/version", Place("models/churn/README.md", 4, 10, "/version")),
        ("/spec/sensitivity", Place("models/churn/README.md", 5, 14, "/sensitivity")),
    ],
)
def test_places_lead_into_the_card(pointer: str, place: Place) -> None:
    assert card(CARD).place(pointer) == place


def test_a_whole_release_stands_by_itself() -> None:
    document = card("---\nname: other\nprivacy:\n  metadata: {name: a, version: '1'}\n  spec: {}\n---\n")
    assert document.data["metadata"] == {"name": "a", "version": "1"}
    assert document.place("/metadata/name").pointer == "/privacy/metadata/name"


def test_without_a_name_the_folder_is_the_name() -> None:
    assert card("---\nversion: '1'\nprivacy: none\n---\n").data["metadata"]["name"] == "churn"


@pytest.mark.parametrize(
    "text", ["", "# Title\n", "---\nlicense: mit\n---\n", "text\n---\nprivacy: {}\n---\n"]
)
def test_a_text_without_the_key_declares_nothing(text: str) -> None:
    assert read_card("README.md", text) == ()


def test_front_matter_that_is_never_closed_is_refused() -> None:
    with pytest.raises(ReadError, match="never closed"):
        read_card("README.md", "---\nprivacy: {}\n")


def test_three_dots_close_front_matter_too() -> None:
    assert card("---\nprivacy: none\n...\n").data["spec"]["privacy"] == "none"
