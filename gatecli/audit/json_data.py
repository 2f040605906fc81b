"""JSON that strangers wrote, as plain data: bounded in size, depth and digits, and nothing in it twice."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

MOST_BYTES = 64 * 2**20
MOST_DEPTH = 32
_MOST_DIGITS = 400


def load_json(text: str) -> Any:
    """The data. Raises ValueError; its text completes a sentence that begins with what was read."""
    try:
        found = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_finite,
            parse_float=_finite,
            parse_int=_whole,
        )
    except json.JSONDecodeError:
        raise ValueError("is not JSON") from None
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    if _depth(found) > MOST_DEPTH:
        raise ValueError(_TOO_DEEP)
    return found


_TOO_DEEP = f"is nested deeper than {MOST_DEPTH} levels"


def read_json_file(file: Path) -> Any:
    """The data of a regular file. Raises ValueError as `load_json`, and OSError."""
    if file.exists() and not file.is_file():  # a pipe would be waited for, and a device has no end
        raise ValueError("is not a regular file")
    with file.open("rb") as opened:
        content = opened.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError(f"is larger than {MOST_BYTES // 2**20} MiB")
    try:
        return load_json(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8 text") from None


def _unique(members: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) < len(members):
        raise ValueError("has a key twice")
    return found


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("holds a number that is not finite")
    return number


def _whole(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise ValueError(f"holds a number of more than {_MOST_DIGITS} digits")
    return int(text)


def _depth(found: Any) -> int:
    """How deep lists and objects are nested, without a call a level."""
    depth, level = 0, [found]
    while level := [each for each in level if isinstance(each, dict | list)]:
        depth += 1
        level = [part for each in level for part in (each.values() if isinstance(each, dict) else each)]
    return depth
