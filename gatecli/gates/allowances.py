"""Which inline allowances of a scan stand in a revision: at the same value, in the file or its older name.

An allowance is known again by what it says, by the text of the line that it speaks of, and by the values that
it forgives there. Where it stands does not count, so that other edits do not take it away.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from io import BytesIO
from pathlib import Path

from gatecli.checks.law import find_added_allowance
from gatecli.checks.personal_data import Search, find_hidden
from gatecli.gates.catalogue import RuleIds
from gatecli.gates.embedded_files import with_embedded_files
from gatecli.gates.file_scan import FileScan
from gatecli.model.finding import Finding
from gatecli.model.inline import Allowances, InlineAllowance, inline_allowances
from gatecli.model.text import RawText
from gatecli.sources.files import ReadError, read_bytes
from gatecli.sources.revision import Revision
from gatecli.sources.scan import WHOLE, read_plain
from gatecli.sources.string_fields.formats import read_leaves
from gatecli.sources.tree import shown_path

MOST = 256 * 2**20
"""Bytes of a file that is compared; no allowance in a larger one is known again."""

_Key = tuple[str, str, str, str, str, frozenset[str]]
"""Rule, reason, date and owner; the line; the values."""

_Placed = tuple[str, InlineAllowance]
"""An allowance, and the name of the text that it stands in: a file, or a member of an archive."""


def grant_allowances(
    files: Sequence[Path | None], scans: Sequence[FileScan], search: Search, revision: Revision
) -> tuple[tuple[Allowances, ...], tuple[Finding, ...]]:
    """The allowances that stood in a revision, and a finding for each of the others.

    Each scan is of a file, or of a stream (None), which is in no revision.
    """
    allowing = {file: scan for file, scan in zip(files, scans, strict=True) if file and _has_allowances(scan)}
    held = {
        file: _held_before(file, allowing[file], content, search)
        for file, content in _contents_before(list(allowing), revision)
    }
    granted: list[Allowances] = []
    additions: list[Finding] = []
    for file, scan in zip(files, scans, strict=True):
        known = held.get(file, frozenset()) if file else frozenset()
        for texts in scan.allowances:
            granted.append(
                replace(texts, valid=tuple(each for each in texts.valid if (texts.path, each) in known))
            )
            added = (each for each in texts.valid if (texts.path, each) not in known)
            additions += [find_added_allowance(texts.path, each, revision.shown) for each in added]
    return tuple(granted), tuple(additions)


def _has_allowances(scan: FileScan) -> bool:
    return any(texts.valid for texts in scan.allowances)


def _contents_before(files: Sequence[Path], revision: Revision) -> Iterator[tuple[Path, bytes]]:
    """What stood in each file, under its own name or the one that it had."""
    missing = dict.fromkeys(files)
    for file, content in revision.read_present(files, MOST):
        del missing[file]
        yield file, content
    if not missing:
        return
    names = revision.former_names()
    former = {names[at]: file for file in missing if (at := _absolute(file)) in names}
    for old, content in revision.read_present(former, MOST):
        yield former[old], content


def _absolute(file: Path) -> Path:
    return Path(os.path.abspath(file))  # noqa: PTH100 - lexical: links are not followed


def _held_before(file: Path, scan: FileScan, before: bytes, search: Search) -> AbstractSet[_Placed]:
    """The allowances in a file that stood in it before, each with the name of its text."""
    try:
        now = read_bytes(file, MOST)
    except ReadError:
        return frozenset()
    if now == before:
        return {(texts.path, item) for texts in scan.allowances for item in texts.valid}
    name = shown_path(file)
    is_plain = any(texts.path == name for texts in scan.allowances)
    if not is_plain or max(len(now), len(before)) > WHOLE:
        # Of an archive, or of a large file that is read in pieces, the whole must be the same.
        return frozenset()
    left = Counter(key for _, key in _keys(name, before, search))
    known = set()
    for item, key in _keys(name, now, search):
        if left[key] > 0:
            left[key] -= 1
            known.add((name, item))
    return known


def _keys(name: str, content: bytes, search: Search) -> Iterator[tuple[InlineAllowance, _Key]]:
    """Each allowance of a text, and what it is known by."""
    known = RuleIds(frozenset(entity.rule for entity in search.detector.entities))
    for raw in read_plain(name, name, content, BytesIO()):
        if not isinstance(raw, RawText):
            continue
        values: dict[tuple[str, int | None], set[str]] = {}
        for finding, hidden in find_hidden(raw, read_leaves(raw).leaves, with_embedded_files(search)):
            spot = values.setdefault((finding.rule.id, finding.place.line), set())
            spot.add(finding.fingerprint if hidden is None else hidden.detection.normalised)
        for item in inline_allowances(raw, known).valid:
            line = raw.line_at(item.covers).strip()
            forgiven = frozenset(values.get((item.rule, item.covers), ()))
            said = (item.rule, item.reason, item.until.isoformat(), item.owner)
            yield item, (*said, line, forgiven)
