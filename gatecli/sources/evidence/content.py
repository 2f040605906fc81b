"""How an evidence file becomes data: JSON with positions, a printed statement, or what a run saved."""

from __future__ import annotations

from pathlib import Path

from gatecli.model.document import Document
from gatecli.sources.evidence.checkpoint import is_checkpoint, read_checkpoint
from gatecli.sources.evidence.safetensors import HEAD, is_safetensors, read_metadata
from gatecli.sources.files import read_start, read_text
from gatecli.sources.json_text import INFINITY, read_json, read_json_lines


def load_json(path: Path, name: str) -> Document:
    """The one JSON document of a file that sentences call `name`. Raises `ReadError`."""
    (document,) = read_json(name, read_text(path))
    return document


def load_budget(path: Path, name: str) -> Document:
    """The one JSON document, in which `Infinity` is a number: Python writes a ceiling of inf so."""
    (document,) = read_json(name, read_text(path), INFINITY)
    return document


def load_state(path: Path, name: str) -> Document:
    """JSON, a log of JSON lines, a checkpoint, a pickle, or the metadata of a safetensors file.

    Raises `ReadError` and `Refused`.
    """
    head = read_start(path, HEAD)
    if is_safetensors(head):  # first: a length of 128 begins like a pickle, and no pickle like a length
        return Document(name, read_metadata(path, name))
    if is_checkpoint(head):
        return Document(name, read_checkpoint(path))
    text = read_text(path)
    if _is_log(text):
        return read_json_lines(name, text)
    (document,) = read_json(name, text)
    return document


def _is_log(text: str) -> bool:
    """Whether the first line is an object of its own, and another line follows."""
    first, _, rest = text.strip().partition("\n")
    return first.startswith("{") and first.rstrip().endswith("}") and rest.lstrip().startswith("{")


def load_statement(path: Path, name: str) -> Document:
    """JSON where the text begins like an object, else the text itself. Raises `ReadError`."""
    text = read_text(path)
    if text.lstrip()[:1] in ("{", "["):
        (document,) = read_json(name, text)
        return document
    return Document(name, text)
