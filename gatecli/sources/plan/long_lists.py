"""The long lists of a plan's JSON, read item by item: parsed at once they take six times their size.

A plan says each resource three times: as a change, as planned values, as configuration. Of each such list
only the places of its items are kept; an item is parsed when it is asked for, and forgotten after that.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from json import decoder
from typing import Any, overload

_scan_string: Callable[[str, int, bool], tuple[str, int]] = decoder.scanstring  # type: ignore[attr-defined]  # not in its stub

Decode = Callable[[str, int], tuple[Any, int]]
"""One JSON value of a text, from an index on, and where it ends."""


@dataclass(frozen=True, slots=True, eq=False)
class LongList(Sequence[Any]):
    """A list whose items are parsed each time that they are asked for; `ends` are those of the items too."""

    content: bytes = field(repr=False)
    decode: Decode = field(repr=False)
    begins: array[int] = field(default_factory=lambda: array("q"), repr=False)
    ends: array[int] = field(default_factory=lambda: array("q"), repr=False)

    def __len__(self) -> int:
        return len(self.begins)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> list[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        return self.decode(self.content[self.begins[index] : self.ends[index]].decode(), 0)[0]

    def __iter__(self) -> Iterator[Any]:
        return (self[number] for number in range(len(self)))


class _Long:
    """In a shape, a list whose items are left where they stand."""


LONG = _Long()
Shape = Mapping[str, Any] | Sequence[Any] | _Long | None
"""Which objects and lists are opened one level at a time, and which lists are long; all else is parsed."""

_MODULE: dict[str, Any] = {"resources": LONG}
_MODULE["child_modules"] = [_MODULE]
_VALUES = {"root_module": _MODULE}
PLAN: Shape = {
    "resource_changes": LONG,
    "resource_drift": LONG,
    "planned_values": _VALUES,
    "prior_state": {"values": _VALUES},
    "values": _VALUES,
    "configuration": {"root_module": {"resources": LONG}},
}


class IrregularError(ValueError):
    """A text that this reader leaves to the one that parses all of it, and says what is wrong with it."""


@dataclass(slots=True)
class LongListReader:
    """A walk over a text and the UTF-8 bytes that it is of; `check` sees every value that is parsed.

    Raises `IrregularError`, and whatever `decode` and `check` raise.
    """

    content: bytes
    text: str
    decode: Decode
    check: Callable[[Any, int], None]
    _ahead: int = 0
    _counted: int = 0

    def read(self, at: int, shape: Shape, depth: int = 0) -> tuple[Any, int]:
        """The value at `at`, and where it ends."""
        first = self.text[at : at + 1]
        if isinstance(shape, Mapping) and first == "{":
            return self._members(at + 1, shape, depth + 1)
        if isinstance(shape, _Long) and first == "[":
            return self._spans(at + 1, depth + 1)
        if isinstance(shape, Sequence) and first == "[":
            return self._items(at + 1, shape[0], depth + 1)
        value, end = self.decode(self.text, at)
        self.check(value, depth)
        return value, end

    def _members(self, at: int, shape: Mapping[str, Any], depth: int) -> tuple[dict[str, Any], int]:
        found: dict[str, Any] = {}
        at = self._past_blanks(at)
        if self.text[at : at + 1] == "}":
            return found, at + 1
        while True:
            self._expect(at, '"')
            key, at = _scan_string(self.text, at + 1, True)  # noqa: FBT003 - the signature of the library
            if key in found:
                raise IrregularError
            at = self._past_blanks(self._expect(self._past_blanks(at), ":"))
            found[key], at = self.read(at, shape.get(key), depth)
            at = self._past_blanks(at)
            if self.text[at : at + 1] == "}":
                return found, at + 1
            at = self._past_blanks(self._expect(at, ","))

    def _items(self, at: int, shape: Shape, depth: int) -> tuple[list[Any], int]:
        found: list[Any] = []
        at = self._past_blanks(at)
        if self.text[at : at + 1] == "]":
            return found, at + 1
        while True:
            value, at = self.read(at, shape, depth)
            found.append(value)
            at = self._past_blanks(at)
            if self.text[at : at + 1] == "]":
                return found, at + 1
            at = self._past_blanks(self._expect(at, ","))

    def _spans(self, at: int, depth: int) -> tuple[LongList, int]:
        found = LongList(self.content, self.decode)
        at = self._past_blanks(at)
        if self.text[at : at + 1] == "]":
            return found, at + 1
        while True:
            begin = at
            value, at = self.read(at, None, depth)
            if not isinstance(value, dict):
                raise IrregularError
            found.begins.append(self._byte_at(begin))
            found.ends.append(self._byte_at(at))
            at = self._past_blanks(at)
            if self.text[at : at + 1] == "]":
                return found, at + 1
            at = self._past_blanks(self._expect(at, ","))

    def _byte_at(self, at: int) -> int:
        """Where a character stands in the bytes; asked in ascending order."""
        self._ahead += len(self.text[self._counted : at].encode()) - (at - self._counted)
        self._counted = at
        return at + self._ahead

    def _past_blanks(self, at: int) -> int:
        text = self.text
        while text[at : at + 1] in {" ", "\n", "\t", "\r"}:
            at += 1
        return at

    def _expect(self, at: int, sign: str) -> int:
        if self.text[at : at + 1] != sign:
            raise IrregularError
        return at + 1
