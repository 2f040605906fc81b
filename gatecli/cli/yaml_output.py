"""Computed mechanisms as text: YAML to paste into a declaration, or JSON for a program."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

_BARE = re.compile(r"[A-Za-z][A-Za-z0-9 _-]*|-?\d+(\.\d+)?(e-?\d+)?")
_WORDS_WITH_A_MEANING = {"true", "false", "null", "yes", "no", "on", "off", "nan", "inf"}


def flow(value: object) -> str:
    """One line of YAML flow style; text that YAML could misread is quoted."""
    match value:
        case Mapping():
            return "{" + ", ".join(f"{key}: {flow(item)}" for key, item in value.items()) + "}"
        case str():
            bare = _BARE.fullmatch(value) and value.lower() not in _WORDS_WITH_A_MEANING
            return value if bare else json.dumps(value, ensure_ascii=False)
        case Sequence():
            return "[" + ", ".join(flow(item) for item in value) + "]"
        case _:
            return json.dumps(value)


def yaml_lines(key: str, items: Sequence[object], *, indent: int = 0) -> str:
    """A YAML list under `key`, one item a line."""
    pad = " " * indent
    return f"{pad}{key}:\n" + "".join(f"{pad}  - {flow(item)}\n" for item in items)


def json_text(data: object) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def table(rows: Sequence[Mapping[str, str]]) -> str:
    """Aligned columns; the first row's keys are the head."""
    head = list(rows[0])
    lines = [head, *([row[key] for key in head] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    padded = (
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines
    )
    return "".join(f"{line.rstrip()}\n" for line in padded)
