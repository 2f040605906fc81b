"""A text that personal data is looked for in: its string leaves, and what stands around each of them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from gatecli.model.document import Position, pointer_of

_ENDINGS = re.compile(r"\r\n?|\n")
_ASSIGNED = re.compile(r"(?<![\w.-])([^\W\d][\w.-]*+)[\"'\]})]*[ \t]*(?:=>|:=|[:=])(?!=)")
_ESCAPE = re.compile(r"\\(?:u....|U........|x..|.)", re.DOTALL)
_NAMES = (
    "name", "key", "Name", "Key", "ParameterKey", "field", "label", "path", "id", "attribute", "header",
    "title", "type", "parameter", "variable", "property", "column", "question", "k",
)  # fmt: skip
"""Keys whose text names what stands beside it, the more telling first."""
_VALUES = frozenset({
    "value", "Value", "val", "v", "default", "Default", "defaultValue", "ParameterValue", "stringValue",
    "values", "Values", "data", "content", "text", "answer", "example",
})  # fmt: skip
_RANKS: Mapping[object, int] = {name: rank for rank, name in enumerate(_NAMES)}
_NEAR = 3
"""How deep in a value a leaf is still named by what stands beside the value."""
_NAMED = 64
"""Characters of a value that a name beside it names, and of such a name: a long text speaks for itself."""
_NAME_OF_NEXT = re.compile(r"-{0,2}[^\W\d](?:[^\W\d]|[ .-]){0,63}+[0-9]{0,2}:?")
_LISTS = (list, tuple)
_SHORT_TYPES = (str, int)
_NESTED = (dict, list, tuple)
_LOOK_BACK = 400
"""How far to the left of a value its name is looked for, in characters: a line may be a file long."""


class LeafKind(StrEnum):
    """What a leaf is in its file."""

    VALUE = "value"
    KEY = "key"
    NUMBER = "number"
    COMMENT = "comment"
    TEXT = "text"
    """Running text or source code; also what a format's reader takes for nothing else."""


class Leaf(NamedTuple):
    """One string of a file, decoded, and the token it was read from.

    `start` and `end` are the token's characters in the text (-1 where there is no text: a parsed
    object). `escaped` says that the token does not show `text` literally. `keys` is the path of keys
    and indices that leads to it, `hint` a name beside it that says what it holds.
    """

    text: str
    keys: tuple[str | int, ...] = ()
    kind: LeafKind = LeafKind.VALUE
    start: int = -1
    end: int = -1
    escaped: bool = False
    hint: str = ""
    document: int | None = None

    @property
    def pointer(self) -> str | None:
        """The RFC 6901 pointer; None for what stands at no key: comments and running text."""
        return None if self.kind in {LeafKind.COMMENT, LeafKind.TEXT} else pointer_of(self.keys)

    def words(self, at: int = 0) -> tuple[str, ...]:
        """The names that say what the characters from `at` on hold, outermost first."""
        words = [key for key in self.keys if isinstance(key, str)]
        if self.hint:
            words.append(self.hint)
        if self.kind in {LeafKind.COMMENT, LeafKind.TEXT} and (name := assigned_name(self.text, at)):
            words.append(name)
        return tuple(words)

    def span(self, source: str, start: int, end: int) -> tuple[int, int]:
        """Where the characters `start` to `end` of `text` stand in `source`.

        The whole token where they are escaped, folded or ambiguous there.
        """
        if not self.escaped:
            as_long = self.end - self.start == len(self.text)
            shift = self.start if as_long else source.find(self.text, self.start, self.end)
            if shift >= 0:
                return shift + start, shift + end
        wanted = self.text[start:end]
        spots = _occurrences(source, wanted, self.start, self.end)
        before = _occurrences(self.text, wanted, 0, len(self.text))
        if len(spots) == len(before) and start in before and "\\" not in wanted:
            at = spots[before.index(start)]
            if not _in_escape(source, self.start, at):
                return at, at + len(wanted)
        return self.start, self.end


def _in_escape(source: str, start: int, at: int) -> bool:
    marks = _ESCAPE.finditer(source, max(start, at - 10), at + 10)
    return any(mark.start() < at < mark.end() for mark in marks)


def _occurrences(text: str, wanted: str, start: int, end: int) -> list[int]:
    spots = []
    at = text.find(wanted, start, end) if wanted else -1
    while at >= 0:
        spots.append(at)
        at = text.find(wanted, at + len(wanted), end)
    return spots


def assigned_name(text: str, at: int) -> str:
    """The nearest name that something is assigned to, on the line left of `at`; "" without one."""
    line = max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1
    names = _ASSIGNED.findall(text, max(line, at - _LOOK_BACK), at)
    return str(names[-1]) if names else ""


@dataclass(frozen=True, slots=True)
class LeafReading:
    """The leaves of a text. `note` says what a reader of it should know: why it was read as text."""

    format: str
    leaves: tuple[Leaf, ...]
    note: str = ""


