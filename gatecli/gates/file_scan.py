"""What the files of a scan give, each a function of its name, its bytes and what is searched for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from gatecli.checks.personal_data import Search, find_personal_data, is_clean
from gatecli.gates.catalogue import RuleIds
from gatecli.gates.embedded_files import BINARY, with_embedded_files
from gatecli.model.finding import Finding
from gatecli.model.inline import Allowances, inline_allowances
from gatecli.model.text import RawText, Skipped
from gatecli.model.verdict import Checked
from gatecli.sources.scan import Read, read_plain, read_stream, read_texts
from gatecli.sources.string_fields.formats import TEXT, read_leaves, views
from gatecli.sources.tree import Tree, shown_path

if TYPE_CHECKING:
    from typing import BinaryIO

    from gatecli.gates.packed_scan import PackedScan
    from gatecli.sources.packed.interface import PackedRead, Unpack


RECORDS = frozenset({"csv", "json-lines"})
"""Formats that are tables; uncompressed they are searched as the texts that they are too."""


@dataclass(frozen=True, slots=True)
class FileScan:
    """One file: its findings before allowances, policies and waivers; `checked` where it was read whole."""

    checked: Checked | None = None
    findings: tuple[Finding, ...] = ()
    allowances: tuple[Allowances, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether scanning the same bytes again would give the same."""
        return not any(finding.rule.uncheckable for finding in self.findings)


@dataclass(frozen=True, slots=True)
class ScanResult:
    """Everything that was seen, in the order of the files."""

    tree: Tree
    files: tuple[FileScan, ...]

    @property
    def findings(self) -> Iterator[Finding]:
        yield from self.tree.findings
        if self.tree.skipped:
            from gatecli.checks.unsearched import find_unsearched  # noqa: PLC0415 - most folders hold nothing of it

            yield from (find_unsearched(each.path, each.reason) for each in self.tree.skipped)
        for file in self.files:
            yield from file.findings

    @property
    def allowances(self) -> Iterator[Allowances]:
        return (each for file in self.files for each in file.allowances)

    @property
    def checked(self) -> tuple[Checked, ...]:
        return tuple(file.checked for file in self.files if file.checked is not None)

    @property
    def notes(self) -> tuple[str, ...]:
        own = (note for file in self.files for note in file.notes)
        return tuple(dict.fromkeys((*self.tree.notes, *own)))


def scan_file(path: Path, search: Search) -> FileScan:
    """What a file holds, or why it cannot be judged."""
    return scan_reads(read_texts(path, _unpack(search)), search, shown_path(path))


def scan_stream(stream: BinaryIO, search: Search) -> FileScan:
    """The same of a stream, which is named `-`."""
    return scan_reads(read_stream(stream, unpack=_unpack(search)), search, "-")


def _unpack(search: Search) -> Unpack:
    def unpack(path: str, head: bytes, file: BinaryIO, source: Path | None) -> Iterator[PackedRead]:
        from gatecli.gates.packed_scan import unpacking_of, with_masked_names  # noqa: PLC0415 - few files are packed
        from gatecli.sources.packed.reading import read_packed  # noqa: PLC0415 - the same

        reads = read_packed(path, head, file, source, unpacking_of(search), read_plain)
        return with_masked_names(reads, path, search)

    return unpack


@dataclass(slots=True)
class _Collected:
    """What was gathered of one file so far."""

    path: str
    search: Search
    checked: Checked | None = None
    findings: list[Finding] = field(default_factory=list)
    allowances: list[Allowances] = field(default_factory=list)
    notes: dict[str, None] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)
    is_unread: bool = False
    packed: PackedScan | None = None

    def take(self, read: Read, known: RuleIds) -> None:
        match read:
            case RawText():
                self._take_text(read, known)
            case Skipped():
                self.skipped.append(read)
            case Finding():
                self.findings.append(read)
                self.is_unread = True
            case _:
                self._packed_scan().take(read, self.search)

    def _take_text(self, raw: RawText, known: RuleIds) -> None:
        self.notes.update(dict.fromkeys(f"{raw.path}: {note}" for note in raw.notes))
        if raw.packed:
            packed = self._packed_scan()
            packed.note_text(raw.path)
            if raw.format in RECORDS and packed.take_records(raw, self.search):
                return
        else:
            self.checked = self.checked or _checked_text(raw)
        allowed = inline_allowances(raw, known)
        self.allowances += [allowed] if allowed.valid or allowed.faults else []
        self.findings += _find(raw, self.search, self.notes)

    def _packed_scan(self) -> PackedScan:
        if self.packed is None:
            from gatecli.gates.packed_scan import PackedScan  # noqa: PLC0415 - few files are packed

            self.packed = PackedScan(self.path)
        return self.packed

    def result(self) -> FileScan:
        """All of it; what was not read to its end was not checked."""
        if self.packed is not None:
            self.checked = self.packed.checked_file(has_unread=bool(self.skipped))
            self.findings += self.packed.findings(self.search)
        if self.skipped:
            from gatecli.checks.unsearched import find_unsearched_files  # noqa: PLC0415 - most files are read

            self.findings += find_unsearched_files(self.path, self.skipped)
        is_missing = any(each.path == self.path for each in self.skipped)
        whole = not (self.is_unread or is_missing)
        return FileScan(
            self.checked if whole else None,
            tuple(self.findings),
            tuple(self.allowances),
            tuple(self.notes),
        )


def scan_reads(reads: Iterable[Read], search: Search, path: str) -> FileScan:
    """What the parts of one file hold, as they were read."""
    known = RuleIds(frozenset(entity.rule for entity in search.detector.entities))  # the policy has its own
    collected = _Collected(path, search)
    for read in reads:
        collected.take(read, known)
    return collected.result()


def _checked_text(raw: RawText) -> Checked:
    return Checked("file", raw.path, raw.path, inputs={"sha256": raw.sha256} if raw.sha256 else {})


def _find(raw: RawText, search: Search, notes: dict[str, None]) -> Iterator[Finding]:
    # A text without a form is searched as it stands: what shows it to be clean is how its search begins.
    plain = None if raw.format == TEXT or BINARY in raw.text else views(raw)
    if plain is not None and is_clean(search, plain, raw.format):
        return
    reading = read_leaves(raw)
    if reading.note:
        notes[f"{raw.path}: {reading.note}"] = None
    yield from find_personal_data(raw, reading.leaves, with_embedded_files(search))
