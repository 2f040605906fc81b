"""The declarations of a folder, as what jobs promise is compared with them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from gatecli.checks.cloud.interface import PlacedRelease
from gatecli.sources.declaration import Declared
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
