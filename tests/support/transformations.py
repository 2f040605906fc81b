"""A small table of people, and classifications of its columns."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

NAMES = ("pid", "zip", "age", "diagnosis", "note", "visits")
PEOPLE: Sequence[Sequence[str]] = (
    ("P-1", "12345", "34", "flu", "was fine", "3"),
    ("P-2", "12399", "36", "cold", "write to carol@hospital-west.de please", "1"),
    ("P-3", "12301", "38", "asthma", "was fine", "2"),
    ("P-1", "12377", "31", "cold", "", "3"),
)
COLUMNS: Mapping[str, Mapping[str, Any]] = {
    "pid": {"class": "direct-identifier", "treatment": "drop"},
    "zip": {"class": "quasi-identifier", "treatment": "generalise", "to": {"prefix": 3}},
    "age": {"class": "quasi-identifier", "treatment": "generalise", "to": {"bands": 10}},
    "diagnosis": {"class": "sensitive", "treatment": "keep"},
    "note": {"class": "free-text", "treatment": "mask"},
    "visits": {"class": "public", "treatment": "keep"},
}


def write_table(path: Path, rows: Sequence[Sequence[str]] = PEOPLE, names: Sequence[str] = NAMES) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([names, *rows])
    return path


def write_columns(path: Path, columns: Mapping[str, Any] = COLUMNS, **spec: Any) -> Path:
    """JSON is YAML too."""
    document = {
        "apiVersion": "gatecli.dev/v1",
        "kind": "ColumnClassification",
        "metadata": {"name": "people-2026"},
        "spec": {**spec, "columns": columns},
    }
    path.write_text(json.dumps(document, indent=2))
    return path
