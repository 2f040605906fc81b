"""The declarations of a folder, as what jobs promise is compared with them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from gatecli.checks.cloud.interface import PlacedRelease
from gatecli.sources.declaration import Declared, read_declarations
from gatecli.sources.discovery import find_beside
from gatecli.sources.files import ON_DISK
from gatecli.sources.interface import Loaded


def placed_releases(declared: Iterable[Loaded[Declared]]) -> tuple[PlacedRelease, ...]:
    """Every release that could be read, with its file."""
    return tuple(
        PlacedRelease(release, document.path) for each in declared for release, document in each.values
    )


def digest_of(declared: Iterable[PlacedRelease]) -> str:
    """What results that depend on declarations are bound to: on each of them whole."""
    texts = (f"{each.path}\0{each.release.model_dump_json()}\0" for each in declared)
    return hashlib.sha256("".join(texts).encode("utf-8", "surrogatepass")).hexdigest()


def declared_above(folder: Path) -> tuple[PlacedRelease, ...]:
    """The declarations in the folders above one, up to the top of its repository; none outside of one."""
    here = Path(os.path.abspath(folder))  # noqa: PTH100 - lexical, as all that walks
    chain = (here, *here.parents)
    top = next((number for number, each in enumerate(chain) if ON_DISK.is_top(each)), 0)
    beside = (file for each in chain[1 : top + 1] for file in find_beside([each / "definition"]))
    return placed_releases(read_declarations(Path(os.path.relpath(file))) for file in beside)


def nearest_first(declared: Iterable[PlacedRelease], path: str) -> tuple[PlacedRelease, ...]:
    """Those in the folder of a file and above it, or in a folder itself; the nearest first."""
    start = Path(os.path.abspath(path))  # noqa: PTH100 - as above
    ranks = {str(each): rank for rank, each in enumerate((start, *start.parents))}
    placed = [(ranks.get(os.path.dirname(os.path.abspath(each.path))), each) for each in declared]  # noqa: PTH100, PTH120
    found = [(rank, each) for rank, each in placed if rank is not None]
    return tuple(each for _, each in sorted(found, key=lambda pair: (pair[0], pair[1].path)))
