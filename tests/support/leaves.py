"""What holds for the leaves of any text, and the example files that show each format."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from gatecli.model.text import Leaf, LeafReading, RawText, Skipped
from gatecli.sources.scan import read_texts
from gatecli.sources.string_fields.formats import format_of, read_leaves

EXAMPLES = Path("tests/data/formats")
NAMED = {"dot.env": ".env"}
_SILENT = re.compile(r"~|true|false|null|Null|NULL|True|TRUE|False|FALSE", re.ASCII)
_ENDS = re.compile(r"\r\n|\r|\n")


def raw_text(path: str, text: str) -> RawText:
    """A whole file as the scan would read it."""
    return RawText(path, text, format_of(path, text[:2000]))


def leaves_of(path: str, text: str) -> tuple[Leaf, ...]:
    """The leaves of a text; it has the form that its name says."""
    reading = read_leaves(raw_text(path, text))
    assert reading.note == ""
    return reading.leaves


def values_of(path: str, text: str) -> dict[str | None, str]:
    """The values and numbers by pointer."""
    return {leaf.pointer: leaf.text for leaf in leaves_of(path, text) if leaf.kind in {"value", "number"}}


def example(name: str) -> RawText:
    """An example file, read as one."""
    read = next(read_texts(EXAMPLES / name))
    assert isinstance(read, RawText)
    return read


def faults_of(raw: RawText, reading: LeafReading) -> Iterator[str]:
    """Every way in which positions, spans or coverage of a reading are wrong."""
    lines = _ENDS.split(raw.text)
    covered = bytearray(len(raw.text))
    for leaf in reading.leaves:
        token = raw.text[leaf.start : leaf.end]
        if not token:
            yield f"no token: {leaf}"
        at = raw.position(leaf.start)
        if not lines[at.line - 1][at.column - 1 :].startswith(_ENDS.split(token)[0]):
            yield f"not at {at}: {leaf}"
        if not leaf.escaped and leaf.text not in token:
            yield f"not shown: {leaf}"
        covered[leaf.start : leaf.end] = b"1" * len(token)
    for word in re.finditer(r"\w+", raw.text):
        if 0 in covered[word.start() : word.end()] and not _SILENT.fullmatch(word[0]):
            yield f"not read: {word[0]} at {raw.position(word.start())}"


def read_one(path: Path) -> RawText:
    """The text of a small file."""
    (read,) = read_texts(path)
    assert isinstance(read, RawText), read
    return read


def skipped(path: Path) -> Skipped:
    """Why a file is not scanned."""
    (read,) = read_texts(path)
    assert isinstance(read, Skipped), read
    return read
