"""What the files of a scan give, each a function of its name, its bytes and what is searched for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gatecli.cache.store import Shelf, digest_of
from gatecli.checks.personal_data import Search, find_personal_data, is_clean
from gatecli.cli.catalogue import RULE_IDS
from gatecli.cli.console import err
from gatecli.model.finding import Finding
from gatecli.model.inline import Allowances, inline_allowances
from gatecli.model.text import RawText, Skipped
from gatecli.model.verdict import Checked
from gatecli.sources.files import ReadError, sha256_of
from gatecli.sources.leaves.formats import read_leaves, views
from gatecli.sources.scan import Read, read_texts
from gatecli.sources.tree import Tree, shown_path


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
class Scanned:
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


def recalled(path: Path, search: Search, shelf: Shelf) -> FileScan:
    """The same, from a shelf where the same bytes were scanned to their end under the same name."""
    digest = _digest(path) if shelf else ""
    if not digest:
        return scan_file(path, search)
    name = shown_path(path)
    key = digest_of(name, digest)
    clean = FileScan(Checked("file", name, name, inputs={"sha256": digest}))
    known = shelf.get(key)
    if known is None:
        scan = scan_file(path, search)
        if scan.is_complete and _is_of(scan, digest, path):
            shelf.put(key, scan == clean or scan)
        return scan
    return clean if known is True else known


def _digest(path: Path) -> str:
    """The digest of the bytes that stand there now; "" where they cannot be read, which the scan says."""
    try:
        return sha256_of(path)
    except ReadError:
        return ""


def _is_of(scan: FileScan, digest: str, path: Path) -> bool:
    """Whether it was these bytes that were scanned."""
    stated = scan.checked.inputs.get("sha256") if scan.checked else None
    return (stated or _digest(path)) == digest


def scan_reads(reads: Iterable[Read], search: Search) -> FileScan:
    """The same of the parts of one text, as they were read."""
    checked, skipped, unread = None, None, False
    findings: list[Finding] = []
    allowances: list[Allowances] = []
    notes: dict[str, None] = {}
    for read in reads:
        match read:
            case Finding():
                findings.append(read)
                unread = True
            case Skipped():
                skipped = read
            case RawText():
                checked = checked or _checked(read)
                allowed = inline_allowances(read, RULE_IDS)
                allowances += [allowed] if allowed.valid or allowed.faults else []
                notes.update(dict.fromkeys(f"{read.path}: {note}" for note in read.notes))
                findings += _found(read, search, notes)
    whole = None if unread else checked
    return FileScan(whole, tuple(findings), tuple(allowances), skipped, tuple(notes))


def _checked(raw: RawText) -> Checked:
    return Checked("file", raw.path, raw.path, inputs={"sha256": raw.sha256} if raw.sha256 else {})


def _found(raw: RawText, search: Search, notes: dict[str, None]) -> Iterator[Finding]:
    plain = views(raw)
    if plain is not None and is_clean(search, plain, raw.format):
        return
    reading = read_leaves(raw)
    if reading.note:
        notes[f"{raw.path}: {reading.note}"] = None
    yield from find_personal_data(raw, reading.leaves, search)


def say_what_was_not_scanned(seen: Scanned, verbose: int) -> None:
    """On stderr: how many files hold no text; which, and what narrowed the search, where it is asked."""
    skipped = seen.skipped
    if skipped and not verbose:
        count = len(skipped)
        err(f"{count} file{'s' * (count != 1)} skipped (no text); -v names them\n")
    if verbose:
        err("".join(f"skipped {item.path}: {item.reason}\n" for item in skipped))
        err("".join(f"note: {note}\n" for note in seen.notes))
