"""A stranger's text made harmless: what it shows is what it is, and no log or terminal obeys it.

Declarations, paths and table columns are written by whoever opened the pull request. Control
characters move a terminal's cursor, bidirectional overrides reorder a line (Boucher and Anderson,
"Trojan Source", 2021), lone surrogates cannot be written as UTF-8, and continuous integration
obeys lines that look like its own commands.
"""

from __future__ import annotations

import re

_HIDDEN = (
    r"\x00-\x09\x0b-\x1f\x7f-\x9f"  # C0 (but LF), DEL and C1 controls
    r"\xad\u061c\u180e\u200b\u200e\u200f"  # invisible formatting; the two joiners are spelling
    r"\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # separators, bidirectional controls, BOM
    r"\ud800-\udfff\ufffe\uffff"  # not characters
    r"\U000e0000-\U000e007f"  # tags: invisible ASCII
)
_UNSAFE = re.compile(f"[\n{_HIDDEN}]")
_UNSAFE_IN_JSON = re.compile(f"[{_HIDDEN}]")
_LINE_COMMAND = re.compile(r"^(\s*):(?=:)")
_INNER_COMMAND = re.compile(r"##(?=\w*\[)")


def visible(text: str) -> str:
    r"""The text on one line, its control and invisible characters spelt out: `\x1b`, `\n`, `\u202e`."""
    return _UNSAFE.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def visible_in_json(dumped: str) -> str:
    r"""JSON text with the same characters as JSON escapes, which change no value.

    A lone surrogate has no valid JSON form (RFC 8259, section 8.2): it becomes the six characters
    `\udc80`, so that strict readers do not refuse the whole report.
    """
    return _INNER_COMMAND.sub(r"#\\u0023", _UNSAFE_IN_JSON.sub(_json_escape, dumped))


def _json_escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xD800 <= code <= 0xDFFF:
        return f"\\\\u{code:04x}"
    units = match[0].encode("utf-16-be")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def inert(line: str, *, colon: str = ": ", hashes: str = "# #") -> str:
    """A line that no job runner reads as a command: `::error::…` at its start, `##[…]` anywhere.

    `colon` and `hashes` stand for the first `:` and for `##`, where a format can spell them unchanged.
    """
    if "::" not in line and "##" not in line:
        return line
    return _INNER_COMMAND.sub(hashes, _LINE_COMMAND.sub(rf"\1{colon}", line))


def clip(text: str, length: int) -> str:
    """At most `length` characters; a cut is shown by an ellipsis."""
    return text if len(text) <= length else text[: length - 1] + "…"
