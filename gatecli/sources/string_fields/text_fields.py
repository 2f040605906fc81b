"""Plain text and source code: the whole text is one leaf.

Nothing is decoded, so nothing is hidden; the name that a value is assigned to is found on its line
(`gatecli.model.text.assigned_name`).
"""

from __future__ import annotations

from collections.abc import Iterable

from gatecli.model.text import Leaf, LeafKind, RawText
from gatecli.sources.string_fields.interface import TextFormat, shown_as_is


def read_text_leaves(raw: RawText) -> Iterable[Leaf]:
    """The text, where it holds more than white space."""
    if raw.text and not raw.text.isspace():
        yield Leaf(raw.text, (), LeafKind.TEXT, 0, len(raw.text))


TEXT = TextFormat("text", read_text_leaves, shown_as_is, records=True)
