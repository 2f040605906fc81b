"""TOML text to a Document: the table `[tool.gatecli.release]`, else the whole file.

`tomllib` reads the values and refuses what is wrong (duplicate keys too). It keeps no positions, so
the valid text is walked once more for where each key and value begins.
"""

from __future__ import annotations

import re
import tomllib
from datetime import date, time
from decimal import Decimal
from typing import Any

from gatecli.model.document import Document, Position, pointer_of
from gatecli.model.quoting import requote_sentence
from gatecli.sources.embedding import part_of
from gatecli.sources.files import ReadError
from gatecli.sources.positioned_tree import MAX_DEPTH, Lines

MAX_CHARACTERS = 2**20
"""tomllib needs seconds for a megabyte, and no project file is larger."""

TABLE = ("tool", "gatecli", "release")

_AT = re.compile(r"^(.*) \(at (?:line (\d+), column (\d+)|end of document)\)$", re.DOTALL)


def read_toml(path: str, text: str) -> tuple[Document, ...]:
    """The embedded release where there is one, else the whole file. Raises `ReadError`."""
    lines = Lines(text)
    data = load(text)
    values, keys = _Locator(text, lines).marks()
    document = Document(path, data, values, keys)
    table = embedded_release(document.data)
    return (document,) if table is None else (part_of(document, pointer_of(TABLE), table),)


def embedded_release(data: Any) -> Any:
    """What stands at `[tool.gatecli.release]`; None where nothing does."""
    for key in TABLE:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def load(text: str) -> Any:
    """The plain data of a TOML text. Raises `ReadError`."""
    if len(text) > MAX_CHARACTERS:
        raise ReadError(f"is larger than {MAX_CHARACTERS // 2**20} MiB of TOML", "declare it in YAML")
    try:
        return _plain(tomllib.loads(text, parse_float=Decimal))
    except tomllib.TOMLDecodeError as error:
        raise _syntax_error(str(error), Lines(text), len(text)) from error
    except RecursionError as error:
        raise ReadError(f"is nested deeper than {MAX_DEPTH} levels", "flatten it") from error
    except ValueError as error:  # an integer beyond what Python converts
        raise ReadError("is not TOML: a number in it is out of range", "shorten it") from error


def _syntax_error(text: str, lines: Lines, end: int) -> ReadError:
    match = _AT.match(text)
    reason = requote_sentence(match[1] if match else text)
    at = lines.index(int(match[2]), int(match[3])) if match and match[2] else end
    return lines.refusal(at, f"is not TOML: {reason[:1].lower()}{reason[1:]}", "fix the syntax; is it whole?")


def _plain(value: Any, depth: int = 1) -> Any:
    """TOML's dates as their text; all else is plain already."""
    if depth > MAX_DEPTH:
        raise ReadError(f"is nested deeper than {MAX_DEPTH} levels", "flatten it")
    match value:
        case dict():
            return {key: _plain(item, depth + 1) for key, item in value.items()}
        case list():
            return [_plain(item, depth + 1) for item in value]
        case date() | time():
            return value.isoformat()
        case _:
            return value


_SKIP = re.compile(r"(?:[ \t\r\n,]|#[^\n]*)*")
_BLANK = re.compile(r"[ \t]*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
_VALUE = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}(?!")'
    r"|'''.*?'{3,5}(?!')"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|[^,\]}#\n]+",
    re.DOTALL,
)


class _Locator:
    """A walk over TOML that is known to be valid; it understands no more than where things begin."""

    def __init__(self, text: str, lines: Lines) -> None:
        self._text = text
        self._lines = lines
        self._at = 0
        self._values: dict[str, Position] = {"": Position(1, 1)}
        self._keys: dict[str, Position] = {}
        self._last: dict[str, int] = {}

    def marks(self) -> tuple[dict[str, Position], dict[str, Position]]:
        """The positions of values and keys by pointer."""
        table = ""
        while self._skip() < len(self._text):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
        return self._values, self._keys

    def _skip(self, what: re.Pattern[str] = _SKIP) -> int:
        match = what.match(self._text, self._at)
        self._at = match.end() if match else self._at
        return self._at

    def _header(self) -> str:
        is_array = self._text.startswith("[[", self._at)
        self._at += 2 if is_array else 1
        pointer = self._dotted_key("")
        self._at += 2 if is_array else 1
        if not is_array:
            return self._current(pointer)
        number = self._last[pointer] = self._last.get(pointer, -1) + 1
        self._values[f"{pointer}/{number}"] = self._values[pointer]
        return f"{pointer}/{number}"

    def _current(self, pointer: str) -> str:
        """`pointer`, or its newest item where it is an array of tables."""
        return f"{pointer}/{self._last[pointer]}" if pointer in self._last else pointer

    def _dotted_key(self, pointer: str) -> str:
        while True:
            self._skip(_BLANK)
            at = self._lines.position(self._at)
            pointer = self._current(pointer) + pointer_of([self._key()])
            self._keys.setdefault(pointer, at)
            self._values.setdefault(pointer, at)
            self._skip(_BLANK)
            if not self._text.startswith(".", self._at):
                return pointer
            self._at += 1

    def _key(self) -> str:
        match = _KEY.match(self._text, self._at)
        if match is None:
            raise ReadError("is TOML that cannot be followed", "declare it in YAML")
        self._at = match.end()
        return next(iter(tomllib.loads(f"{match[0]}=0")))

    def _pair(self, table: str) -> None:
        pointer = self._dotted_key(table)
        self._at += 1
        self._skip(_BLANK)
        self._value(pointer)

    def _value(self, pointer: str) -> None:
        self._values[pointer] = self._lines.position(self._at)
        match self._text[self._at : self._at + 1]:
            case "[":
                self._array(pointer)
            case "{":
                self._inline(pointer)
            case _:
                self._skip(_VALUE)

    def _array(self, pointer: str) -> None:
        self._at += 1
        number = 0
        while self._skip() < len(self._text) and self._text[self._at] != "]":
            self._value(f"{pointer}/{number}")
            number += 1
        self._at += 1

    def _inline(self, pointer: str) -> None:
        self._at += 1
        while self._skip() < len(self._text) and self._text[self._at] != "}":
            self._pair(pointer)
        self._at += 1
