"""Base64 inside text: found without a false alarm for each long name, decoded only to text."""

from __future__ import annotations

import binascii
import codecs
import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate

from gatecli.pii.views import Piece, View, part

SHORTEST = 11
"""Characters of base64 that eight characters of text need."""

# What a run must begin with if its first six bytes are the start of UTF-8 text without control
# characters. A byte's two halves stand in neighbouring sextets, hence the classes.
_A1 = "[CDI-Za-f]"  # sextet 1 of an ASCII byte (tab, line ends, 0x20 to 0x7f)
_A2 = "[A-HQ-Xg-nw-z0-3]"  # sextet 2: the second byte's high bit is clear
_A3 = "[ABEFIJMNQRUVYZcdghklopstwx014589]"  # sextet 3: the third byte's high bit is clear
_ANY = r"[A-Za-z0-9+/_-]"
_ASCII = f"{_A1}{_A2}{_A3}{_ANY}"
_LEAD_1 = r"[w-z0-9][I-LYZabo-r4-7]"
_LEAD_2 = rf"{_A1}[M-Pc-fs-v89+/_-][CGKOSWaeimquy26+-]"
_LEAD_3 = rf"{_A1}{_A2}[DHLPTXbfjnrvz37/_]{_ANY}[g-v]"
_TEXT = re.compile(f"{_LEAD_1}|{_LEAD_2}|{_LEAD_3}|{_ASCII}(?:{_LEAD_1}|{_LEAD_2}|{_LEAD_3}|{_ASCII})")

_WRAPPED = re.compile(
    r"(?<![A-Za-z0-9+/_-])(?:[A-Za-z0-9+/_-]{60,100}[ \t]*\r?\n[ \t]*){1,100000}+"
    r"(?:[A-Za-z0-9+/_-]{1,100}={0,2})?+"
)
_PIECE = re.compile(rf"[A-Za-z0-9+]{{{SHORTEST},}}")
# Where a run, or a piece of one, could begin that the functions below decode.
_BEGIN = re.compile(rf"[\n/_-](?=(?:{_TEXT.pattern}))(?={_ANY}{{{SHORTEST}}})")
_PADDING = re.compile("={0,2}")
_ALPHABET = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-")
_CODES = bytes(0x77 if byte in _ALPHABET else byte if byte in b" \t\r\n" else 0x2E for byte in range(256))
"""The alphabet as `w`, white space as it is, all else `.`: in it a run is found by a literal, not a class."""
_SHORTEST_RUN = b"w" * SHORTEST
_CODED_RUN = re.compile(_SHORTEST_RUN + b"w*+")
_FIRST_LINE = 60
_CODED_LINE = re.compile(b"w" * _FIRST_LINE + rb"(?<!ww{60})w{0,40}+[ \t]*+\r?\n")
_URL_SAFE = str.maketrans("-_", "+/")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def holds_base64(text: str) -> bool:
    """Whether any run in `text`, or in some of its lines alone, could be base64 of text."""
    return next(_pieces(text), None) is not None or holds_wrapped(text)


def holds_wrapped(text: str) -> bool:
    """Whether a run that is broken over lines could be base64 of text, from one of them on."""
    runs = _wrapped_runs(text, _encode(text))
    return any(_may_begin(line) for run in runs for line in run.group().split() if len(line) >= _FIRST_LINE)


def _may_begin(line: str) -> bool:
    """Whether a line is the beginning of a text in base64, which may end inside a character."""
    if _TEXT.match(line) is None:
        return False
    read = binascii.a2b_base64(line[: len(line) // 4 * 4].translate(_URL_SAFE))
    try:
        return _CONTROL.search(codecs.getincrementaldecoder("utf-8")().decode(read)) is None
    except UnicodeDecodeError:
        return False


def decode_run(run: str) -> str | None:
    """The text that `run` is base64 of (standard or URL-safe, padded or not), None where none."""
    run = run.rstrip("=")
    if _TEXT.match(run) is None:
        return None
    if "-" in run or "_" in run:
        if "+" in run or "/" in run:
            return None
        run = run.translate(_URL_SAFE)
    if len(run) % 4 == 1:
        run = run[:-1]
    try:
        text = binascii.a2b_base64(run + "=" * (-len(run) % 4)).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return text if _CONTROL.search(text) is None else None


def base64_views(view: View) -> Iterator[View]:
    """What every base64 run reads as; runs that are broken over lines are joined first."""
    for start, end, read in _pieces(view.text):
        yield part(view, start, end, read, "base64")


def _pieces(text: str) -> Iterator[Piece]:
    coded = _encode(text)
    if _SHORTEST_RUN not in coded:
        return
    yield from _joined_pieces(text, coded)
    for start, end in _promising_runs(text, coded):
        yield from _run_pieces(text, start, end)


def _encode(text: str) -> bytes:
    return text.encode("ascii", "replace").translate(_CODES)


def _joined_pieces(text: str, coded: bytes) -> Iterator[Piece]:
    """What runs that are broken over lines read as; a word may stand on the line below that is none of it."""
    for found in _wrapped_runs(text, coded):
        lines = found.group().split()
        for count in (len(lines), len(lines) - 1):
            if (read := decode_run("".join(lines[:count]))) is not None:
                yield *found.span(), read
                break


def _wrapped_runs(text: str, coded: bytes) -> Iterator[re.Match[str]]:
    done = 0
    for line in _CODED_LINE.finditer(coded):
        found = _WRAPPED.match(text, line.start()) if line.start() >= done else None
        if found is not None:
            done = found.end()
            yield found


def _promising_runs(text: str, coded: bytes) -> Iterator[tuple[int, int]]:
    """The runs that begin, or of which a piece begins, as base64 of text does.

    Digits alone read as text of which each third byte begins a letter: no number stands there.
    """
    spans = [found.span() for found in _CODED_RUN.finditer(coded)]
    runs = [text[start:end] for start, end in spans]
    starts = [found.start() for found in _BEGIN.finditer("\n" + "\n".join(runs))]
    if not starts:
        return
    begins = list(accumulate((len(run) + 1 for run in runs), initial=0))
    for number in dict.fromkeys(bisect_right(begins, start) - 1 for start in starts):
        if not runs[number].isdigit():
            yield spans[number]


def _run_pieces(text: str, start: int, end: int) -> Iterator[Piece]:
    """What a run reads as, and what its pieces do, where it may be a path or a name."""
    run = text[start:end]
    if (read := decode_run(run)) is not None:
        padding = _PADDING.match(text, end)
        yield start, padding.end() if padding else end, read
    if "/" not in run and "_" not in run and "-" not in run:
        return
    for piece in _PIECE.finditer(run):
        if (read := decode_run(piece.group())) is not None:
            yield start + piece.start(), start + piece.end(), read
