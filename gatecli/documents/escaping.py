"""A stranger's text in Markdown: shown as text, and never structure, HTML, a link or one of our marks.

Characters that mean something become character references, which cannot be structure (CommonMark 0.31,
section 2.5).
"""

from __future__ import annotations

import re

from gatecli.reports.escaping import visible

_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
_LIVE = re.compile(r"""[\\`*_\[\]|~$@{}&<>"]|:(?=//|\w+:)|(?<=[wW]{3})\.|#(?=\w)""")
_AT_THE_START = re.compile(r"\A(?:[0-9]{1,9}[.)](?=\s|\Z)|[-+=#:!])")


def escape_markdown(text: str) -> str:
    """The text in one line of Markdown; blanks in front and behind are left out."""
    shown = visible(text).strip(" ")
    first = _AT_THE_START.match(shown)
    if first is None:
        return _LIVE.sub(_reference, shown)
    at = first.end() - 1
    return f"{shown[:at]}&#{ord(shown[at])};{_LIVE.sub(_reference, shown[at + 1 :])}"


def _reference(match: re.Match[str]) -> str:
    return _NAMED.get(match[0]) or f"&#{ord(match[0])};"