@dataclass(frozen=True)
class RawText:
    """A decoded file, or one piece of a large one, not yet read into leaves.

    `line` and `column` are the place of its first character in the file, `offset` its index there.
    The first `overlap` characters were already in the piece before: what ends there was seen. `whole`
    says that it is no piece but the file. Lines end at LF, CR LF or CR; lines and columns count from 1,
    columns in characters.
    """

    path: str
    text: str
    format: str
    encoding: str = "utf-8"
    line: int = 1
    column: int = 1
    offset: int = 0
    overlap: int = 0
    whole: bool = True
    header: str = ""
    """The first line of a table, in a piece that does not hold it."""
    notes: tuple[str, ...] = ()
    sha256: str = ""
    """Of the bytes of a whole file."""
    packed: bool = False
    """Whether it stands inside an archive, or is compressed."""

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(end.end() for end in _ENDINGS.finditer(self.text))]

    def position(self, at: int) -> Position:
        """The place in the file of the character at index `at` of this piece."""
        number = bisect_right(self._starts, at)
        column = at - self._starts[number - 1] + 1
        return Position(self.line + number - 1, column + self.column - 1 if number == 1 else column)

    def line_at(self, number: int) -> str:
        """A line of the file by its number, without its end; "" where the piece does not hold it."""
        index = number - self.line
        if not 0 <= index < len(self._starts):
            return ""
        end = self._starts[index + 1] if index + 1 < len(self._starts) else len(self.text)
        return self.text[self._starts[index] : end].rstrip("\r\n")


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was not scanned, because it holds no text or is not here; said, counted, and no error."""

    path: str
    reason: str


def with_names_beside(leaves: Sequence[Leaf]) -> tuple[Leaf, ...]:
    """The leaves of any format, those without a name beside them given the one that there is.

    The readers of JSON and YAML see the name of a value in its own mapping or list. This sees it beside what
    the value is nested in, and in formats whose readers know no mappings: `key = "ssn"`, `value = "…"`.
    """
    names = _names_in(leaves)
    found, before = [], None
    for leaf in leaves:
        kind = leaf.kind
        if (kind is LeafKind.VALUE or kind is LeafKind.NUMBER) and not leaf.hint and len(leaf.text) <= _NAMED:
            hint = _name_behind(leaf, before) or (_name_beside(leaf, names) if names else "")
            found.append(leaf._replace(hint=hint) if hint else leaf)
        else:
            found.append(leaf)
        if kind is not LeafKind.COMMENT:
            before = leaf
    return tuple(found)


_Names = dict[tuple[int | None, tuple[str | int, ...]], list[tuple[int, Leaf]]]


def _names_in(leaves: Iterable[Leaf]) -> _Names:
    """By document and mapping, what may name a value there, with its rank."""
    names: _Names = {}
    for leaf in leaves:
        if leaf.kind is LeafKind.VALUE and leaf.keys and (rank := _RANKS.get(leaf.keys[-1])) is not None:
            names.setdefault((leaf.document, leaf.keys[:-1]), []).append((rank, leaf))
    return names


def _name_behind(leaf: Leaf, before: Leaf | None) -> str:
    """The name that the item before it in a list gives."""
    if before is None or not leaf.keys or not isinstance(leaf.keys[-1], int):
        return ""
    follows = before.keys == (*leaf.keys[:-1], leaf.keys[-1] - 1) and before.document == leaf.document
    return hint_behind(before.text) if follows and before.kind is LeafKind.VALUE else ""


def _name_beside(leaf: Leaf, names: _Names) -> str:
    """The name beside the value that the leaf is, or is in."""
    keys = leaf.keys
    for at in range(len(keys) - 1, max(-1, len(keys) - 1 - _NEAR), -1):
        held = names.get((leaf.document, keys[:at])) if keys[at] in _VALUES else None
        if held:
            # Blocks of HCL that repeat have the same keys: the nearest name is of the same block.
            name = min(held, key=lambda one: (one[0], abs(one[1].start - leaf.start)))[1].text
            return name if len(name) <= _NAMED else ""
    return ""


def hint_for(key: object, siblings: Mapping[str, object]) -> str:
    """The name that stands beside `key` in its mapping: Kubernetes `env`, tags, parameters, JSON patches.

    `{name: CUSTOMER_ID, value: …}` names its value; so does every reader of documents, through this.
    """
    if key not in _VALUES:
        return ""
    for name in _NAMES:
        if isinstance(text := siblings.get(name), str):
            return text
    return ""


def hint_behind(before: object) -> str:
    """The name that an item of a list gives the next: `["--ssn", …]`, `["ssn", …]`; "" where it is none."""
    return before if isinstance(before, str) and _NAME_OF_NEXT.fullmatch(before) else ""


def number_text(literal: str) -> str:
    """The decimal digits of a number's literal where it stands for a whole number, else the literal.

    `1.1010119900307e+17`, `0x187…` and `110_101` hide digits that a reader of the value sees. A sign
    stays: +8613800138000 is a telephone number.
    """
    plain = literal.replace("_", "")
    sign, body = (plain[0], plain[1:]) if plain[:1] in {"+", "-"} else ("", plain)
    if base := _BASES.get(body[:2].lower()):
        return _in_decimal(sign, body[2:], base) or literal
    whole, dot, fraction = body.partition(".")
    if "e" in body.lower():
        return _expand_escape(sign, body) or literal
    if dot and len(whole) >= _LONG and not fraction.strip("0"):
        return sign + whole
    return plain


def _in_decimal(sign: str, digits: str, base: int) -> str | None:
    """None where it only begins like a number in another base: a digest may begin with `0b`."""
    if not 0 < len(digits) <= _LONGEST:
        return None
    try:
        return f"{sign}{Decimal(int(digits, base)):f}"
    except ValueError:
        return None


def _expand_escape(sign: str, body: str) -> str | None:
    try:
        value = Decimal(body)
    except ArithmeticError:
        return None
    whole = value.is_finite() and abs(value.adjusted()) < 60 and value == value.to_integral_value()
    return f"{sign}{value:.0f}" if whole else None


_BASES = {"0x": 16, "0o": 8, "0b": 2}
_LONGEST = 200
"""Characters of a number in another base that is written out."""
_LONG = 6
"""Digits from which `….0` is a number that somebody's program made a float of."""


