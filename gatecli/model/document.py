"""A text with positions: what a source read, and where each value stands in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a text; line and column count from 1, columns in characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a finding stands: a file, and as much more as is known.

    `pointer` is an RFC 6901 JSON pointer into the document, `document` its 0-based number in a
    stream of several (None where the file holds one).
    """

    path: str
    line: int | None = None
    column: int | None = None
    pointer: str | None = None
    document: int | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.path, self.line, self.column) if part is not None)


def pointer_of(keys: Iterable[str | int]) -> str:
    """The RFC 6901 pointer of a path of keys and indices; "" is the whole document."""
    return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in keys)


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a file: plain data, and the position of every key and value by pointer.

    `data` holds dict, list, str, bool, None, int and Decimal (never float). Pointers in `values`
    and `keys` are relative to the document; `prefix` is where `data` stands in the file, for a
    document embedded in a larger one (`/tool/gatecli/release` in a pyproject.toml). `roots` are parts
    that stand elsewhere, by pointer (a model card keeps `/metadata/name` at `/model_name`).
    """

    path: str
    data: Any
    values: Mapping[str, Position] = field(default_factory=dict)
    keys: Mapping[str, Position] = field(default_factory=dict)
    index: int | None = None
    prefix: str = ""
    roots: Mapping[str, str] = field(default_factory=dict)
    sha256: str = ""
    """Of the bytes of its file; empty where it was not read from one."""

    def place(self, pointer: str = "", *, key: bool = False) -> Place:
        """The place of a value (or of its key); of the nearest parent where it is absent."""
        marks = self.keys if key else self.values
        near = pointer
        while (at := marks.get(near) or self.values.get(near)) is None and near:
            near = near.rpartition("/")[0]
            marks = self.values
        at = at or Position(1, 1)
        return Place(self.path, at.line, at.column, self._in_file(pointer), self.index)

    def _in_file(self, pointer: str) -> str:
        head = pointer
        while head and head not in self.roots:
            head = head.rpartition("/")[0]
        return self.roots.get(head, self.prefix) + pointer[len(head) :]
