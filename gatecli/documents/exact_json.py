"""JSON whose numbers are written as they are: an exact decimal is never a float on the way."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal

from gatecli.reports.escaping import visible_in_json


def exact_json(data: object) -> str:
    """Indented JSON text of plain data, with a line end; no terminal obeys anything in it."""
    return _text(data, "\n") + "\n"


def _text(data: object, line: str) -> str:
    match data:
        case Mapping():
            inner = [f"{_string(str(key))}: {_text(value, line + '  ')}" for key, value in data.items()]
            return _join_items("{", inner, "}", line)
        case str():
            return _string(data)
        case Decimal():
            return number_token(data)
        case Sequence():
            return _join_items("[", [_text(value, line + "  ") for value in data], "]", line)
        case _:
            return json.dumps(data, allow_nan=False)


def _join_items(opening: str, inner: Sequence[str], closing: str, line: str) -> str:
    return f"{opening}{line}  {f',{line}  '.join(inner)}{line}{closing}" if inner else opening + closing


def _string(text: str) -> str:
    return visible_in_json(json.dumps(text, ensure_ascii=False))


def number_token(number: Decimal) -> str:
    """All digits of a finite number, without an exponent: JSON and every version of YAML read it alike."""
    if not number.is_finite():
        raise ValueError("a document holds finite numbers")
    return f"{number:f}"
