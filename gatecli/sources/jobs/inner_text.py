"""A definition that stands as a text of JSON in another document."""

from __future__ import annotations

import re
from dataclasses import replace

from gatecli.model.document import Document, Position
from gatecli.model.job_definition import HOLE
from gatecli.sources.files import ReadError
from gatecli.sources.json_text import read_json

LONGEST = 4 << 20
_BARE = re.compile(rf"(?<=[:\[,\s]){HOLE}(?=[\s,\]}}])")
"""A hole where a number or a switch would stand."""


def inner_document(document: Document, pointer: str, text: str) -> Document | None:
    """The document in a text at `pointer`: it all stands where the text begins. None where it is no JSON."""
    place = document.place(pointer)
    at = {"": Position(place.line or 1, place.column or 1)}
    if len(text) > LONGEST:
        return None
    for tried in (text, _BARE.sub(f'"{HOLE}"', text)):
        try:
            (inner,) = read_json(document.path, tried)
        except ReadError:
            continue
        prefix = place.pointer or pointer
        return replace(inner, values=at, keys={}, prefix=prefix, index=document.index, sha256=document.sha256)
    return None
