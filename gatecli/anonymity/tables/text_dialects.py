"""How a text file is written: its delimiter, quotes, line ends, encoding and missing values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any

from gatecli.anonymity.tables.compressed import blocks, compressed_file
from gatecli.anonymity.tables.interface import TableOptions
from gatecli.anonymity.tables.text_files import BOMS, decode_start, delimiter_for, encoding_of
from gatecli.errors import UncheckableError

SAMPLED_ROWS = 1_000

_NUMBER = re.compile(r"[-+]?[\d.,]*\d[\d.,]*([eE][-+]?\d+)?", re.ASCII)
_ENDS = "\r\n", "\n", "\r"


class Quoting(StrEnum):
    """Which cells are in quotes."""

    NEEDED = "needed"
    TEXT = "text"
    """All but the numbers in columns of numbers, as R and pandas write."""
    ALL = "all"


@dataclass(frozen=True, slots=True)
class TextDialect:
    """How a file of text is written. `mark` is its byte order mark, `missing` a missing cell with its quotes;
    `numbers` are the columns whose numbers have no quotes where other cells have them.
    """

    delimiter: str = ","
    quoting: Quoting = Quoting.NEEDED
    numbers: frozenset[str] = frozenset()
    newline: str = "\n"
    encoding: str = "utf-8"
    mark: bytes = b""
    missing: str = ""


PLAIN = TextDialect()


def text_dialect_of(path: Path, options: TableOptions) -> TextDialect:
    """The dialect of a text file, by its first rows. Raises what reading it raises."""
    start = next(filter(None, blocks(path)), b"")
    mark = next((mark for mark, _ in BOMS if start.startswith(mark)), b"")
    encoding = encoding_of(start, options)
    text = decode_start(start, encoding)
    delimiter = delimiter_for(path, text, options)
    header, *rows = list(islice(_rows(text, delimiter), SAMPLED_ROWS)) or [[]]
    missing = options.missing_values[0] if options.missing_values else ""
    is_quoted = not missing and any('""' in row for row in rows)
    quoting, numbers = _quoting(header, rows, delimiter, {*options.missing_values, '""', ""})
    return TextDialect(
        delimiter,
        quoting,
        numbers,
        _newline(text),
        _codec(encoding, mark),
        mark,
        '""' if is_quoted else missing,
    )


def _codec(encoding: str, mark: bytes) -> str:
    """The codec of what follows the mark: Python's of the same name would write one again."""
    if encoding in ("utf-16", "utf-32") and mark:
        return encoding + ("-le" if mark.startswith(b"\xff\xfe") else "-be")
    return encoding.removesuffix("-sig")


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    """The cells of the first rows as they are written, with their quotes."""
    split = re.escape(delimiter)
    cells = re.compile(rf'("(?:[^"]|"")*"|[^{split}\r\n]*)({split}|\r\n|\r|\n)')
    row: list[str] = []
    for match in cells.finditer(text):
        row.append(match[1])
        if match[2] in _ENDS:
            yield row
            row = []


def _quoting(
    header: list[str], rows: list[list[str]], delimiter: str, missing: set[str]
) -> tuple[Quoting, frozenset[str]]:
    """Which cells are quoted, and the columns whose numbers are not."""
    columns = [[cell for cell in column if cell not in missing] for column in zip(*rows, strict=False)]
    bare = [[cell for cell in column if not _is_quoted(cell)] for column in columns]
    needless = any(
        _is_quoted(cell) and not _needs_quotes(cell[1:-1], delimiter)
        for column in (header, *columns)
        for cell in column
    )
    if not needless:
        return Quoting.NEEDED, frozenset()
    if not any(bare):
        return Quoting.ALL, frozenset()
    if not all(_NUMBER.fullmatch(cell) for column in bare for cell in column):
        return Quoting.NEEDED, frozenset()
    pairs = zip(header, bare, strict=False)
    return Quoting.TEXT, frozenset(_cell_text(name) for name, cells in pairs if cells)


def _is_quoted(cell: str) -> bool:
    return len(cell) > 1 and cell.startswith('"')


def _cell_text(cell: str) -> str:
    return cell[1:-1].replace('""', '"') if _is_quoted(cell) else cell


def _needs_quotes(cell: str, delimiter: str) -> bool:
    return any(sign in cell for sign in (delimiter, '"', "\r", "\n"))


def _newline(text: str) -> str:
    found = re.search(r"\r\n|\n|\r", re.sub(r'"[^"]*"', "", text))
    return found[0] if found else "\n"


def write_text(path: Path, names: Sequence[str], batches: Iterable[Any], dialect: TextDialect) -> None:
    """Write batches of columns of text. Raises UncheckableError for what the encoding has no letter for."""
    with compressed_file(path) as file:
        file.write(dialect.mark)
        for text in _lines(names, batches, dialect):
            try:
                file.write(text.encode(dialect.encoding))
            except UnicodeEncodeError:
                raise UncheckableError(
                    f"{path.name} would hold a character that {dialect.encoding} has no letter for",
                    advice="write Parquet, or a hierarchy in the letters of the file's encoding",
                ) from None


def _lines(names: Sequence[str], batches: Iterable[Any], dialect: TextDialect) -> Iterator[str]:
    head = _quoter(dialect, is_number=False)
    yield dialect.delimiter.join(map(head, names)) + dialect.newline
    missing = dialect.missing or ('""' if len(names) == 1 else "")  # an empty line is not a row
    quoters = [_quoter(dialect, is_number=name in dialect.numbers) for name in names]
    for batch in batches:
        columns = [
            map_values(column, quote).fill_null(missing).to_pylist()
            for column, quote in zip(batch.columns, quoters, strict=True)
        ]
        rows = map(dialect.delimiter.join, zip(*columns, strict=True))
        yield "".join(f"{row}{dialect.newline}" for row in rows)


def _quoter(dialect: TextDialect, *, is_number: bool) -> Callable[[str], str]:
    def quote(cell: str) -> str:
        is_bare = dialect.quoting is Quoting.NEEDED or (is_number and _NUMBER.fullmatch(cell))
        if is_bare and cell and not _needs_quotes(cell, dialect.delimiter):
            return cell
        return '"' + cell.replace('"', '""') + '"'

    return quote


def map_values(column: Any, change: Callable[[str], str]) -> Any:
    """A pyarrow column of text with each value changed; a missing one stays missing."""
    import pyarrow as pa  # noqa: PLC0415 - heavy; only what is written needs it

    encoded = column.dictionary_encode()
    changed = [None if value is None else change(value) for value in encoded.dictionary.to_pylist()]
    return pa.array(changed, pa.string()).take(encoded.indices)
