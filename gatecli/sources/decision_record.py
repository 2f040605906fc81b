"""Decision records: Markdown with the status in its front matter, and the table of ε."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from gatecli.model.decision import AllocationColumn, AllocationRow, DecisionRecord
from gatecli.model.document_stamp import DocumentStamp, InvalidStamp, read_stamp
from gatecli.model.documents import QUESTION
from gatecli.sources.files import ReadError, read_text
from gatecli.sources.markdown_tables import MarkdownTable, read_tables
from gatecli.sources.markdown_text import front_matter
from gatecli.sources.yaml_text import read_yaml

_HEADS: Mapping[str, AllocationColumn] = {
    "dataset": AllocationColumn.DATASET,
    "unit": AllocationColumn.UNIT,
    "ε": AllocationColumn.EPSILON,
    "epsilon": AllocationColumn.EPSILON,
    "δ": AllocationColumn.DELTA,
    "delta": AllocationColumn.DELTA,
    "share of what is left": AllocationColumn.SHARE,
    "share": AllocationColumn.SHARE,
    "expires": AllocationColumn.EXPIRY,
    "expiry": AllocationColumn.EXPIRY,
}
_OF_EPSILON = {AllocationColumn.DATASET, AllocationColumn.EPSILON}
"""The columns that make a table one of ε."""
_MOST = 2**20
"""Bytes of a record."""


def read_decision(path: Path) -> DecisionRecord:
    """The record in a file. Raises ReadError."""
    return decision_in(path.as_posix(), read_text(path, _MOST))


def decision_in(path: str, text: str) -> DecisionRecord:
    """The record in a text; what is wrong with it is told by its fields."""
    columns: set[AllocationColumn] = set(AllocationColumn)
    rows: list[AllocationRow] = []
    lines: list[int] = []
    for table in read_tables(text):
        heads = [_HEADS.get(re.sub(r"\s+", " ", head).casefold()) for head in table.head]
        if set(heads) >= _OF_EPSILON:
            lines.append(table.line)
            columns &= {each for each in heads if each is not None and heads.count(each) == 1}
            rows.extend(_rows(table, heads))
    stamp, fault = _stamp_in(text)
    return DecisionRecord(
        path,
        _status_in(path, text),
        lines[0] if lines else None,
        tuple(rows),
        tuple(each for each in AllocationColumn if each not in columns),
        stamp,
        fault,
        text.count(QUESTION),
    )


def _rows(table: MarkdownTable, heads: list[AllocationColumn | None]) -> list[AllocationRow]:
    return [
        AllocationRow(line, {head: cell for head, cell in zip(heads, cells, strict=True) if head is not None})
        for line, cells in table.rows
    ]


def _stamp_in(text: str) -> tuple[DocumentStamp | None, str | None]:
    try:
        return read_stamp(text), None
    except InvalidStamp as error:
        return None, str(error)


def _status_in(path: str, text: str) -> str | None:
    """The status of its front matter; None where that has none, or cannot be read."""
    try:
        head = front_matter(text)
        documents = () if head is None else read_yaml(path, head)
    except ReadError:
        return None
    data = documents[0].data if len(documents) == 1 else None
    status = data.get("status") if isinstance(data, dict) else None
    return status.strip() if isinstance(status, str) else None
