"""Scores of an attack on a model, from a file: CSV, JSON, or NumPy's archive.

* CSV: a head with the columns `score` and `member` (1/0, true/false, in/out, yes/no).
* JSON: an object with two lists, or `.npz` with two arrays, by the names of `PAIRS` (of members, of others)
  or of `FLAGS` (all scores, which are members').

The names are those that tools use: `in_canary_scores` and `out_canary_scores` are the arguments of JAX
Privacy's `CanaryScoreAuditor`; `inferred_train` and `inferred_test` are what the examples of the Adversarial
Robustness Toolbox call the output of `infer(…, probabilities=True)`; `scores` and `keep` are LiRA's.
"""

from __future__ import annotations

import ast
import csv
import io
import json
import math
import sys
from array import array
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gatecli.sources.files import ReadError, decode_text, read_bytes

MOST_BYTES = 128 * 2**20
MOST_SCORES = 2_000_000

PAIRS = (
    ("in_canary_scores", "out_canary_scores"),
    ("inferred_train", "inferred_test"),
    ("inferred_train_bb", "inferred_test_bb"),
    ("members", "others"),
    ("in", "out"),
)
FLAGS = (("scores", "keep"), ("scores", "members"), ("score", "member"))

_TRUE = frozenset({"1", "1.0", "true", "yes", "in", "member"})
_FALSE = frozenset({"0", "0.0", "false", "no", "out", "non-member"})
_FORMS = "write a CSV file with the columns score and member, or see docs/audit-models.md"

Both = tuple[tuple[float, ...], tuple[float, ...]]
"""The scores of members, and of others."""


def read_scores(path: Path) -> Both:
    """The scores in a file, finite numbers all; one of the two may be empty. Raises `ReadError`."""
    content = read_bytes(path, MOST_BYTES)
    if not content.strip():
        raise ReadError("is empty", _FORMS)
    if content.startswith(b"PK"):
        return _from_names(_read_npz(content))
    text = decode_text(content)
    return _from_names(_read_json(text)) if text.lstrip().startswith(("{", "[")) else _read_csv(text)


def _read_csv(text: str) -> Both:
    table = csv.reader(io.StringIO(text, newline=""))
    try:
        head = [name.strip().lower() for name in next(table)]
        if not {"score", "member"} <= set(head):
            raise ReadError(f"has the columns {', '.join(head)[:80]} and not score and member", _FORMS)
        return _collect(table, head.index("score"), head.index("member"))
    except csv.Error as error:
        raise ReadError(f"is not CSV: {error}", _FORMS) from None


def _collect(table: Iterable[Sequence[str]], score: int, member: int) -> Both:
    found: tuple[list[float], list[float]] = ([], [])
    for number, row in enumerate(table, start=2):
        if not row:
            continue
        if len(row) <= max(score, member):
            raise ReadError(f"has no score and member in row {number}", _FORMS)
        if number > MOST_SCORES:
            raise _too_many()
        where = f"row {number}"
        found[not _flag(row[member], where)].append(_finite(row[score], where))
    return tuple(found[0]), tuple(found[1])


def _too_many() -> ReadError:
    return ReadError(f"holds more than {MOST_SCORES:,} scores", "audit a random part of them")


def _flag(value: object, where: str) -> bool:
    text = str(value).strip().lower()
    if text not in _TRUE | _FALSE:
        raise ReadError(f"has a member in {where} that is neither true nor false", "write 1 or 0")
    return text in _TRUE


def _finite(value: object, where: str) -> float:
    try:
        number = math.nan if isinstance(value, bool) else float(value)  # type: ignore[arg-type]  # its errors are caught
    except (TypeError, ValueError, OverflowError):
        raise ReadError(f"has a score in {where} that is not a number", "write each as a number") from None
    if not math.isfinite(number):
        raise ReadError(
            f"has a score in {where} that is not finite",
            "mend the attack: a record without a score cannot be left out by what it would have said",
        )
    return number


