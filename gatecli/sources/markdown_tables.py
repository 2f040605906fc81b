"""The tables of a Markdown text that a reader sees: not those in code, and not those in comments.

GitHub's tables (GFM, section 4.10), as far as people and templates write them.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_DELIMITERS = re.compile(r" {0,3}\|?[ \t]*:?-+:?[ \t]*(\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*")
_UNESCAPED_PIPE = re.compile(r"(?<!\\)\|")
_CODE = re.compile(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_EMPHASIS = ("***", "___", "**", "__", "*", "_")
_REFERENCE = re.compile(r"\\([!-/:-@\[-`{-~])|(&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z0-9]{1,31});)")


@dataclass(frozen=True, slots=True)
class MarkdownTable:
    """A table: the line of its head, the head, and each row with its line; cells are plain text."""

    line: int
    head: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def read_tables(text: str) -> tuple[MarkdownTable, ...]:
    """Every table, in order; a row has as many cells as the head, "" where it has fewer."""
    lines = list(_visible_lines(text))
    tables: list[MarkdownTable] = []
    at = 0
    while at + 1 < len(lines):
        head = _cells(lines[at]) if "|" in lines[at] else []
        if head and _is_delimiter(lines[at + 1], len(head)):
            end = next((n for n in range(at + 2, len(lines)) if "|" not in lines[n]), len(lines))
            rows = [(number + 1, _fit_to(_cells(lines[number]), len(head))) for number in range(at + 2, end)]
            tables.append(MarkdownTable(at + 1, tuple(head), tuple(rows)))
            at = end
        else:
            at += 1
    return tuple(tables)


def _is_delimiter(line: str, columns: int) -> bool:
    return "|" in line and bool(_DELIMITERS.fullmatch(line)) and len(_split(line)) == columns


def _fit_to(cells: Sequence[str], columns: int) -> tuple[str, ...]:
    return (*cells, *[""] * columns)[:columns]


def _visible_lines(text: str) -> Iterator[str]:
    """The lines, those that nobody sees as text replaced by empty ones."""
    fence, hidden = "", False
    for line in re.split(r"\r\n|\n|\r", text):
        if hidden:
            hidden = "-->" not in line
            yield ""
        elif fence:
            closing = _FENCE.fullmatch(line)
            if closing and closing[1].startswith(fence) and not closing[2].strip():
                fence = ""
            yield ""
        elif (opening := _FENCE.fullmatch(line)) and not (opening[1][0] == "`" and "`" in opening[2]):
            fence = opening[1]
            yield ""
        else:
            shown, hidden = _without_comments(line)
            yield "" if shown.startswith(("    ", "\t")) else shown


def _without_comments(line: str) -> tuple[str, bool]:
    """A line without its comments, and whether the last of them is still open."""
    parts, at = [], 0
    while (start := line.find("<!--", at)) >= 0:
        parts.append(line[at:start])
        end = line.find("-->", start + 4)
        if end < 0:
            return "".join(parts), True
        at = end + 3
    return "".join([*parts, line[at:]]), False


def _split(line: str) -> list[str]:
    inner = line.strip(" \t")
    inner = inner.removeprefix("|")
    inner = inner[:-1] if inner.endswith("|") and not inner.endswith("\\|") else inner
    return _UNESCAPED_PIPE.split(inner)


def _cells(line: str) -> list[str]:
    return [plain_text(cell) for cell in _split(line)]


def plain_text(cell: str) -> str:
    """What a reader sees of a cell: without a code span or emphasis around all of it, references resolved."""
    text = " ".join(cell.split())
    code = _CODE.fullmatch(text)
    if code:
        return code[2].strip()
    for mark in _EMPHASIS:
        inner = text[len(mark) : -len(mark)]
        is_whole = text.startswith(mark) and text.endswith(mark) and mark[0] not in inner
        text = inner if is_whole and inner and inner == inner.strip() else text
    return _REFERENCE.sub(lambda match: match[1] or html.unescape(match[2]), text)
