"""How an evidence file becomes data: JSON with positions, a printed statement, or a checkpoint."""

from __future__ import annotations

from pathlib import Path

from gatecli.model.document import Document
from gatecli.sources.evidence.checkpoint import is_checkpoint, read_checkpoint
from gatecli.sources.files import open_file, read_text
from gatecli.sources.json_text import read_json


def load_json(path: Path, name: str) -> Document:
    """The one JSON document of a file that sentences call `name`. Raises `ReadError`."""
    (document,) = read_json(name, read_text(path))
    return document


def load_state(path: Path, name: str) -> Document:
    """JSON, or the accountant state of a checkpoint. Raises `ReadError` and `Refused`."""
    with open_file(path) as file:
        head = file.read(4)
    return Document(name, read_checkpoint(path)) if is_checkpoint(head) else load_json(path, name)


def load_statement(path: Path, name: str) -> Document:
    """JSON where the text begins like an object, else the text itself. Raises `ReadError`."""
    text = read_text(path)
    if text.lstrip()[:1] in ("{", "["):
        (document,) = read_json(name, text)
        return document
    return Document(name, text)
