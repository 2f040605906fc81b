"""Names that stand over their values: a table in running text, SQL, a label on the line above.

A view for each column or block whose name speaks of personal data; the values are where they were.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator
from itertools import accumulate

from gatecli.pii.context import Vocabulary
from gatecli.pii.views import View

_CELL = r" *+[\"']?+[^\W\d][\w .()#/-]{0,40}+[\"']?+ *+"
_HEADER = re.compile(rf"\n[ \t]*+(\|?{_CELL}(?:[|,;\t]{_CELL}){{1,60}}+\|?)[ \t]*+\r?(?=\n)")
_DELIMITERS = "|,;\t"
_BARE = re.compile(r"\n((?:[^A-Za-z<\n]|<[^<>\n]{1,120}>)+)(?=\n|\Z)")
_NAME_WORDS, _NAME_SIZE = 5, 48
"""A label is short: words and characters, at most."""
_RULES = " \t\r\n|+=-_~*:"
"""What lines between a label and its values are drawn with."""
_WORDS = re.compile(r"[^\W\d_]+")
_INSERT = re.compile(
    r"\b(?:INSERT|REPLACE)\s+INTO\s+[^\s(]{1,200}\s*\(([^()]{1,4000})\)\s*VALUES\s*", re.IGNORECASE
)
_TUPLE = re.compile(r"\(((?:[^()']|'(?:[^']|'')*+')*+)\)\s*,?\s*")
_ITEM = re.compile(r"(?:[^,']|'(?:[^']|'')*+')++")
_COPY = re.compile(
    r"\bCOPY\s+[^\s(]{1,200}\s*\(([^()]{1,4000})\)\s*FROM\s+stdin[^\n]{0,200}\n", re.IGNORECASE
)

_SQL_WORDS = ("values", "stdin")

Span = tuple[int, int]


def named_below(view: View, vocabulary: Vocabulary) -> Iterator[View]:
    """What stands below a name that speaks of personal data, with that name as its context."""
    text = "\n" + view.text
    is_sql = may_be_sql(text)
    if not (is_sql or _HEADER.search(text) or _BARE.search(text)):
        return
    if not vocabulary.entities_in(view.text):
        return
    for name, spans in (
        *_columns(text, vocabulary),
        *_blocks_below_labels(text, vocabulary),
        *(_sql_columns(text) if is_sql else ()),
    ):
        if spans and vocabulary.entities_in(name):
            yield _column_view(view, [(start - 1, end - 1) for start, end in spans], name)


def may_be_sql(text: str) -> bool:
    """Whether columns of SQL may be named in a text, however far from their values."""
    lower = text.lower()
    return any(word in lower for word in _SQL_WORDS)


def _column_view(view: View, spans: list[Span], name: str) -> View:
    """The spans of a view, a line each."""
    texts, starts, ends = [], array("q"), array("q")
    for start, end in spans:
        last = view.ends[end - 1]
        texts.append(view.text[start:end])
        starts.extend((*view.starts[start:end], last))
        ends.extend((*view.ends[start:end], last))
    return View("\n".join(texts) + "\n", starts, ends, view.steps, (*view.context, name))


def _columns(text: str, vocabulary: Vocabulary) -> Iterator[tuple[str, list[Span]]]:
    """The columns of tables whose cells are divided by one of `_DELIMITERS`; the first line names them."""
    at = 0
    while header := _HEADER.search(text, at):
        at = header.end()
        if not vocabulary.entities_in(header[1]):
            continue
        mark = max(_DELIMITERS, key=header[1].count)
        names = header[1].split(mark)
        rows, at = _rows(text, at + 1, mark, len(names))
        for index, name in enumerate(names):
            yield name, [row[index] for row in rows]


def _rows(text: str, at: int, mark: str, width: int) -> tuple[list[list[Span]], int]:
    """The cells of the lines from `at` on that have as many as the header, and where they end."""
    rows = []
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        line = text[at:end]
        if mark not in line:
            break
        indent = len(line) - len(line.lstrip(" \t" if mark != "\t" else " "))
        if line.count(mark, indent) == width - 1:
            stops = list(accumulate(map(len, line[indent:].split(mark)), lambda stop, size: stop + 1 + size))
            begins = [0, *(stop + 1 for stop in stops)]
            left = at + indent
            rows.append([(left + begin, left + stop) for begin, stop in zip(begins, stops, strict=False)])
        at = end + 1
    return rows, at - 1


def _blocks_below_labels(text: str, vocabulary: Vocabulary) -> Iterator[tuple[str, list[Span]]]:
    """Lines without words below a short line that is their name."""
    name, last = "", -1
    spans: list[Span] = []
    for line in _BARE.finditer(text):
        if not any(each.isdigit() for each in line[1]):
            continue
        if text[last : line.start()].strip() or last < 0:
            if spans:
                yield name, spans
            name, spans = _name_above(text, line.start(), vocabulary), []
        last = line.end()
        if name:
            spans.append(line.span(1))
    if spans:
        yield name, spans


def _name_above(text: str, at: int, vocabulary: Vocabulary) -> str:
    """The line above, past blank ones, where it is short and speaks of personal data."""
    begin = max(0, at - 2 * _NAME_SIZE)
    end = begin + len(text[begin:at].rstrip(_RULES))
    name = text[text.rfind("\n", 0, end) + 1 : end].strip()
    short = len(name) <= _NAME_SIZE and 0 < len(_WORDS.findall(name)) <= _NAME_WORDS
    return name if short and vocabulary.entities_in(name) else ""


def _sql_columns(text: str) -> Iterator[tuple[str, list[Span]]]:
    """The columns of `INSERT INTO … VALUES` and of `COPY … FROM stdin`."""
    for statement in _INSERT.finditer(text):
        yield from _by_name(statement[1], _tuples(text, statement.end()))
    for statement in _COPY.finditer(text):
        names = statement[1].split(",")
        yield from _by_name(statement[1], _rows(text, statement.end(), "\t", len(names))[0])


def _tuples(text: str, at: int) -> Iterator[list[Span]]:
    while values := _TUPLE.match(text, at):
        at = values.end()
        yield [item.span() for item in _ITEM.finditer(text, *values.span(1))]


def _by_name(names: str, rows: Iterable[list[Span]]) -> Iterator[tuple[str, list[Span]]]:
    columns = names.split(",")
    whole = [row for row in rows if len(row) == len(columns)]
    for index, name in enumerate(columns):
        yield name, [row[index] for row in whole]