def _read_json(text: str) -> Mapping[str, Any]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise ReadError("is not JSON", _FORMS) from None
    if not isinstance(data, dict):
        raise ReadError("is not a JSON object with two lists of scores", _FORMS)
    return data


def _from_names(data: Mapping[str, Any]) -> Both:
    for inside, outside in PAIRS:
        if inside in data and outside in data:
            return _numbers(data[inside], inside), _numbers(data[outside], outside)
    for scores, members in FLAGS:
        if scores in data and members in data:
            return _by_flags(_numbers(data[scores], scores), data[members], members)
    names = ", ".join(sorted(data))[:80] or "nothing"
    raise ReadError(f"holds {names} and no two lists of scores", _FORMS)


def _by_flags(scores: Sequence[float], members: object, name: str) -> Both:
    flags = [_flag(each, name) for each in _flat(members, name)]
    if len(flags) != len(scores):
        raise ReadError(f"has {len(scores)} scores and {len(flags)} of {name}", "give each score one")
    pairs = list(zip(scores, flags, strict=True))
    return tuple(score for score, flag in pairs if flag), tuple(score for score, flag in pairs if not flag)


def _flat(value: object, name: str) -> list[object]:
    """A list, also one of lists of one: some tools write a column."""
    if not isinstance(value, list | array | tuple):
        raise ReadError(f"has {name} that is not a list", _FORMS)
    if len(value) > MOST_SCORES:
        raise _too_many()
    return [each[0] if isinstance(each, list) and len(each) == 1 else each for each in value]


def _numbers(value: object, name: str) -> tuple[float, ...]:
    return tuple(_finite(each, name) for each in _flat(value, name))


def _read_npz(content: bytes) -> Mapping[str, Any]:
    """The arrays of an archive by name. Read as plain data: nothing in it is unpickled or run."""
    import zipfile  # noqa: PLC0415 - few files are archives

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = [entry for entry in archive.infolist() if entry.filename.endswith(".npy")]
            if sum(entry.file_size for entry in entries) > MOST_BYTES:
                raise ReadError(f"is larger than {MOST_BYTES // 2**20} MiB when it is unpacked", _FORMS)
            return {entry.filename.removesuffix(".npy"): _array(archive.read(entry)) for entry in entries}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError):
        raise ReadError("is a damaged archive", "write it by numpy.savez") from None


_MAGIC = b"\x93NUMPY"
_HEAD_LENGTHS: Mapping[int, tuple[int, int]] = {1: (8, 10), 2: (8, 12), 3: (8, 12)}
_CODES = {"f4": "f", "f8": "d", "i1": "b", "i2": "h", "i4": "i", "i8": "q", "b1": "b", "u1": "B"}


def _array(content: bytes) -> array[Any]:
    """One array in NumPy's format (numpy.lib.format), of one column."""
    refusal = ReadError("holds an array that is not one column of numbers", "save scores as float64")
    if not content.startswith(_MAGIC) or content[6] not in _HEAD_LENGTHS:
        raise refusal
    start, end = _HEAD_LENGTHS[content[6]]
    body = end + int.from_bytes(content[start:end], "little")
    try:
        head = ast.literal_eval(content[end:body].decode("latin-1"))
        order, kind, shape = head["descr"][0], head["descr"][1:], tuple(head["shape"])
    except (ValueError, SyntaxError, KeyError, TypeError, IndexError, MemoryError, RecursionError):
        raise refusal from None
    if kind not in _CODES or sum(size != 1 for size in shape) > 1:
        raise refusal
    values = array(_CODES[kind])
    if (len(content) - body) % values.itemsize or (len(content) - body) // values.itemsize != math.prod(
        shape
    ):
        raise refusal
    values.frombytes(content[body:])
    if (order == ">") != (sys.byteorder == "big") and order in "<>":
        values.byteswap()
    return values
