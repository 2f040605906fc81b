"""What the archives, tables and pickles of a scan hold: tables by column, with counts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache

from gatecli.anonymity.rows.interface import TableFile
from gatecli.anonymity.rows.reading import open_zstd, read_rows
from gatecli.checks.columns import ColumnTally, cells_of_rows
from gatecli.checks.personal_data import Search
from gatecli.checks.unsearched import find_incomplete, find_unsearched
from gatecli.gates.embedded_files import with_embedded_files
from gatecli.model.cells import CellBatch, UnreadTable, without_quantities
from gatecli.model.finding import Finding
from gatecli.model.text import RawText
from gatecli.model.verdict import Checked
from gatecli.pii.entities import default_entities
from gatecli.pii.redaction import redact_text
from gatecli.pii.scanning import scan
from gatecli.sources.packed.bounds import Unpacking
from gatecli.sources.packed.interface import CutOff, PackedRead, PackedTable
from gatecli.sources.packed.kinds import PackedKind
from gatecli.sources.packed.pickles import pickle_cells
from gatecli.sources.string_fields.formats import read_leaves

WHOLE = 8 * 2**20
"""Characters of compressed records that a sample holds whole; of each later piece it holds some lines."""

LINES = 64
CSV = "csv"
_QUOTED = re.compile(r'"[^"]*"')
_LINE = re.compile(r"[^\n]*\n")


@dataclass(slots=True)
class PackedScan:
    """One packed file: a tally for each table in it. `path` is the file that stands on disk."""

    path: str
    _tallies: dict[str, ColumnTally] = field(default_factory=dict)
    _texts: dict[str, None] = field(default_factory=dict)
    _unread: list[tuple[str, UnreadTable]] = field(default_factory=list)
    _cut_off: list[CutOff] = field(default_factory=list)

    def note_text(self, path: str) -> None:
        """A text in the file was read."""
        self._texts[path] = None

    def take(self, read: PackedTable | CutOff, search: Search) -> None:
        """Search a table or a pickle, a batch at a time; keep what was cut off."""
        if isinstance(read, CutOff):
            self._cut_off.append(read)
        else:
            self._take_table(read, search)

    def _take_table(self, table: PackedTable, search: Search) -> None:
        tally = self._tally(table.path)
        for read in _batches(table, search):
            if isinstance(read, UnreadTable):
                self._unread.append((table.path, read))
                if read.part:
                    tally.note_name(read.part)
            else:
                tally.add(read, with_embedded_files(search))

    def take_records(self, raw: RawText, search: Search) -> bool:
        """Search a piece of compressed CSV or JSON lines, or some lines of it; False where it is neither."""
        kept = raw if search.all_rows or raw.offset < WHOLE else replace(raw, text=_some_lines(raw))
        reading = read_leaves(kept)
        if reading.format != raw.format:
            return False
        rows, read = _count_rows(raw), _count_rows(kept)
        cells = without_quantities(tuple(cells_of_rows(reading.leaves)))
        self._tally(raw.path).add(CellBatch(cells, read, rows - read), with_embedded_files(search))
        return True

    def _tally(self, path: str) -> ColumnTally:
        return self._tallies.setdefault(path, ColumnTally(path))

    def checked_file(self, *, has_unread: bool) -> Checked | None:
        """The file, where anything in it was searched and nothing cut off; how much, in figures.

        `has_unread` says that it holds members that nothing was read of.
        """
        if self._cut_off:
            return None
        tables = [tally for tally in self._tallies.values() if tally.is_read]
        if not tables and not self._texts:
            return None
        rows = sum(tally.rows for tally in tables)
        total = rows + sum(tally.passed for tally in tables)
        is_whole = all(tally.is_whole for tally in tables) and not (self._unread or has_unread)
        measures: dict[str, object] = {"searchedWhole": is_whole}
        if tables:
            measures |= {"rows": total, "rowsSearched": rows}
        return Checked("file", self.path, self.path, measures)

    def findings(self, search: Search) -> Iterator[Finding]:
        """What every table holds, by column, and what could not be read."""
        for tally in self._tallies.values():
            yield from tally.findings(search)
        yield from (find_incomplete(each.path, each.reason) for each in self._cut_off)
        for path, unread in self._unread:
            part = self._tally(path).pointer((unread.part,)) if unread.part else None
            yield find_unsearched(path, unread.reason, part)


def with_masked_names(reads: Iterable[PackedRead], path: str, search: Search) -> Iterator[PackedRead]:
    """What the file at `path` holds; names of members are masked where a policy knows kinds of its own.

    Reports mask the kinds that everybody knows wherever they stand.
    """
    if {entity.id for entity in search.detector.entities} <= {entity.id for entity in default_entities()}:
        yield from reads
        return

    @lru_cache(maxsize=8)
    def mask_name(shown: str) -> str:
        name = shown.removeprefix(path)
        return path + redact_text(name, scan(search.detector, name).detections)

    for read in reads:
        if isinstance(read, Finding) or read.path == path:
            yield read
        else:
            yield replace(read, path=mask_name(read.path))


def unpacking_of(search: Search) -> Unpacking:
    """How the packed files of a search are read."""
    return Unpacking(open_zstd, search.all_rows)


def _batches(table: PackedTable, search: Search) -> Iterator[CellBatch | UnreadTable]:
    if table.kind is PackedKind.PICKLE:
        return pickle_cells(table.file, all_rows=search.all_rows)
    return read_rows(table.kind, TableFile(table.file, table.source, search.all_rows))


def _count_rows(raw: RawText) -> int:
    """Lines, in CSV those outside quotes and below the header."""
    is_csv = raw.format == CSV
    text = _QUOTED.sub("", raw.text) if is_csv and '"' in raw.text else raw.text
    lines = text.count("\n") + (bool(text) and not text.endswith("\n"))
    return lines - (is_csv and not raw.header)


def _some_lines(raw: RawText) -> str:
    """The first lines of a piece; in CSV they end where no quote is open."""
    text = raw.text
    for number, line in enumerate(_LINE.finditer(text), start=1):
        is_open = raw.format == CSV and text.count('"', 0, line.end()) % 2
        if number >= LINES and not is_open:
            return text[: line.end()]
    return text
