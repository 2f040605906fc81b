"""Declarations inside larger files: the part that is one, with its positions in the whole."""

from __future__ import annotations

from collections.abc import Mapping

from gatecli.model.base import API_VERSION
from gatecli.model.document import Document, Position

HEAD = {"apiVersion": API_VERSION, "kind": "ModelRelease"}
"""An embedded declaration need not say what the key that holds it says already."""


def move_marks(marks: Mapping[str, Position], source: str, target: str) -> dict[str, Position]:
    """The marks at and below `source`, as if it stood at `target`."""
    return {
        target + pointer[len(source) :]: at
        for pointer, at in marks.items()
        if pointer == source or pointer.startswith(source + "/")
    }


def part_of(document: Document, pointer: str, data: object) -> Document:
    """The release that stands at `pointer` of `document`; `data` is what stands there."""
    release = HEAD | data if isinstance(data, dict) else data
    values, keys = move_marks(document.values, pointer, ""), move_marks(document.keys, pointer, "")
    return Document(document.path, release, values, keys, document.index, pointer)


def composed_of(document: Document, data: object, roots: Mapping[str, str]) -> Document:
    """A release put together from parts of `document`: `roots` says where each of them stands."""
    values: dict[str, Position] = {"": document.values.get("", Position(1, 1))}
    keys: dict[str, Position] = {}
    for target, source in roots.items():
        values |= move_marks(document.values, source, target)
        keys |= move_marks(document.keys, source, target)
    return Document(document.path, data, values, keys, document.index, "", roots)
