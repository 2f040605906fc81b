"""Patterns of .gitignore, matched as git does, in time linear in the name.

Source: gitignore(5). A pattern is one regular expression whose stars are atomic, so that no pattern of
a stranger's repository can make it backtrack.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_CLASSES = {
    "alnum": "A-Za-z0-9",
    "alpha": "A-Za-z",
    "blank": " \t",
    "digit": "0-9",
    "lower": "a-z",
    "print": " -~",
    "punct": "!-/:-@\\[-`{-~",
    "space": " \t-\r",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}
_PIECE = re.compile(
    r"\\(?P<literal>.)|(?P<stars>\*+)|(?P<any>\?)"
    r"|\[(?P<not>[!^])?(?P<set>\]?(?:\[:\w*:\]|\\.|[^\]\\])*)\]|(?P<open>\[)|(?P<other>[^\\*?\[]+|\\)",
    re.DOTALL,
)
_STEP = re.compile(r"\\.|\[[!^]?\]?(?:\[:\w*:\]|\\.|[^\]\\])*\]|.", re.DOTALL)
_MEMBER = re.compile(r"\[:(\w*):\]|\\?(.)(?:-\\?(.))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class IgnorePattern:
    """One line of a .gitignore: what it matches, whether it takes back, whether only folders count."""

    form: re.Pattern[str]
    negated: bool
    folders_only: bool


def patterns_of(text: str) -> tuple[IgnorePattern, ...]:
    """The patterns of a .gitignore, in its order. A line that no path can match is left out."""
    lines = text.removeprefix("\ufeff").split("\n")
    return tuple(pattern for line in lines if (pattern := _pattern(line.removesuffix("\r"))))


def decision(patterns: Iterable[IgnorePattern], path: str, *, folder: bool) -> bool | None:
    """Whether `path` (relative to the patterns' folder) is ignored; None where no pattern says."""
    for pattern in reversed(tuple(patterns)):
        if (folder or not pattern.folders_only) and pattern.form.fullmatch(path):
            return not pattern.negated
    return None


def _pattern(line: str) -> IgnorePattern | None:
    if not line or line.startswith("#"):
        return None
    negated = line.startswith("!")
    body = _without_trailing_spaces(line[negated:])
    folders_only = body.endswith("/")
    body = body.removesuffix("/")
    if not body.strip("/"):
        return None
    anchored = "/" in body
    body = body.removeprefix("/")
    form = _translate_glob(body if anchored else f"**/{body}")
    return None if form is None else IgnorePattern(form, negated, folders_only)


def _without_trailing_spaces(text: str) -> str:
    bare = text.rstrip(" ")
    backslashes = len(bare) - len(bare.rstrip("\\"))
    return text[: len(bare) + 1] if backslashes % 2 and len(bare) < len(text) else bare


def _translate_glob(glob: str) -> re.Pattern[str] | None:
    """The regular expression of a glob; None for one with a broken class or escape.

    Between two `**` the leftmost match is as good as any, and between two `*` too: both are atomic but
    for the last, which alone is tied to the end.
    """
    segments = _split(glob)
    blocks: list[list[str]] = [[]]
    for index, segment in enumerate(segments):
        if segment != "**":
            translated = _segment(segment)
            if translated is None:
                return None
            blocks[-1].append(translated)
        elif index == len(segments) - 1:
            blocks[-1].append("[^/].*")
        elif blocks[-1] or len(blocks) == 1:
            blocks.append([])
    first, *rest = ("/".join(block) for block in blocks)
    if not rest:
        return re.compile(first, re.DOTALL)
    middle = "".join(f"(?>(?:[^/]+/)*?{block}/)" for block in rest[:-1])
    return re.compile((f"{first}/" if first else "") + f"{middle}(?:[^/]+/)*{rest[-1]}", re.DOTALL)


def _split(glob: str) -> list[str]:
    """The parts between slashes; one inside a class parts nothing."""
    segments = [""]
    for step in _STEP.findall(glob):
        if step == "/":
            segments.append("")
        else:
            segments[-1] += step
    return segments


def _segment(glob: str) -> str | None:
    chunks = [""]
    at = 0
    while at < len(glob):
        piece = _PIECE.match(glob, at)
        if piece is None or piece["open"] or piece["other"] == "\\":
            return None
        at = piece.end()
        if piece["stars"]:
            chunks.append("")
        elif piece["set"] is not None:
            chunks[-1] += _class(piece["set"], negated=piece["not"] is not None)
        else:
            chunks[-1] += "[^/]" if piece["any"] else re.escape(piece["literal"] or piece["other"])
    if len(chunks) == 1:
        return chunks[0]
    middle = "".join(f"(?>[^/]*?{chunk})" for chunk in chunks[1:-1] if chunk)
    return f"{chunks[0]}{middle}[^/]*{chunks[-1]}"


def _class(body: str, *, negated: bool) -> str:
    members = ""
    for name, first, last in _MEMBER.findall(body):
        if name or not first:
            members += _CLASSES.get(name, "")
        elif not last or first > last:  # git compares the first of a range by itself too
            members += re.escape(first)
        else:
            members += f"{re.escape(first)}-{re.escape(last)}"
    if not members:
        return "[^/]" if negated else "(?!)"
    return f"(?!/)[{'^' if negated else ''}{members}]"
