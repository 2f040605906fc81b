"""Separated text: encodings, compression and delimiters, until the embedded engine can read it."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from gatecli.anonymity.tables.columns import require_header
from gatecli.anonymity.tables.compressed import COMPRESSED, blocks
from gatecli.anonymity.tables.functions import EXACT_DIGITS, rounded_as_floats
from gatecli.anonymity.tables.interface import Table, TableOptions
from gatecli.anonymity.tables.parquet_files import ALONE, escape_path
from gatecli.errors import NothingToCheckError, UncheckableError, UsageError

DELIMITERS = (",", ";", "\t", "|")
LONGEST_LINE = 32_000_000
_SAMPLE = 64 * 1024
_SAMPLED_ROWS = 50

BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)


def encoding_of(start: bytes, options: TableOptions) -> str:
    """By the option, else by the byte order mark, else UTF-8. Raises UsageError for no encoding of text."""
    if options.encoding is not None:
        try:
            io.TextIOWrapper(io.BytesIO(), options.encoding)  # refuses base64 and rot13, which are no text's
            return codecs.lookup(options.encoding).name
        except (LookupError, ValueError):
            raise UsageError(
                f"{options.encoding!r} is not an encoding",
                advice="for example utf-8, utf-16, latin-1 or gb18030",
            ) from None
    return next((name for mark, name in BOMS if start.startswith(mark)), "utf-8")


def as_utf8(path: Path, options: TableOptions, scratch: Path) -> Path:
    """`path` itself where it is plain UTF-8, else a copy in `scratch` that is."""
    encoding = encoding_of(next(filter(None, blocks(path)), b"")[:4], options)
    if encoding == "utf-8" and path.suffix.lower() not in COMPRESSED:
        return path
    copy = scratch / "data"
    with copy.open("wb") as plain:
        plain.writelines(blocks(path) if encoding == "utf-8" else _transcode_blocks(blocks(path), encoding))
    return copy


def _transcode_blocks(blocks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)()
    for block in blocks:
        yield decoder.decode(block).encode()
    yield decoder.decode(b"", final=True).encode()


def delimiter_of(sample: str) -> str:
    """The delimiter that splits the first lines into the most columns, as many in (nearly) each line."""
    widths = {delimiter: _width(sample, delimiter) for delimiter in DELIMITERS}
    best = max(DELIMITERS, key=lambda delimiter: widths[delimiter])
    return best if widths[best] > 1 else ","


def _width(sample: str, delimiter: str) -> int:
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
    found = [len(row) for row, _ in zip(_readable(reader), range(_SAMPLED_ROWS), strict=False) if row]
    alike = sum(width == found[0] for width in found) if found else 0
    return found[0] if found and alike >= 0.8 * len(found) else 0


def _readable(reader: Iterator[list[str]]) -> Iterator[list[str]]:
    """The rows of a sample up to where its cut end no longer parses."""
    while True:
        try:
            row = next(reader, None)
        except csv.Error:
            return
        if row is None:
            return
        yield row


def decode_start(data: bytes, encoding: str) -> str:
    """The first lines of a text: no line is cut, unless there is a single one."""
    text = codecs.getincrementaldecoder(encoding)().decode(data[:_SAMPLE])
    whole, newline, _ = text.rpartition("\n")
    return whole + newline if newline else text


def delimiter_for(path: Path, sample: str, options: TableOptions) -> str:
    """By the option, else by the name of the file, else by its first lines."""
    return options.delimiter or ("\t" if ".tsv" in path.suffixes else delimiter_of(sample))


def _sample(path: Path) -> str:
    with path.open("rb") as file:
        return decode_start(file.read(_SAMPLE), "utf-8")


def read_text(
    name: str, path: Path, options: TableOptions, scratch: Path, read_csv: Callable[..., Table]
) -> Table:
    """A lazy table of a text file's columns, all text but those that the options call numeric."""
    plain = as_utf8(path, options, scratch)
    sample = _sample(plain)
    if not sample.strip():
        raise NothingToCheckError(f"{name} is empty", advice="give a table with a header and rows")
    delimiter = delimiter_for(path, sample, options)
    if len(delimiter) != 1:
        raise UsageError(
            f"the delimiter {delimiter!r} is not one character", advice="for example ';' or a tab"
        )
    header = next(csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter))
    require_header(name, header)
    unknown = [column for column in options.numeric if column not in header]
    if unknown:
        raise UsageError(f"{name} has no column {unknown[0]!r} to be numeric", advice="check its spelling")
    read = partial(
        read_csv,
        escape_path(plain),
        auto_detect=False,
        header=True,
        delim=delimiter,
        quote='"',
        escape='"',
        strict_mode=True,
        nullstr=list(options.missing_values),
        max_line_size=LONGEST_LINE,
        **ALONE,
    )
    text = read(columns=dict.fromkeys(header, "varchar"))
    if not options.numeric:
        return text
    _require_floats(name, text, options.numeric)
    return read(columns={column: "double" if column in options.numeric else "varchar" for column in header})


def _require_floats(name: str, text: Table, numeric: Sequence[str]) -> None:
    rounded = rounded_as_floats(text, numeric)
    if rounded:
        raise UncheckableError(
            f"{name}: {rounded[0]!r} holds integers of more than {EXACT_DIGITS} digits, which numbers round",
            advice="leave the column out of the numeric ones: an identifier is not a quantity",
        )