def object_leaves(data: object) -> tuple[Leaf, ...]:
    """The leaves of parsed JSON, with the keys and hints its text would give; no positions.

    Empty texts are none. What is nested deeper comes later. Any depth is walked.
    """
    # An admission review passes here: one loop, and tuples without NamedTuple's slower constructor.
    made, key_kind, value_kind = tuple.__new__, LeafKind.KEY, LeafKind.VALUE
    leaves: list[Leaf] = []
    add = leaves.append
    pending: list[tuple[object, tuple[str | int, ...], str]] = [(data, (), "")]
    for value, keys, name in pending:
        if isinstance(value, dict):
            for key, child in value.items():
                below = (*keys, key)
                add(made(Leaf, (key, below, key_kind, -1, -1, False, "", None)))
                if type(child) is str:
                    hint = hint_for(key, value) if key in _VALUES else ""
                    add(made(Leaf, (child, below, value_kind, -1, -1, False, hint, None)))
                elif isinstance(child, _NESTED):
                    pending.append((child, below, ""))
                elif leaf := _scalar(child, below, hint_for(key, value)):
                    add(leaf)
        elif isinstance(value, _LISTS):
            names = ("", *map(hint_behind, value))
            pending += [(item, (*keys, index), names[index]) for index, item in enumerate(value)]
        elif leaf := _scalar(value, keys, name):
            add(leaf)
    return with_names_beside([leaf for leaf in leaves if leaf[0]])


_SHORT_ITEM = re.compile(r"[0-9]{1,9}[Xx]?")
_FEWEST_ITEMS, _MOST_ITEMS = 2, 40
_FEWEST_DIGITS, _MOST_DIGITS = 9, 40


def joined_items(items: Sequence[str]) -> str:
    """The items of a list of short numbers as one text; "" of any other list.

    They are divided by a sign that few kinds of number have: a list of ports is no card number.
    """
    if not _FEWEST_ITEMS <= len(items) <= _MOST_ITEMS:
        return ""
    if not all(_SHORT_ITEM.fullmatch(item) for item in items):
        return ""
    return "_".join(items) if _FEWEST_DIGITS <= sum(map(len, items)) <= _MOST_DIGITS else ""


def object_texts(data: object) -> set[str]:
    """The texts of `object_leaves(data)` and of its divided lists, without their places: for a first look."""
    texts: set[str] = set()
    pending = [data]
    for value in pending:
        if isinstance(value, dict):
            texts.update(value)
            children: Iterable[object] = value.values()
        else:
            children = value if isinstance(value, _LISTS) else (value,)
            if isinstance(value, _LISTS) and all(type(each) in _SHORT_TYPES for each in value):
                texts.add(joined_items([str(each) for each in value]))
        for child in children:
            if type(child) is str:
                texts.add(child)
            elif isinstance(child, _NESTED):
                pending.append(child)
            elif type(child) is int and -_EVERYDAY < child < _EVERYDAY:
                texts.add(str(child))
            elif leaf := _scalar(child, (), ""):
                texts.add(leaf.text)
    texts.discard("")
    return texts


def _scalar(value: object, keys: tuple[str | int, ...], hint: str) -> Leaf | None:
    if isinstance(value, str):
        return Leaf(value, keys, hint=hint)
    if value is None or isinstance(value, bool):
        return None
    return Leaf(number_text(_digits(value)), keys, LeafKind.NUMBER, hint=hint)


_EVERYDAY = 10**18
"""Whole numbers below it are their own text."""


def _digits(number: object) -> str:
    # Decimal writes out integers beyond the length that str() of an int refuses.
    return str(Decimal(number)) if isinstance(number, int) else str(number)
