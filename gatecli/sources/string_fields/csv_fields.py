"""CSV and TSV to leaves (RFC 4180); the first line names the columns.

What raw CSV hides: a doubled quote in a quoted field.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gatecli.model.text import Leaf, LeafKind, RawText
from gatecli.sources.string_fields.interface import FormatError, TextFormat

_COMMA, _TAB, _SEMICOLON, _PIPE = (
    re.compile(rf'(?:"(?P<quoted>[^"]*+(?:""[^"]*+)*+)"(?=[{end}\r\n]|\Z)|(?P<plain>[^{end}\r\n]*+))'
               rf"(?P<end>{end}|\r\n?|\n|\Z)")
    for end in (",", "\t", ";", r"\|")
)  # fmt: skip
_DELIMITERS = {",": _COMMA, "\t": _TAB, ";": _SEMICOLON, "|": _PIPE}


def read_csv_leaves(raw: RawText) -> Iterator[Leaf]:
    """The leaves of every cell: keys are the row and the column's name.

    The row is the line in the file that it begins in, 0 below the header. Cells of the header are keys.
    """
    field = _DELIMITERS[delimiter_of(raw)]
    header = [cell[0] for row in _rows(raw.header, field) for cell in row]
    is_header = not header
    for cells in _rows(raw.text, field):
        row = raw.position(cells[0][1]).line - 2
        for column, (text, start, end) in enumerate(cells):
            if is_header:
                header.append(text)
            name = header[column] if column < len(header) else column
            if text and not text.isspace():
                kind = LeafKind.KEY if is_header else LeafKind.VALUE
                escaped = '""' in raw.text[start + 1 : end - 1]
                yield Leaf(text, (name,) if is_header else (row, name), kind, start, end, escaped)
        is_header = False


def _rows(text: str, field: re.Pattern[str]) -> Iterator[list[tuple[str, int, int]]]:
    cells: list[tuple[str, int, int]] = []
    at = 0
    while at < len(text):
        match = field.match(text, at)
        if match is None:
            raise FormatError("it is not a table", at)
        quoted = match["quoted"]
        value = match["plain"] if quoted is None else quoted.replace('""', '"')
        cells.append((value, at, match.start("end")))
        at = match.end()
        if match["end"] not in _DELIMITERS:
            yield cells
            cells = []
    if cells:
        yield cells


def delimiter_of(raw: RawText) -> str:
    """A tab in a .tsv, else whatever stands most often in the first line."""
    if raw.path.lower().endswith((".tsv", ".tab")):
        return "\t"
    first = re.split(r"[\r\n]", raw.header or raw.text, maxsplit=1)[0]
    return max(_DELIMITERS, key=lambda mark: (first.count(mark), mark == ","))


def csv_views(text: str) -> tuple[str, ...] | None:
    """The text as written, and with doubled quotes as one."""
    return (text, text.replace('""', '"')) if '""' in text else (text,)


CSV = TextFormat("csv", read_csv_leaves, csv_views, records=True)
