"""The gate for personal data: no text holds any in plain sight."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from gatecli.checks.personal_data import Search
from gatecli.gates import PII
from gatecli.gates.file_scan import FileScan, ScanResult, scan_file, scan_stream
from gatecli.gates.judgement import JudgementTerms, judge
from gatecli.gates.notices import Notify, NotScanned, ignore
from gatecli.model.finding import Finding
from gatecli.model.inline import AllowanceLimits, Allowances, apply_allowances
from gatecli.model.policy import PiiRules
from gatecli.model.verdict import Checked, Examined, Verdict
from gatecli.sources.files import ReadError, sha256_of
from gatecli.sources.tree import Tree, find_files, shown_path

if TYPE_CHECKING:
    from gatecli.cache.store import Shelf
    from gatecli.gates.folder import Folder


PER_WORKER = 1000
"""Files that repay the second in which a process starts; one takes about a millisecond."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which files below the named places are searched: all, or what git or patterns leave of them."""

    exclude: Sequence[str] = ()
    changed_since: str | None = None
    respect_gitignore: bool = True


@dataclass(frozen=True, slots=True)
class PiiRequest:
    """The texts to search: files, and streams that are named `-`.

    `search` is of the policy of `terms`. `tree` holds what was found on the way to the files.
    """

    terms: JudgementTerms
    search: Search
    files: Sequence[Path]
    streams: Sequence[BinaryIO] = ()
    tree: Tree = field(default_factory=Tree)
    shelf: Shelf | None = None
    notify: Notify = ignore


def request_for(
    paths: Sequence[Path],
    terms: JudgementTerms,
    search: Search,
    selection: Selection = Selection(),
    *,
    streams: Sequence[BinaryIO] = (),
    notify: Notify = ignore,
) -> PiiRequest:
    """A request for the files at and below `paths`. Raises UncheckableError where git does not answer."""
    tree = Tree()
    if paths:
        tree = find_files(
            paths,
            exclude=selection.exclude,
            respect_gitignore=selection.respect_gitignore,
            changed_since=selection.changed_since,
        )
    return PiiRequest(terms, search, tree.files, streams, tree, notify=notify)


def check_folder(folder: Folder) -> Verdict:
    """What could not be looked into is reported here, whichever file it would have been."""
    shelf = folder.cache.shelf("pii", folder.policy_digest, str(folder.search.all_rows))
    request = PiiRequest(folder.terms, folder.search, folder.changed, (), folder.tree, shelf, folder.notify)
    return check_texts(request)


def check_texts(request: PiiRequest) -> Verdict:
    """The verdict over texts that were searched for personal data. Raises UncheckableError."""
    streams = [scan_stream(stream, request.search) for stream in request.streams]
    scans = _cached_scans(request, request.shelf) if request.shelf else _fresh(request.files, request)
    seen = ScanResult(request.tree, (*streams, *scans))
    request.notify(NotScanned(seen.notes))
    rules, terms = request.terms.policy.spec, request.terms
    allowances, additions = _allowances(request, seen)
    limits = AllowanceLimits(rules.release.max_waiver_days, rules.pii.require_allowance_owner)
    findings = apply_allowances(seen.findings, allowances, terms.today, limits)
    return judge(PII, Examined(seen.checked, (*findings, *additions)), terms)


def _allowances(request: PiiRequest, seen: ScanResult) -> tuple[tuple[Allowances, ...], tuple[Finding, ...]]:
    """The inline allowances that hold, and a finding for each that a change adds."""
    target = request.terms.target
    if target is None:
        return tuple(seen.allowances), ()
    from gatecli.gates.allowances import grant_allowances  # noqa: PLC0415 - few runs name a revision

    files = (*(None for _ in request.streams), *request.files)
    return grant_allowances(files, seen.files, request.search, target.revision)


@dataclass(frozen=True, slots=True)
class _Input:
    """A file by its name and the bytes that stand there now; "" where they cannot be read."""

    path: Path
    digest: str
    key: str

    @property
    def clean(self) -> FileScan:
        """What most files give, of which a word is kept."""
        name = shown_path(self.path)
        return FileScan(Checked("file", name, name, inputs={"sha256": self.digest}))


def _cached_scans(request: PiiRequest, shelf: Shelf) -> Iterator[FileScan]:
    """Each file, from the shelf where the same bytes were scanned to their end under the same name."""
    inputs = [_input(file, shelf) for file in request.files]
    known = [shelf.get(each.key) if each.digest else None for each in inputs]
    missing = [each.path for each, kept in zip(inputs, known, strict=True) if kept is None]
    fresh = iter(_fresh(missing, request))
    for each, kept in zip(inputs, known, strict=True):
        if kept is None:
            scan = next(fresh)
            _keep(scan, each, shelf)
            yield scan
        else:
            yield each.clean if kept is True else kept


def _input(file: Path, shelf: Shelf) -> _Input:
    digest = _digest(file)
    return _Input(file, digest, shelf.key_of(shown_path(file), digest))


def _fresh(files: Sequence[Path], request: PiiRequest) -> Iterator[FileScan]:
    return scan_files(files, request.search, request.terms.policy.spec.pii)


def scan_files(files: Sequence[Path], search: Search, rules: PiiRules) -> Iterator[FileScan]:
    """What each file holds, in their order; many files are shared out to processes.

    `rules` are those that `search` is of. Raises UncheckableError where a process dies.
    """
    workers = min(os.cpu_count() or 1, len(files) // PER_WORKER)
    if workers < 2 or search.names is not None:
        return (scan_file(file, search) for file in files)
    from gatecli.gates.scan_processes import scan_in_processes  # noqa: PLC0415 - few scans need several processes

    return scan_in_processes(files, search, rules, workers)


def _keep(scan: FileScan, each: _Input, shelf: Shelf) -> None:
    """Keep what is of these bytes, and of all of them."""
    stated = scan.checked.inputs.get("sha256") if scan.checked else None
    if each.digest and scan.is_complete and (stated or _digest(each.path)) == each.digest:
        shelf.put(each.key, scan == each.clean or scan)


def _digest(path: Path) -> str:
    try:
        return sha256_of(path)
    except ReadError:
        return ""  # the scan says why
