"""What the files of a scan give, each a function of its name, its bytes and what is searched for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gatecli.checks.personal_data import Search, find_personal_data, is_clean
from gatecli.gates.catalogue import RuleIds
from gatecli.gates.embedded_files import BINARY, with_embedded_files
from gatecli.model.finding import Finding
from gatecli.model.inline import Allowances, inline_allowances
from gatecli.model.text import RawText, Skipped
from gatecli.model.verdict import Checked
from gatecli.sources.scan import Read, read_texts
from gatecli.sources.string_fields.formats import TEXT, read_leaves, views
from gatecli.sources.tree import Tree


@dataclass(frozen=True, slots=True)
class FileScan:
    """One file: its findings before allowances, policies and waivers; `checked` where it was read whole."""

    checked: Checked | None = None
    findings: tuple[Finding, ...] = ()
    allowances: tuple[Allowances, ...] = ()
    skipped: Skipped | None = None
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
        for file in self.files:
            yield from file.findings

    @property
    def allowances(self) -> Iterator[Allowances]:
        return (each for file in self.files for each in file.allowances)

    @property
    def checked(self) -> tuple[Checked, ...]:
        return tuple(file.checked for file in self.files if file.checked is not None)

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        own = (file.skipped for file in self.files if file.skipped is not None)
        return (*self.tree.skipped, *own)

    @property
    def notes(self) -> tuple[str, ...]:
        own = (note for file in self.files for note in file.notes)
        return tuple(dict.fromkeys((*self.tree.notes, *own)))


def scan_file(path: Path, search: Search) -> FileScan:
    """What a file holds, or why it cannot be judged."""
    return scan_reads(read_texts(path), search)


def scan_reads(reads: Iterable[Read], search: Search) -> FileScan:
    """The same of the parts of one text, as they were read."""
    checked, skipped, unread = None, None, False
    findings: list[Finding] = []
    allowances: list[Allowances] = []
    notes: dict[str, None] = {}
    known = RuleIds(frozenset(entity.rule for entity in search.detector.entities))  # the policy has its own
    for read in reads:
        match read:
            case Finding():
                findings.append(read)
                unread = True
            case Skipped():
                skipped = read
            case RawText():
                checked = checked or _checked_text(read)
                allowed = inline_allowances(read, known)
                allowances += [allowed] if allowed.valid or allowed.faults else []
                notes.update(dict.fromkeys(f"{read.path}: {note}" for note in read.notes))
                findings += _find(read, search, notes)
    whole = None if unread else checked
    return FileScan(whole, tuple(findings), tuple(allowances), skipped, tuple(notes))


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
