"""Personal data in tables: a finding a column and a kind, with how many values hold it; never a value."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from gatecli.checks.personal_data import (
    UNKNOWN,
    Hidden,
    Search,
    Unopened,
    Unread,
    entity_phrase,
    find_personal_data,
    masked_names,
    rule_of,
    search_leaves,
)
from gatecli.checks.published_values import severity_as_meant
from gatecli.checks.unsearched import find_incomplete, find_unsearched
from gatecli.model.cells import Cell, CellBatch
from gatecli.model.divided import divided_lists
from gatecli.model.document import Place, pointer_of
from gatecli.model.finding import Finding, Rule, Severity, make_finding
from gatecli.model.text import Leaf, LeafKind, RawText
from gatecli.pii.interface import Entity

PII_TABLE_SAMPLED = Rule(
    "pii-table-sampled", Severity.NOTE, "Only a sample of a table's rows was searched", coverage=True
)

Column = tuple[str, ...]


@dataclass(slots=True)
class _Hits:
    """Values of a column that hold one kind of personal data."""

    count: int = 0
    first: int = 0
    validity: str = ""


@dataclass(slots=True)
class _Unknowns:
    """Values of a column of which a search cannot know what they hold."""

    reason: str
    count: int = 0
    digest: int = 0
    """The sum of theirs: a waiver holds for these values alone, in whatever order."""


@dataclass(slots=True)
class ColumnTally:
    """What the columns of one table hold, counted as its rows come in. `path` is where the table stands."""

    path: str
    rows: int = 0
    passed: int = 0
    has_more: bool = False
    is_read: bool = False
    """Whether any of it was read; a table may have no rows."""
    columns: dict[Column, None] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    """Names of columns, sheets and tables that hold personal data themselves, and how they may be shown."""
    _seen: Counter[Column] = field(default_factory=Counter)
    _hits: dict[tuple[Column, Entity, bool], _Hits] = field(default_factory=dict)
    _unread: Counter[Column] = field(default_factory=Counter)
    _unknown: dict[tuple[Column, type[Unopened | Unread]], _Unknowns] = field(default_factory=dict)
    _heads: dict[Leaf, None] = field(default_factory=dict)
    _incomplete: str = ""

    @property
    def is_sample(self) -> bool:
        """Whether some rows were passed over."""
        return bool(self.passed or self.has_more)

    @property
    def is_whole(self) -> bool:
        """Whether every value of every row was searched."""
        return not (self.is_sample or self._unread or self._unknown or self._incomplete)

    def add(self, batch: CellBatch, search: Search) -> None:
        """Count what some rows hold. Equal values of a column are searched once."""
        self.is_read = True
        self.rows += batch.rows
        self.passed += batch.passed
        self.has_more |= batch.more
        self._unread.update(batch.unread or {})
        for column in batch.columns:
            self._note_column(column)
        values: dict[Leaf, list[int]] = {}
        for leaf, row in batch.cells:
            if leaf.kind is LeafKind.KEY:
                self._heads[leaf] = None
            else:
                counted = values.setdefault(leaf, [0, row])
                counted[0] += 1
        self._search(values, search)

    def note_name(self, name: str) -> None:
        """The name of a table or a sheet that was not read, which is read itself."""
        self._heads[Leaf(name, (name,), LeafKind.KEY)] = None

    def _note_column(self, column: Column) -> None:
        if column not in self.columns:
            self.columns[column] = None
            for at, name in enumerate(column):
                self._heads[Leaf(name, column[: at + 1], LeafKind.KEY)] = None

    def _search(self, values: dict[Leaf, list[int]], search: Search) -> None:
        for leaf, (count, _) in values.items():
            self._seen[_column(leaf)] += count
        known: set[tuple[Leaf, Entity, bool]] = set()
        for seen in search_leaves(list(values), search):
            match seen:
                case Hidden(leaf, detection):
                    what = (leaf, detection.entity, detection.well_known)
                    if what not in known:
                        known.add(what)
                        self._count(leaf, values[leaf], what, detection.validity)
                case Unopened() | Unread():
                    self._note_unknown(seen, values[seen.leaf][0])
                case str():
                    self._incomplete = self._incomplete or seen

    def _note_unknown(self, seen: Unopened | Unread, count: int) -> None:
        unknown = self._unknown.setdefault((_column(seen.leaf), type(seen)), _Unknowns(seen.reason))
        digest = hashlib.sha256(seen.leaf.text.encode("utf-8", "surrogatepass")).digest()
        unknown.count += count
        unknown.digest = (unknown.digest + count * int.from_bytes(digest)) % 2**256

    def _count(self, leaf: Leaf, counted: list[int], what: tuple[Leaf, Entity, bool], validity: str) -> None:
        hits = self._hits.setdefault((_column(leaf), *what[1:]), _Hits(0, counted[1], validity))
        hits.count += counted[0]
        hits.first = min(hits.first, counted[1])

    def findings(self, search: Search) -> Iterator[Finding]:
        """A finding for each column and kind; what was not searched; and that it was a sample."""
        heads = list(self._heads)
        self.names |= masked_names(each for each in search_leaves(heads, search) if isinstance(each, Hidden))
        yield from find_personal_data(RawText(self.path, "", "table"), tuple(heads), search)
        for (column, entity, well_known), hits in self._hits.items():
            yield self._finding(column, entity, hits, search, well_known=well_known)
        for (column, kind), unknown in self._unknown.items():
            yield self._unknown_finding(column, kind, unknown)
        for column, count in self._unread.items():
            reason = f"{count:,} values are bytes that are no text"
            yield find_unsearched(self.path, reason, self.pointer(column))
        if self._incomplete:
            yield find_incomplete(self.path, self._incomplete)
        if self.is_sample:
            yield self._sample_note()

    def pointer(self, column: Column) -> str:
        """Where a column stands, as it may be shown once the findings were asked for."""
        return pointer_of([self.names.get(key, key) for key in column])

    def _finding(
        self, column: Column, entity: Entity, hits: _Hits, search: Search, *, well_known: bool
    ) -> Finding:
        pointer = self.pointer(column)
        sure = f" ({hits.validity})" if hits.validity else ""
        known = ", published test values," if well_known else ""
        seen = self._seen[column]
        row = f", first in row {hits.first:,}" if hits.first else ""
        share = f"in {hits.count:,} of {seen:,} values{row}"
        finding = make_finding(
            rule_of(entity),
            f"{pointer or self.path}  holds {entity_phrase(entity)}{sure}{known} {share}",
            subject=self.path,
            place=Place(self.path, pointer=pointer),
            mend="nothing, if it is meant as test data"
            if well_known and search.test_values != "as-entity"
            else "drop the column, or pseudonymise it",
            identity=f"{self.path}\0{pointer}\0{'test' if well_known else ''}",
        )
        own = search.severities[entity.id]
        severity = severity_as_meant(own, search.test_values, well_known=well_known)
        return replace(finding, severity=severity)

    def _unknown_finding(self, column: Column, kind: type[Unopened | Unread], unknown: _Unknowns) -> Finding:
        rule, mend = UNKNOWN[kind]
        share = f"in {unknown.count:,} of {self._seen[column]:,} values"
        pointer = self.pointer(column)
        return make_finding(
            rule,
            f"{pointer or self.path}  {unknown.reason} {share}",
            subject=self.path,
            place=Place(self.path, pointer=pointer),
            mend=mend,
            identity=f"{self.path}\0{pointer}\0{unknown.digest:x}",
        )

    def _sample_note(self) -> Finding:
        more = "more than " if self.has_more else ""
        total = self.rows + self.passed
        return make_finding(
            PII_TABLE_SAMPLED,
            f"{self.path}: {self.rows:,} of {more}{total:,} rows were searched, a sample",
            subject=self.path,
            place=Place(self.path),
            mend="--all-rows searches all of them",
        )


def _column(leaf: Leaf) -> Column:
    return tuple(str(key) for key in leaf.keys)


def cells_of_rows(leaves: Iterable[Leaf]) -> Iterator[Cell]:
    """The leaves of a text of records as cells: their first key is the row, from 0."""
    known = tuple(leaves)
    for leaf in (*known, *divided_lists(known)):
        row, *column = leaf.keys or (0,)
        if not isinstance(row, int):
            row, column = 0, list(leaf.keys)
        keys = tuple("*" if isinstance(key, int) else key for key in column)
        yield Cell(Leaf(leaf.text, keys, leaf.kind, hint=leaf.hint), row + 1)
