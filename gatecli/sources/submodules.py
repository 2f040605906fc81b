"""Submodules of git that are not checked out: a folder of another repository whose files are not here."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from gatecli.sources.files import ReadError, read_bytes

_MOST_BYTES = 2**20
_PATH = re.compile(r'^\s*path\s*=\s*"?([^"\r\n]+?)"?\s*$', re.MULTILINE)

REASON = "a submodule that is not checked out: its files are not here"


def missing_submodules(folder: Path, below: Path | None = None) -> Iterator[Path]:
    """What the `.gitmodules` in `folder` names and is empty or not there; only in `below`, if that is given.

    Names are read as git writes them (git-config, "Syntax"); a path that leaves the folder is none of git.
    """
    try:
        content = read_bytes(folder / ".gitmodules", _MOST_BYTES)
    except ReadError:
        return
    top = os.path.abspath(folder)  # noqa: PTH100 - lexical: links are not followed
    inside = top if below is None else os.path.abspath(below)  # noqa: PTH100 - the same
    for name in sorted(set(_PATH.findall(content.decode("utf-8", "surrogateescape")))):
        place = os.path.normpath(os.path.join(top, name))  # noqa: PTH118 - pathlib keeps `..`
        if place == top or not Path(place).is_relative_to(top) or not Path(place).is_relative_to(inside):
            continue
        if not _holds_files(place):
            yield (folder if below is None else below) / os.path.relpath(place, inside)


def _holds_files(place: str) -> bool:
    try:
        with os.scandir(place) as listing:
            return any(True for _ in listing)
    except OSError:
        return False
