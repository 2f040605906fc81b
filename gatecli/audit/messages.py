"""Messages between an audit and the process in which a mechanism runs: a length, then so many bytes.

What comes from there may be written by the mechanism itself. It is plain data, bounded, waited for no longer
than is said, and checked before it is used.
"""

from __future__ import annotations

import json
import math
import socket
import struct
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from gatecli.audit.json_data import load_json
from gatecli.audit.outputs import WIDEST, CellKind, Outputs
from gatecli.errors import UncheckableError

MOST_CELLS = 2**21
"""Cells of one answer, by which runs are asked for in parts; 500 runs of the widest output fit."""
_CELL = np.dtype(np.float64).itemsize + np.dtype(np.int8).itemsize
_MOST_WORDS = 2**20
MOST_BYTES = 2 * MOST_CELLS * _CELL + _MOST_WORDS
"""The longest message: twice the cells, since an answer may end with a wide output."""

_LENGTH = struct.Struct(">Q")


class BrokenMessageError(Exception):
    """What arrived is not a message of these."""


def send(link: socket.socket, content: bytes) -> None:
    """Send one message. Raises OSError where nobody is there to take it."""
    link.sendall(_LENGTH.pack(len(content)) + content)


def receive(link: socket.socket, patience: float | None = None) -> bytes:
    """The next message. Raises TimeoutError, EOFError (or another OSError) at the end, and
    BrokenMessageError for one that is too long.
    """
    end = None if patience is None else time.monotonic() + patience
    (length,) = _LENGTH.unpack(_exactly(link, _LENGTH.size, end))
    if length > MOST_BYTES:
        raise BrokenMessageError
    return _exactly(link, length, end)


def _exactly(link: socket.socket, length: int, end: float | None) -> bytes:
    content = bytearray()
    while len(content) < length:
        left = None if end is None else end - time.monotonic()
        if left is not None and left <= 0:
            raise TimeoutError
        link.settimeout(left)
        part = link.recv(min(length - len(content), 2**20))
        if not part:
            raise EOFError
        content += part
    return bytes(content)


def pack_error(error: str, advice: str = "") -> bytes:
    """The reason why a question cannot be answered, and what to do about it."""
    return json.dumps({"error": error, "advice": advice}).encode()


def pack_text(text: str) -> bytes:
    """One text."""
    return json.dumps({"text": text}).encode()


def unpack_text(message: bytes) -> str:
    """What `pack_text` wrote. Raises UncheckableError for an error, and BrokenMessageError."""
    text = _read_words(message).get("text")
    if not isinstance(text, str):
        raise BrokenMessageError
    return text


def pack_outputs(outputs: Outputs, seconds: float) -> bytes:
    """Outputs: one line of JSON, then the values, then their kinds."""
    words = {
        "seconds": seconds,
        "runs": outputs.runs,
        "width": outputs.width,
        "flat": outputs.is_flat,
        "texts": [[code, text] for code, text in outputs.texts.items()],
    }
    return json.dumps(words).encode() + b"\n" + outputs.values.tobytes() + outputs.kinds.tobytes()


def unpack_outputs(message: bytes, most: int) -> tuple[Outputs, float]:
    """At most so many outputs, one at least, and the seconds of processor that they took.

    Raises UncheckableError for an error, and BrokenMessageError where the bytes are not
    outputs of a mechanism.
    """
    head, _, body = message.partition(b"\n")
    words = _read_words(head)
    try:
        runs, width, seconds = words["runs"], words["width"], words["seconds"]
        if not _is_whole(runs, 1, most) or not _is_whole(width, 0, WIDEST):
            raise BrokenMessageError
        if len(body) != runs * width * _CELL or not _is_duration(seconds):
            raise BrokenMessageError
        texts = {float(code): str(text)[:40] for code, text in words["texts"]}
    except (KeyError, TypeError, ValueError):
        raise BrokenMessageError from None
    values = np.frombuffer(body, np.float64, runs * width).reshape(runs, width)
    kinds = np.frombuffer(body, np.int8, runs * width, offset=values.nbytes).reshape(runs, width)
    if not _agree(values, kinds):
        raise BrokenMessageError
    return Outputs(values, kinds, words.get("flat") is True and width == 1, texts), float(seconds)


def _agree(values: Any, kinds: Any) -> bool:
    """Whether each kind is one, and just the cells that hold a value have one."""
    holds = np.isin(kinds, (CellKind.NUMBER, CellKind.TRUTH, CellKind.TEXT))
    return bool(((kinds >= 0) & (kinds <= max(CellKind))).all() and (np.isnan(values) == ~holds).all())


def _is_whole(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _is_duration(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and value >= 0


def _read_words(text: bytes) -> Mapping[str, Any]:
    try:
        words = load_json(text[: _MOST_WORDS + 1].decode()) if len(text) <= _MOST_WORDS else None
    except ValueError:
        words = None
    if not isinstance(words, dict):
        raise BrokenMessageError
    if "error" in words:
        raise UncheckableError(_sentence(words["error"]), advice=_sentence(words.get("advice", "")))
    return words


def _sentence(value: object) -> str:
    """A text to show, without what a terminal would obey."""
    text = str(value)[:400]
    return "".join(char if char.isprintable() else " " for char in text)
