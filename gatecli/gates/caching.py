"""Which cache a run has, and what its entries are bound to besides their inputs."""

from __future__ import annotations

import os
import platform
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from gatecli import package
from gatecli.accounting.interface import NoBound
from gatecli.cache.codec import Codec
from gatecli.cache.store import CacheStore, Shelf, UnusableError, digest_of, open_shelf, open_store
from gatecli.gates.file_scan import FileScan
from gatecli.gates.notices import Notify, Remark

_CODEC = Codec(FileScan, NoBound)


@dataclass(slots=True)
class Cache:
    """The shelves of one run over `root`."""

    root: Path
    store: CacheStore | None = None
    _shelves: list[Shelf] = field(default_factory=list)

    def shelf(self, work: str, *bound: str, kept: bool = True) -> Shelf:
        """What is kept of one kind of work. `bound` is what its results depend on besides the inputs."""
        names = (work, os.path.abspath(self.root), tool_identity(), *bound) if self.store else ()  # noqa: PTH100 - lexical
        shelf = open_shelf(self.store if kept else None, _CODEC, *names)
        self._shelves.append(shelf)
        return shelf

    def save(self, notify: Notify) -> None:
        """Keep what is new. Where that fails the run is none the worse, and `notify` hears of it."""
        try:
            for shelf in self._shelves:
                shelf.save()
        except OSError as error:
            notify(Remark(f"the cache was not written: {error.strerror or error}"))


def open_cache(folder: Path | None, root: Path, notify: Notify) -> Cache:
    """The cache in `folder`; one that keeps nothing where there is none, or it cannot be used."""
    if folder is None:
        return Cache(root)
    try:
        return Cache(root, _outside(folder, root))
    except UnusableError as error:
        notify(Remark(f"the cache {folder} is not used: {error}"))
        return Cache(root)


def _outside(folder: Path, root: Path) -> CacheStore:
    """Refuse a cache in what is checked: its files would be searched, and change with each run."""
    if Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(root)):
        raise UnusableError("it is in the folder that is checked")
    return open_store(folder)


def tool_identity() -> str:
    """What computes: gatecli's own files, every installed distribution, Python, the platform."""
    folder = Path(package.__file__).parent
    return digest_of(
        package.VERSION,
        sys.version,
        platform.machine(),
        sys.platform,
        *time.tzname,
        *sorted(_states(folder)),
        *sorted(name for place in sys.path for name in _distributions(place)),
    )


def _states(package: Path) -> list[str]:
    """Sizes and times rather than content: that tells an edit, and a start must be quick."""
    return [
        f"{folder}/{name} {state.st_size} {state.st_mtime_ns}"
        for folder, folders, names in os.walk(package)
        if not folder.endswith("__pycache__")
        for name in names
        for state in [os.stat(os.path.join(folder, name))]  # noqa: PTH116, PTH118 - hundreds of files at each start
    ]


def _distributions(place: str) -> list[str]:
    try:
        return [name for name in os.listdir(place or ".") if name.endswith((".dist-info", ".egg-info"))]  # noqa: PTH208 - the same
    except OSError:
        return []  # an archive, or a place that is not there
