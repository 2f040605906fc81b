"""A number that is taken apart into the items of a list: `["440308", "19990101", "1512"]`, `[5, 3, 6, …]`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gatecli.model.text import Leaf, LeafKind, joined_items

LISTED = frozenset({"yaml", "json", "json-lines", "toml", "hcl"})
"""Formats that have lists."""

_ITEM = r"[\"']?[0-9]{1,9}[Xx]?[\"']?"
_IN_BLOCK = re.compile(rf"-[ \t]+{_ITEM}[ \t]*(?:#[^\n]*)?\r?\n[ \t]*-[ \t]+{_ITEM}[ \t]*(?:[#\r\n]|\Z)")
_IN_BRACKETS = re.compile(rf",\s*{_ITEM}\s*[,\]]")


def may_divide(text: str) -> bool:
    """Whether a text of such a format may hold a list of short numbers."""
    return ("- " in text and _IN_BLOCK.search(text) is not None) or (
        "[" in text and _IN_BRACKETS.search(text) is not None
    )


def divided_lists(leaves: Sequence[Leaf]) -> Iterator[Leaf]:
    """A leaf at each list of short numbers, which may be one number: all its items together."""
    items: list[Leaf] = []
    for leaf in (*leaves, Leaf("")):
        follows = bool(items) and _is_next(items[-1], leaf)
        if items and not follows:
            yield from _whole(items)
            items = []
        if follows or (leaf.keys and leaf.keys[-1] == 0 and leaf.kind is not LeafKind.KEY):
            items.append(leaf)


def _is_next(before: Leaf, leaf: Leaf) -> bool:
    index = before.keys[-1]
    if not isinstance(index, int) or leaf.document != before.document:
        return False
    return leaf.keys == (*before.keys[:-1], index + 1)


def _whole(items: Sequence[Leaf]) -> Iterator[Leaf]:
    if text := joined_items([item.text for item in items]):
        first = items[0]
        yield first._replace(
            text=text, keys=first.keys[:-1], kind=LeafKind.NUMBER, end=items[-1].end, escaped=True
        )
