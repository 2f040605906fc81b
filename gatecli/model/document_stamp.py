"""The line at the end of a document that says which facts it was made from.

An HTML comment that holds canonical JSON: Markdown and HTML show nothing of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from gatecli.model.documents import InputPart

MARK = "gatecli:"
"""What every comment of ours begins with."""

_STAMP = re.compile(r"<!-- gatecli:document (\{[^<>\r\n]{0,100000}\}) -->")
_SHA256 = re.compile("[0-9a-f]{64}")
PART_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
"""The id of a hand-written part."""


class InvalidStamp(Exception):
    """A document's stamp is not one that was written; the text completes a sentence about the document."""


@dataclass(frozen=True, slots=True)
class DocumentStamp:
    """Which document this is, of which release, and what it was made from.

    `declaration` is the path of the declaration as seen from the document's folder, `inputs` the digest of
    each part that the document states, `parts` the ids of its hand-written parts in their order.
    """

    kind: str
    release: str
    declaration: str
    inputs: Mapping[InputPart, str] = field(default_factory=lambda: MappingProxyType({}))
    parts: tuple[str, ...] = ()


def stamp_comment(stamp: DocumentStamp) -> str:
    """The stamp as a comment of one line, which nothing in it can end."""
    data = {
        "kind": stamp.kind,
        "release": stamp.release,
        "declaration": stamp.declaration,
        "inputs": {part.value: digest for part, digest in stamp.inputs.items()},
        "parts": list(stamp.parts),
    }
    text = json.dumps(data, sort_keys=True, separators=(",", ":"))
    for char in "<>-&":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return f"<!-- gatecli:document {text} -->"


def read_stamp(text: str) -> DocumentStamp | None:
    """The one stamp of a document; None where it has none. Raises InvalidStamp."""
    count = text.count(f"<!-- {MARK}document")
    if not count:
        return None
    found = _STAMP.findall(text)
    if count > 1 or len(found) != 1:
        raise InvalidStamp("has more than one line that says what it was made from" if count > 1 else _BROKEN)
    try:
        stamp = _stamp_of(json.loads(found[0]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InvalidStamp(_BROKEN) from None
    if stamp_comment(stamp) != f"<!-- gatecli:document {found[0]} -->":
        raise InvalidStamp(_BROKEN)
    return stamp


_BROKEN = "has a last line that does not say what it was made from"


def _stamp_of(data: dict[str, Any]) -> DocumentStamp:
    inputs = {InputPart(part): _matching(_SHA256, digest) for part, digest in data["inputs"].items()}
    parts = tuple(_matching(PART_ID, part) for part in data["parts"])
    kind, release, declaration = (_text(data[key]) for key in ("kind", "release", "declaration"))
    return DocumentStamp(kind, release, declaration, inputs, parts)


def _matching(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(text)
    return text


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
