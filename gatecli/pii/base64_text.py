"""Base64 inside text: found without a false alarm for each long name, decoded only to text."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

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

_RUN = re.compile(rf"[A-Za-z0-9+/_-]{{{SHORTEST},}}={{0,2}}")
_WRAPPED = re.compile(
    r"(?<![A-Za-z0-9+/_-])(?:[A-Za-z0-9+/_-]{60,100}[ \t]*\r?\n[ \t]*){1,100000}+[A-Za-z0-9+/_-]{1,100}={0,2}"
)
_LINE = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{60,}+[ \t]*\r?\n")
_LONG_RUN = re.compile(rf"[A-Za-z0-9+/_-]{{{SHORTEST},}}")
_PIECE = re.compile(rf"[A-Za-z0-9+]{{{SHORTEST},}}")
# Before where a run, or a piece of one, could begin that the functions below decode.
_BEGIN = re.compile(rf"[ /_-](?=(?:{_TEXT.pattern}))(?={_ANY}{{{SHORTEST}}})")
_ALPHABET = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-")
_OTHERS_BLANK = bytes(byte if byte in _ALPHABET else 0x20 for byte in range(256))
_ALIKE = bytes(0x77 if byte in _ALPHABET else 0x20 for byte in range(256))
_SHORTEST_RUN = b"w" * SHORTEST
_URL_SAFE = str.maketrans("-_", "+/")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def holds_base64(text: str) -> bool:
    """Whether any run in `text` could be base64 of text."""
    coded = text.encode("ascii", "replace")
    if _SHORTEST_RUN not in coded.translate(_ALIKE):
        return False
    # Taken apart into runs first: most texts have few that are long enough, and expressions are slow.
    words = coded.translate(_OTHERS_BLANK).decode("ascii").split()
    runs = " ".join(["", *[word for word in words if len(word) >= SHORTEST]])
    begins = [found.end() for found in _BEGIN.finditer(runs)]
    if any(_decodes_at(runs, at) for at in begins):
        return True
    return bool(begins) and "\n" in text and _LINE.search(text) is not None and any(_joined_pieces(text))


def _decodes_at(text: str, at: int) -> bool:
    """Whether the run, or the piece of one, that begins at `at` is base64 of text."""
    piece = _PIECE.match(text, at)
    if piece is not None and decode_run(piece.group()) is not None:
        return True
    if at > 0 and text[at - 1] in "/_-":
        return False
    run = _LONG_RUN.match(text, at)
    return (
        run is not None
        and (piece is None or run.end() != piece.end())
        and decode_run(run.group()) is not None
    )


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
    if not holds_base64(view.text):
        return
    if "\n" in view.text:
        for start, end, read in _joined_pieces(view.text):
            yield part(view, start, end, read, "base64")
    for found in _RUN.finditer(view.text):
        yield from _run_views(view, found)


def _joined_pieces(text: str) -> Iterator[Piece]:
    """What runs that are broken over lines read as."""
    for found in _WRAPPED.finditer(text):
        if (read := decode_run("".join(found.group().split()))) is not None:
            yield *found.span(), read


def _run_views(view: View, found: re.Match[str]) -> Iterator[View]:
    run = found.group()
    if (read := decode_run(run)) is not None:
        yield part(view, found.start(), found.end(), read, "base64")
    if "/" not in run and "_" not in run and "-" not in run:
        return
    for piece in _PIECE.finditer(run):
        if (read := decode_run(piece.group())) is not None:
            start = found.start() + piece.start()
            yield part(view, start, start + len(piece.group()), read, "base64")
