"""Computed mechanisms as text: YAML to paste into a declaration, or JSON for a program."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from gatecli.reports.escaping import visible_in_json

_WORD = r"[A-Za-z]([A-Za-z0-9 _-]*[A-Za-z0-9_-])?"
_BARE_KEY = re.compile(_WORD)
_BARE = re.compile(_WORD + r"|-?(0|[1-9][0-9]*)(\.[0-9]+)?(e-?[0-9]+)?")
_WORDS_WITH_A_MEANING = {"true", "false", "null", "yes", "no", "on", "off", "nan", "inf"}


def flow(value: object) -> str:
    """One line of YAML flow style; text that YAML could misread is quoted."""
    match value:
        case Mapping():
            return (
                "{"
                + ", ".join(f"{_text(str(key), _BARE_KEY)}: {flow(item)}" for key, item in value.items())
                + "}"
            )
        case str():
            return _text(value, _BARE)
        case Sequence():
            return "[" + ", ".join(flow(item) for item in value) + "]"
        case _:
            return json.dumps(value)


def _text(value: str, bare: re.Pattern[str]) -> str:
    """Text as it is where it has the form `bare` and no other meaning, else quoted, nothing in it hidden."""
    if bare.fullmatch(value) and value.lower() not in _WORDS_WITH_A_MEANING:
        return value
    return _dump(value)


def _dump(data: object, indent: int | None = None) -> str:
    return visible_in_json(json.dumps(data, ensure_ascii=False, indent=indent))


def yaml_lines(key: str, items: Sequence[object], *, indent: int = 0) -> str:
    """A YAML list under `key`, one item a line."""
    pad = " " * indent
    return f"{pad}{key}:\n" + "".join(f"{pad}  - {flow(item)}\n" for item in items)


def json_text(data: object) -> str:
    """JSON for a program; a terminal that shows it obeys nothing in it."""
    return _dump(data, indent=2) + "\n"


def table(rows: Sequence[Mapping[str, str]]) -> str:
    """Aligned columns; the first row's keys are the head."""
    head = list(rows[0])
    lines = [head, *([row[key] for key in head] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    padded = (
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines
    )
    return "".join(f"{line.rstrip()}\n" for line in padded)
