"""The gate for personal data of a run: every text, or those that changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gatecli.cache.store import Shelf, digest_of
from gatecli.cli.checking.run import Run
from gatecli.cli.scanning import FileScan, Scanned, say_what_was_not_scanned, scan_files
from gatecli.gate import judge_personal_data
from gatecli.model.inline import apply_allowances
from gatecli.model.verdict import Checked, Verdict
from gatecli.sources.files import ReadError, sha256_of
from gatecli.sources.tree import shown_path


def pii(run: Run) -> Verdict:
    """What could not be looked into is said here, whichever file it would have been."""
    shelf = run.cache.shelf("pii", run.policy_digest)
    scans = _scans(run.changed, run, shelf) if shelf else _fresh(run.changed, run)
    seen = Scanned(run.tree, tuple(scans))
    findings = apply_allowances(seen.findings, seen.allowances, run.session.terms["today"])
    given = run.session.options
    if not given.quiet:
        say_what_was_not_scanned(seen, given.verbose)
    return judge_personal_data(
        findings, seen.checked, run.policy, run.session.bundle.waivers, **run.session.terms
    )


@dataclass(frozen=True, slots=True)
class _Input:
    """A file by its name and the bytes that stand there now; "" where they cannot be read."""

    path: Path
    digest: str

    @property
    def key(self) -> str:
        return digest_of(shown_path(self.path), self.digest)

    @property
    def clean(self) -> FileScan:
        """What most files give, of which a word is kept."""
        name = shown_path(self.path)
        return FileScan(Checked("file", name, name, inputs={"sha256": self.digest}))


def _scans(files: Sequence[Path], run: Run, shelf: Shelf) -> Iterator[FileScan]:
    """Each file, from the shelf where the same bytes were scanned to their end under the same name."""
    inputs = [_Input(file, _digest(file)) for file in files]
    known = [shelf.get(each.key) if each.digest else None for each in inputs]
    missing = [each.path for each, kept in zip(inputs, known, strict=True) if kept is None]
    fresh = iter(_fresh(missing, run))
    for each, kept in zip(inputs, known, strict=True):
        if kept is None:
            scan = next(fresh)
            _keep(scan, each, shelf)
            yield scan
        else:
            yield each.clean if kept is True else kept


def _fresh(files: Sequence[Path], run: Run) -> Iterator[FileScan]:
    return scan_files(files, run.search, run.policy.spec.pii)


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
