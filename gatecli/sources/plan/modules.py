"""Which folders of Terraform's files are modules that another folder's files call by a local path."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from gatecli.sources.files import ReadError, read_text
from gatecli.sources.plan import module_files
from gatecli.sources.plan.blocks import blocks_of

STACKS = (".tfstack.hcl", ".tfcomponent.hcl", ".tfdeploy.hcl")
"""Files of Terraform Stacks: their plans are HCP Terraform's own, and no gate reads them."""

ENDINGS = (*module_files.ENDINGS, *STACKS)
_CALLS = frozenset({"module", "component", "stack"})

_MAX_BYTES = 4 * 2**20


def folders_of(files: Iterable[Path]) -> dict[Path, list[Path]]:
    """The folders that hold a configuration, and its files."""
    folders: dict[Path, list[Path]] = {}
    for file in files:
        if file.name.endswith(ENDINGS):
            folders.setdefault(file.parent, []).append(file)
    return folders


def without_called(folders: Mapping[Path, Iterable[Path]], planned: Iterable[Path] = ()) -> list[Path]:
    """The folders that must be planned to be judged, sorted: no plan covers them.

    A plan covers its folder and every local module that it calls, however deep. Of the others, a module
    is left out that a folder calls which must be planned itself; modules that only call each other stay.
    A file that cannot be read calls nothing, so that more is named, never less.
    """
    if not folders:
        return []
    calls = calls_between(folders)
    covered = covered_by(planned, calls)
    called = {below for folder in calls for below in calls[folder] if below != folder}
    roots = [folder for folder in folders if folder not in called and folder not in covered]
    below = _reachable_folders(roots, calls) - set(roots)
    return sorted(folder for folder in folders if folder not in covered and folder not in below)


def calls_between(folders: Mapping[Path, Iterable[Path]]) -> Mapping[Path, frozenset[Path]]:
    """Which of the folders each of them calls as a module."""
    return {
        folder: frozenset(_called_folders(folder, files)) & folders.keys()
        for folder, files in folders.items()
    }


def covered_by(planned: Iterable[Path], calls: Mapping[Path, Iterable[Path]]) -> frozenset[Path]:
    """The folders that plans of these folders cover: those, and what they call, however deep."""
    return frozenset(_reachable_folders(planned, calls))


def _reachable_folders(starts: Iterable[Path], calls: Mapping[Path, Iterable[Path]]) -> set[Path]:
    pending, seen = list(starts), set[Path]()
    while pending:
        folder = pending.pop()
        if folder not in seen:
            seen.add(folder)
            pending += calls.get(folder, ())
    return seen


def _called_folders(folder: Path, files: Iterable[Path]) -> Iterator[Path]:
    for file in files:
        try:
            text = read_text(file, _MAX_BYTES)
            blocks = list(blocks_of(file.name, text)) if any(kind in text for kind in _CALLS) else []
        except ReadError:
            continue
        for block in blocks:
            source = block.arguments.get("source") if block.kind in _CALLS else None
            if source is not None and source.literal.startswith(("./", "../")):
                yield Path(os.path.normpath(folder / source.literal))
