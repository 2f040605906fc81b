"""The bytes that `terraform show -json` wrote, through whatever they came: strict JSON, or a refusal.

A message never quotes the text: a plan holds secrets in its keys and values.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

from gatecli.model.document import Position
from gatecli.sources.files import ReadError, open_file
from gatecli.sources.plan.long_lists import PLAN, LongListReader

MAX_BYTES = 1 << 30
"""A plan above this is refused; one of 100 MiB takes about 300 MiB of memory."""

MAX_DEPTH = 400
"""Levels of nesting; a module inside a module costs two or three."""

SHOW = "terraform show -json plan.out > plan.json"

_WRAPPING = re.compile(r"\s*(?:(?:\[command\]|::)[^\r\n]*(?:\r\n?|\n|\Z)\s*)*")
_HALF = re.compile(r"\\u[dD][89a-fA-F]")
_CONTAINERS = (dict, list)
_SAVED = b"PK\x03\x04"


class _Unwanted(ValueError):
    """JSON that no reader should accept."""


def is_saved_plan(content: bytes) -> bool:
    """Whether the bytes begin as a saved plan does (a ZIP archive): `terraform show -json` reads it."""
    return content.startswith(_SAVED)


def read_content(path: Path) -> bytes:
    """The bytes of a plan file. Raises `ReadError`."""
    with open_file(path) as file:
        return _read_limited(file)


def read_input(stream: BinaryIO) -> bytes:
    """The bytes of standard input. Raises `ReadError`."""
    try:
        return _read_limited(stream)
    except OSError as error:
        raise ReadError(
            f"cannot be read: {error.strerror or 'unknown error'}", "give the plan again"
        ) from error


def _read_limited(file: BinaryIO) -> bytes:
    content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ReadError(f"is larger than {MAX_BYTES >> 20} MiB", "plan its parts one by one")
    return content


def json_of(content: bytes) -> Any:
    """The one JSON value of a plan's output, its numbers exact (int and Decimal).

    UTF-8, -16 or -32, with or without a byte order mark; around it, the lines that the wrapper of
    GitHub's setup-terraform writes (`[command]…`, `::debug::…`). Raises `ReadError` for everything else.
    """
    if is_saved_plan(content):
        raise ReadError("is a saved plan, not its JSON", f"give its JSON: {SHOW}")
    text = _text(content)
    start = _wrapping_end(text, 0)
    if start == len(text):
        raise ReadError("is empty", f"write the plan into it: {SHOW}")
    data, end = _long_lists_at(content, text, start) or _parse_at(text, start)
    if (after := _wrapping_end(text, end)) < len(text):
        raise _refusal(text, after, "continues after its JSON ended", "give one plan, and nothing else")
    return data


def _text(content: bytes) -> str:
    encoding = json.detect_encoding(content)
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        name = encoding.removesuffix("-sig").upper()
        raise ReadError(f"is not {name} text: offset {error.start}", f"write it again: {SHOW}") from error


def _wrapping_end(text: str, at: int) -> int:
    match = _WRAPPING.match(text, at)
    return match.end() if match else at


def _decoder() -> json.JSONDecoder:
    return json.JSONDecoder(object_pairs_hook=_Objects(), parse_constant=_constant, parse_float=_decimal)


def _long_lists_at(content: bytes, text: str, start: int) -> tuple[Any, int] | None:
    """The value with its long lists left in the bytes; None of what must be parsed whole to be judged."""
    if json.detect_encoding(content) != "utf-8" or _HALF.search(text) is not None:
        return None
    reader = LongListReader(content, text, _decoder().raw_decode, check_depth)
    try:
        return reader.read(start, PLAN)
    except (ValueError, RecursionError):
        return None  # the whole says what is wrong with it


def _parse_at(text: str, start: int) -> tuple[Any, int]:
    try:
        data, end = _decoder().raw_decode(text, start)
    except json.JSONDecodeError as error:
        raise _refusal(text, error.pos, *_explain_position(text, error.pos)) from error
    except RecursionError as error:
        raise ReadError(f"is nested deeper than {MAX_DEPTH} levels", "flatten it") from error
    except _Unwanted as error:
        raise ReadError(str(error), f"write it again: {SHOW}") from error
    except ValueError as error:  # an integer of thousands of digits
        raise ReadError("holds a number that is too long", "shorten the number") from error
    check_depth(data)
    _check_characters(text, data)
    return data, end


class _Objects:
    """Objects without double keys; a text that stands in many of them is held once."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held: dict[str, str] = {}

    def __call__(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        held = self._held
        if len(held) > _MOST_HELD:
            held.clear()
        share = held.setdefault
        table = {
            share(key, key): share(value, value) if type(value) is str and len(value) <= _SHORT else value
            for key, value in pairs
        }
        if len(table) != len(pairs):
            raise _Unwanted("is not a plan: a key occurs twice in one object")
        return table


_MOST_HELD, _SHORT = 2**14, 64
"""Texts that are held to be shared, and the characters of one at most."""


def _constant(_name: str) -> Any:
    raise _Unwanted("is not JSON: it holds NaN or Infinity")


def _decimal(literal: str) -> Decimal:
    try:
        return Decimal(literal)
    except ArithmeticError as error:
        raise _Unwanted("holds a number that is too large") from error


def _explain_position(text: str, at: int) -> tuple[str, str]:
    if not text[at:].strip() or at >= len(text.rstrip()) - 1:
        return "is truncated: its JSON does not end", f"write it again, whole: {SHOW}"
    if at == _wrapping_end(text, 0):
        return "is not JSON", f"give the JSON of a plan: {SHOW}"
    return "is not JSON, or truncated", f"write it again, whole: {SHOW}"


def _refusal(text: str, at: int, problem: str, mend: str) -> ReadError:
    line = text.count("\n", 0, at) + 1
    return ReadError(problem, mend, position=Position(line, at - text.rfind("\n", 0, at)))


def check_depth(data: Any, depth: int = 0) -> None:
    """Raises `ReadError` for what is nested too deeply below `depth` levels."""
    level = [data] if isinstance(data, _CONTAINERS) else []
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise ReadError(f"is nested deeper than {MAX_DEPTH} levels", "flatten it")
        level = [
            child
            for parent in level
            for child in (parent.values() if type(parent) is dict else parent)
            if type(child) is dict or type(child) is list
        ]


def _check_characters(text: str, data: Any) -> None:
    """Half a character comes from no Terraform, and no report could show it."""
    if _HALF.search(text) is None:
        return
    try:
        json.dumps(data, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError as error:
        raise ReadError("is not JSON: an escape is half a character", f"write it again: {SHOW}") from error
