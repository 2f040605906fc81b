"""Files inside an object: what a ConfigMap or a Secret holds under the name of a file is read as that."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Container, Iterator
from dataclasses import replace
from functools import partial

from gatecli.checks.personal_data import EmbeddedFile, Search
from gatecli.model.text import Leaf, LeafKind, RawText
from gatecli.pii.decoding import READERS
from gatecli.pii.interface import Detection
from gatecli.pii.redaction import redact_text
from gatecli.pii.scanning import scan
from gatecli.pii.views import Reader, View, part, slice_of
from gatecli.sources.encoding import Binary, encoding_of
from gatecli.sources.string_fields.formats import TEXT, format_of, is_known, read_leaves

BINARY = "binaryData"
_TEXTS = frozenset({"data", "stringData"})
_FILE = ((), ("base64",))
"""How the text of a whole file is reached: as it stands, or from base64."""


def with_embedded_files(search: Search) -> Search:
    """The search that reads files inside objects as files."""
    return replace(search, embedded=embedded_file)


def embedded_file(leaf: Leaf) -> EmbeddedFile | None:
    """The file that a leaf is, by the key that holds it; None where it is a text like any other."""
    if leaf.kind is not LeafKind.VALUE or len(leaf.keys) < 2:
        return None
    holder, name = leaf.keys[-2:]
    if holder == BINARY:
        return _binary_file(str(name), leaf.text)
    if holder in _TEXTS and isinstance(name, str) and is_known(name):
        return EmbeddedFile((partial(_field_views, name),))
    return None


def _binary_file(name: str, text: str) -> EmbeddedFile:
    content = _bytes_of(text)
    if content is None:
        return EmbeddedFile((partial(_field_views, name),))
    encoding = encoding_of(content, named_text=is_known(name))
    if isinstance(encoding, Binary):
        return EmbeddedFile(unread=f"was not searched: {encoding.reason}")
    decoded = content[len(encoding.mark) :].decode(encoding.codec, "replace")
    return EmbeddedFile((partial(_content_views, decoded), partial(_field_views, name)))


def _bytes_of(text: str) -> bytes | None:
    """What `text` is base64 of; None where it is not base64."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def redact_file(leaf: Leaf, search: Search, values: Container[tuple[str, str]]) -> str | None:
    """Base64 of the file that `leaf` is base64 of, with `values` masked, in the encoding that it has.

    A value is given by its rule and its normalised form. None where the file cannot be written back so: it is
    not text, holds bytes that its encoding does not have, or none of the values.
    """
    content, name = _bytes_of(leaf.text), str(leaf.keys[-1])
    if content is None:
        return None
    encoding = encoding_of(content, named_text=is_known(name))
    if isinstance(encoding, Binary):
        return None
    try:
        text = content[len(encoding.mark) :].decode(encoding.codec)
        found = _detections_in(text, name, leaf, search, values)
        masked = encoding.mark + redact_text(text, found).encode(encoding.codec)
    except UnicodeError:
        return None
    return base64.b64encode(masked).decode() if found else None


def _detections_in(
    text: str, name: str, leaf: Leaf, search: Search, values: Container[tuple[str, str]]
) -> list[Detection]:
    readers: tuple[Reader, ...] = (partial(_field_views, name), *READERS)
    found = scan(search.detector, text, leaf.words(), readers=readers).detections
    return [seen for seen in found if (seen.rule, seen.normalised) in values]


def _content_views(content: str, view: View) -> Iterator[View]:
    """The text of the file that base64 holds, in whatever encoding it is."""
    if not view.steps and content:
        yield part(view, 0, len(view.text), content, "base64")


def _field_views(name: str, view: View) -> Iterator[View]:
    """Every field of the file, under the names that say what it holds."""
    if view.steps not in _FILE or not view.text:
        return
    reading = read_leaves(RawText(name, view.text, format_of(name, view.text[:2000])))
    if reading.format == TEXT:
        return
    for leaf in reading.leaves:
        step = f"{reading.format} {leaf.pointer}" if leaf.pointer else ""
        if leaf.escaped or view.text[leaf.start : leaf.end] != leaf.text:
            yield part(view, leaf.start, leaf.end, leaf.text, step, leaf.words())
        else:
            yield slice_of(view, leaf.start, leaf.end, step, leaf.words())
