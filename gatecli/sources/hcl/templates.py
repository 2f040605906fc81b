"""What the texts of HCL mean: escapes, numbers, and the indentation of heredocs."""

from __future__ import annotations

import re
import unicodedata

from gatecli.sources.hcl.syntax import Expression, Literal, OpaqueExpression, Template
from gatecli.sources.hcl.tokens import Token

_INTEGER, _DECIMAL = re.compile(r"[0-9]{1,15}"), re.compile(r"[0-9]{1,9}\.[0-9]{1,6}")
_ESCAPE = re.compile(r'\\(?:(?P<letter>[nrt"\\])|u(?P<short>[0-9a-fA-F]{4})|U(?P<long>[0-9a-fA-F]{8}))')
_ANY = re.compile(r"(?P<marker>\$\$\{|%%\{)|" + _ESCAPE.pattern + r"|(?P<wrong>\\)")
_MARKER = re.compile(r"([$%])[$%]\{")
_LETTERS = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


def literal_number(text: str) -> Expression:
    """A number as it is; one whose digits a float might not keep is not known."""
    if _INTEGER.fullmatch(text):
        return Literal(int(text))
    return Literal(float(text)) if _DECIMAL.fullmatch(text) else OpaqueExpression()


def template_of(begin: Token, parts: list[str | Expression]) -> Expression | None:
    """What a template is: a text, what it wraps, or a template; None where an escape in it is wrong."""
    if begin.text == "<<-":
        parts = _without_indentation(parts)
    read = _unescape if begin.kind == "quote" else _without_markers
    texts = [read(part) if isinstance(part, str) else part for part in parts]
    if any(part is None for part in texts):
        return None
    merged = _merge([part for part in texts if part is not None])
    if any(isinstance(part, OpaqueExpression) for part in merged):
        return OpaqueExpression()
    if all(isinstance(part, str) for part in merged):
        return Literal(unicodedata.normalize("NFC", "".join(map(str, merged))))
    if len(merged) == 1 and not isinstance(merged[0], str):
        return merged[0]
    return Template(tuple(merged))


def _merge(parts: list[str | Expression]) -> list[str | Expression]:
    """Texts that follow each other, in one."""
    merged: list[str | Expression] = []
    run: list[str] = []
    for part in parts:
        if isinstance(part, str):
            run.append(part)
            continue
        if run:
            merged.append("".join(run))
            run = []
        merged.append(part)
    return [*merged, "".join(run)] if run else merged


def _without_markers(text: str) -> str:
    return _MARKER.sub(r"\1{", text) if "{" in text else text


def _unescape(text: str) -> str | None:
    if "\\" not in text:
        return _without_markers(text)
    pieces, at = [], 0
    for found in _ANY.finditer(text):
        pieces += [text[at : found.start()], _meaning(found)]
        at = found.end()
    if any(piece is None for piece in pieces):
        return None
    return "".join(map(str, [*pieces, text[at:]]))


def _meaning(found: re.Match[str]) -> str | None:
    if found["marker"]:
        return found[0][1:]
    if found["letter"]:
        return _LETTERS[found["letter"]]
    code = int(found["short"] or found["long"] or "d800", 16)
    return None if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF else chr(code)


def _without_indentation(parts: list[str | Expression]) -> list[str | Expression]:
    """Each line without the white space that all lines begin with; blank lines do not count, and stay."""
    starts = [
        at
        for at, part in enumerate(parts)
        if at == 0 or (isinstance(before := parts[at - 1], str) and before.endswith("\n"))
    ]
    widths = {at: _indentation(parts[at]) for at in starts}
    least = min((width for width in widths.values() if width is not None), default=0)
    return [
        part[least:] if isinstance(part, str) and widths.get(at) is not None else part
        for at, part in enumerate(parts)
    ]


def _indentation(part: str | Expression) -> int | None:
    if not isinstance(part, str):
        return 0
    rest = part.lstrip()
    return None if not rest and part.endswith("\n") else len(part) - len(rest)
