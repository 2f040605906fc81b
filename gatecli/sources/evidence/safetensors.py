"""The metadata of a safetensors file, as plain data; no tensor is read.

Layout: eight bytes, the little-endian length of a header; the header, a JSON object with one entry a
tensor; the tensors. `__metadata__` of the header maps text to text. What is JSON in it is read as JSON.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gatecli.sources.evidence.reading import Refused
from gatecli.sources.files import MAX_BYTES, ReadError, decode_text, read_start
from gatecli.sources.json_text import read_json

HEAD = 9
_LENGTH = 8
_METADATA = "__metadata__"


def is_safetensors(head: bytes) -> bool:
    """Whether a file that starts with these `HEAD` bytes is one: eight letters would be a huge length."""
    return len(head) == HEAD and head[_LENGTH:] == b"{" and 2 <= _header_length(head) <= MAX_BYTES


def _header_length(head: bytes) -> int:
    return int.from_bytes(head[:_LENGTH], "little")


def read_metadata(path: Path, name: str) -> dict[str, Any]:
    """`__metadata__` of the file at `path`. Raises `Refused` and `ReadError`."""
    length = _header_length(read_start(path, _LENGTH))
    header = read_start(path, _LENGTH + length)[_LENGTH:]
    if len(header) < length:
        raise Refused("the safetensors file is truncated: its header is not whole")
    (document,) = read_json(name, decode_text(header))
    metadata = document.data.get(_METADATA)
    if not isinstance(metadata, dict):
        raise Refused("the safetensors file has no metadata, so it records no run")
    return {key: _value(key, value) for key, value in metadata.items()}


def _value(key: str, value: Any) -> Any:
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return value
    try:
        (document,) = read_json(key, value)
    except ReadError:
        return value  # text that only begins like JSON
    return document.data
