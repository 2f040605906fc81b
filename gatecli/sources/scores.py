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

from gatecli.model.quoting import quote_name
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
    if content.startswith(_MAGIC):
        raise ReadError(
            "is one array without a name", "write two by numpy.savez, or see docs/audit-models.md"
        )
    text = decode_text(content)
    return _from_names(_read_json(text)) if text.lstrip().startswith(("{", "[")) else _read_csv(text)


def _read_csv(text: str) -> Both:
    table = csv.reader(io.StringIO(text, newline=""))
    try:
        head = [name.strip().lower() for name in next(table, [])]
        _check_head(head)
        return _collect(table, head.index("score"), head.index("member"))
    except csv.Error as error:
        raise ReadError(f"is not CSV: {error}", _FORMS) from None


def _check_head(head: Sequence[str]) -> None:
    times = [head.count(name) for name in ("score", "member")]
    if 0 in times:
        raise ReadError(f"has the columns {_list_names(head)} and not score and member", _FORMS)
    if times != [1, 1]:
        raise ReadError("has a column score or member twice", "leave one of them out")


def _list_names(names: Iterable[str]) -> str:
    """Names to show: the first line of a file without a head is of somebody."""
    return quote_name(", ".join(names)[:80]) or "nothing"


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
        found[not _flag(row[member], where)].append(_parse_number(row[score], where))
    return tuple(found[0]), tuple(found[1])


def _too_many() -> ReadError:
    return ReadError(f"holds more than {MOST_SCORES:,} scores", "audit a random part of them")


def _flag(value: object, where: str) -> bool:
    text = str(value).strip().lower()
    if text not in _TRUE | _FALSE:
        raise ReadError(f"has a member in {where} that is neither true nor false", "write 1 or 0")
    return text in _TRUE


def _parse_number(text: str, where: str) -> float:
    """The number that is written; Python's float also reads 1_0, and digits of every script."""
    try:
        number = float(text) if text.isascii() and "_" not in text else None
    except ValueError:
        number = None
    return _finite(number, where)


def _finite(value: object, where: str) -> float:
    try:
        number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    except OverflowError:
        number = math.inf
    if number is None:
        raise ReadError(f"has a score in {where} that is not a number", "write each as a number")
    if not math.isfinite(number):
        raise ReadError(
            f"has a score in {where} that is not finite",
            "mend the attack: a record without a score cannot be left out by what it would have said",
        )
    return number


def _read_json(text: str) -> Mapping[str, Any]:
    try:
        data = json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        raise ReadError("is not JSON", _FORMS) from None
    if not isinstance(data, dict):
        raise ReadError("is not a JSON object with two lists of scores", _FORMS)
    return data


def _unique(members: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) < len(members):
        raise ReadError("has a name twice", "give each list a name of its own")
    return found


def _from_names(data: Mapping[str, Any]) -> Both:
    for inside, outside in PAIRS:
        if inside in data and outside in data:
            return _numbers(data[inside], inside), _numbers(data[outside], outside)
    for scores, members in FLAGS:
        if scores in data and members in data:
            return _by_flags(_numbers(data[scores], scores), data[members], members)
    raise ReadError(f"holds {_list_names(sorted(data))} and no two lists of scores", _FORMS)


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
            sizes = _unique([(entry.filename, entry.file_size) for entry in archive.infolist()])
            return {name.removesuffix(".npy"): _array(archive.read(name)) for name in _array_names(sizes)}
    except ReadError:
        raise
    except Exception:  # noqa: BLE001 - zipfile, and each way to compress, has errors of its own
        raise ReadError("is a damaged archive", "write it by numpy.savez") from None


_MAGIC = b"\x93NUMPY"


def _array_names(sizes: Mapping[str, int]) -> list[str]:
    """The files that are arrays, where their sizes in the archive's list allow to unpack them."""
    names = [name for name in sizes if name.endswith(".npy")]
    if sum(sizes[name] for name in names) > MOST_BYTES:
        raise ReadError(f"is larger than {MOST_BYTES // 2**20} MiB when it is unpacked", _FORMS)
    return names


_MOST_HEAD = 10_000
"""Bytes of an array's head; NumPy reads no longer one either."""
_HEAD_LENGTHS: Mapping[int, tuple[int, int]] = {1: (8, 10), 2: (8, 12), 3: (8, 12)}
_CODES = {"f4": "f", "f8": "d", "i1": "b", "i2": "h", "i4": "i", "i8": "q", "b1": "b", "u1": "B"}


def _array(content: bytes) -> array[Any]:
    """One array in NumPy's format (numpy.lib.format), of one column."""
    refusal = ReadError("holds an array that is not one column of numbers", "save scores as float64")
    if not content.startswith(_MAGIC) or content[6] not in _HEAD_LENGTHS:
        raise refusal
    start, end = _HEAD_LENGTHS[content[6]]
    body = end + int.from_bytes(content[start:end], "little")
    head = _array_head(content[end:body]) if body - end <= _MOST_HEAD else None
    if head is None:
        raise refusal
    order, kind, length = head
    values = array(_CODES[kind])
    if len(content) - body != values.itemsize * length:
        raise refusal
    values.frombytes(content[body:])
    if (order == ">") != (sys.byteorder == "big") and order in "<>":
        values.byteswap()
    return values


def _array_head(text: bytes) -> tuple[str, str, int] | None:
    """The byte order, the kind and the length of one column; None for any other array."""
    try:
        head = ast.literal_eval(text.decode("latin-1"))
        described, shape = str(head["descr"]), tuple(head["shape"])
    except (ValueError, SyntaxError, KeyError, TypeError, MemoryError, RecursionError):
        return None
    order, kind = described[:1], described[1:]
    is_column = all(type(size) is int for size in shape) and sum(size != 1 for size in shape) <= 1
    return (order, kind, math.prod(shape)) if is_column and order in "<>|=" and kind in _CODES else None
