"""Model cards: Markdown whose YAML front matter has the key `privacy`.

The key holds a whole release (`metadata`, `spec`), or the block that `spec.privacy` holds elsewhere;
then the card's own keys say whose it is: `model_name` or `name` (else the folder's name), `version`,
`sensitivity`, and `artifacts` and `datasets` where they are written in this tool's form.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from gatecli.model.document import Document
from gatecli.sources.embedding import HEAD, composed_of, part_of
from gatecli.sources.files import ReadError
from gatecli.sources.yaml_text import read_yaml

_FENCE = re.compile(r"^(---|\.\.\.)[ \t]*\r?$", re.MULTILINE)
_NAMES = ("model_name", "name")


def front_matter(text: str) -> str | None:
    """The YAML block at the very beginning, opening fence included; None where there is none.

    Raises `ReadError` for a block that is never closed.
    """
    opening = _FENCE.match(text)
    if opening is None or opening[1] != "---":
        return None
    closing = _FENCE.search(text, opening.end())
    if closing is None:
        raise ReadError("has front matter that is never closed", "close it with a line ---")
    return text[: closing.start()]


def read_card(path: str, text: str) -> tuple[Document, ...]:
    """The release that a model card declares; none where it has no key `privacy`.

    Raises `ReadError`.
    """
    head = front_matter(text)
    if head is None:
        return ()
    cards = read_yaml(path, head)
    return tuple(_release(card) for card in cards if isinstance(card.data, dict) and "privacy" in card.data)


def _release(card: Document) -> Document:
    privacy = card.data["privacy"]
    if isinstance(privacy, dict) and ("metadata" in privacy or "spec" in privacy):
        return part_of(card, "/privacy", privacy)
    roots = {"/spec": "/privacy", "/spec/privacy": "/privacy"}
    metadata = _metadata(card, roots)
    spec: dict[str, Any] = {"privacy": privacy}
    if "sensitivity" in card.data:
        spec["sensitivity"] = card.data["sensitivity"]
        roots["/spec/sensitivity"] = "/sensitivity"
    return composed_of(card, {**HEAD, "metadata": metadata, "spec": spec}, roots)


def _metadata(card: Document, roots: dict[str, str]) -> dict[str, Any]:
    name = next((key for key in _NAMES if card.data.get(key) is not None), None)
    folder = Path(card.path).absolute().parent.name
    metadata: dict[str, Any] = {"name": card.data[name] if name else folder}
    if name:
        roots["/metadata/name"] = f"/{name}"
    if "version" in card.data:
        metadata["version"] = card.data["version"]
    roots["/metadata/version"] = "/version"
    return metadata
