"""A folder of files that only their own user could have written: whatever else stands there is ignored.

Each file begins with an HMAC-SHA-256 (RFC 2104) of its name and content, by a key that stands in the same
folder and that only its user may read. Who can write there and not read the key can make a run slower,
and no more. Who can read it is the user, and needs no cache to deceive the user's own runs.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import secrets
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gatecli.cache.codec import Codec, NotKeptError

SHELF_BYTES = 16 * 2**20
"""Beyond, what was used longest ago is dropped from a shelf."""

FOLDER_BYTES = 128 * 2**20
"""Beyond, the shelves that were used longest ago are deleted."""

_KEY_BYTES = 32
_KEY, _SUFFIX = "key", ".shelf"
_FORMAT = b"gatecli cache 1"


class UnusableError(Exception):
    """The folder cannot be a cache; its text completes "the cache … is not used: "."""


@dataclass(frozen=True, slots=True)
class CacheStore:
    """A folder, and the key that what stands in it is held to."""

    folder: Path
    key: bytes = field(repr=False)

    def tag(self, name: str, content: bytes) -> bytes:
        """What authenticates the content of a shelf under its name."""
        message = b"\0".join((_FORMAT, name.encode(), content))
        return hmac.new(self.key, message, hashlib.sha256).hexdigest().encode()


def open_store(folder: Path) -> CacheStore:
    """The store in `folder`, which is made where there is none. Raises `UnusableError`."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _require_own(folder, stat.S_IWGRP | stat.S_IWOTH, "others may write in it")
        return CacheStore(folder, _key(folder / _KEY))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "a folder cannot have its name"
        raise UnusableError(reason or "it cannot be opened") from error


def _require_own(path: Path, unwanted: int, why: str) -> None:
    """Refuse what is another user's, or open to others, where the platform tells."""
    state = path.lstat()
    if stat.S_ISLNK(state.st_mode) or not (stat.S_ISDIR(state.st_mode) or stat.S_ISREG(state.st_mode)):
        raise UnusableError("a link or a special file is in its place")
    if not hasattr(os, "geteuid"):
        return
    if state.st_uid != os.geteuid():
        raise UnusableError("it belongs to another user")
    if state.st_mode & unwanted:
        raise UnusableError(why)


def _key(file: Path) -> bytes:
    """The key, made with the first use; of two that are made at once the last one stays."""
    if not file.exists():
        _write(file, secrets.token_bytes(_KEY_BYTES))
    _require_own(file, 0o077, "others may read its key")
    key = file.read_bytes()
    if len(key) != _KEY_BYTES:
        raise UnusableError("its key is broken; delete it")
    return key


def _write(file: Path, content: bytes) -> None:
    """Whole or not at all, readable by its user alone."""
    handle, temporary = tempfile.mkstemp(prefix=".", suffix=_SUFFIX, dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as staged:
            staged.write(content)
        Path(temporary).replace(file)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(temporary).unlink()
        raise


@dataclass(slots=True)
class Shelf:
    """The entries of one kind of work; without a store it holds nothing and keeps nothing."""

    store: CacheStore | None
    name: str
    codec: Codec
    _before: dict[str, Any] = field(default_factory=dict)
    _used: dict[str, Any] = field(default_factory=dict)
    _is_new: bool = False

    def __bool__(self) -> bool:
        """Whether anything is kept."""
        return self.store is not None

    @staticmethod
    def key_of(*parts: str) -> str:
        """A key for several texts (`digest_of`)."""
        return digest_of(*parts)

    def get(self, key: str) -> Any:
        """What was put under `key`, in this run or before; None where nothing was."""
        data = self._used.get(key, self._before.get(key))
        if data is None:
            return None
        try:
            value = self.codec.decode(data)
        except (ArithmeticError, KeyError, TypeError, ValueError):
            return None  # not of this version's making: it is computed again
        self._used[key] = data
        return value

    def put(self, key: str, value: object) -> None:
        """Keep a value. One of a kind that is not kept is computed again each time."""
        if self.store is None:
            return
        with contextlib.suppress(NotKeptError):
            self._used[key] = self.codec.encode(value)
            self._is_new = True

    def save(self) -> None:
        """Write what is new. Raises OSError."""
        if self.store is None:
            return
        file = self.store.folder / (self.name + _SUFFIX)
        if not self._is_new:
            with contextlib.suppress(FileNotFoundError):
                os.utime(file)
            return
        content = _content(self._before, self._used)
        _write(file, self.store.tag(self.name, content) + b"\n" + content)
        _evict(self.store.folder)


def open_shelf(store: CacheStore | None, codec: Codec, *names: str) -> Shelf:
    """The shelf of what `names` name together: only the same names find it again."""
    name = digest_of(*names)
    return Shelf(store, name, codec, _read(store, name) if store else {})


def digest_of(*parts: str) -> str:
    """One key for several texts, such that no two sequences of texts share one."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _read(store: CacheStore, name: str) -> dict[str, Any]:
    """The entries of a shelf; none where it is absent, broken, foreign or tampered with."""
    file = store.folder / (name + _SUFFIX)
    try:
        _require_own(file, stat.S_IWGRP | stat.S_IWOTH, "others may write it")
        if file.stat().st_size > 2 * SHELF_BYTES:
            return {}
        tag, _, content = file.read_bytes().partition(b"\n")
    except (OSError, UnusableError):
        return {}
    if not hmac.compare_digest(tag, store.tag(name, content)):
        return {}
    data = json.loads(content)
    return data if isinstance(data, dict) else {}


def _content(before: dict[str, Any], used: dict[str, Any]) -> bytes:
    """What is kept, the latest used last; as much of it as there is room for."""
    old = {key: data for key, data in before.items() if key not in used}
    kept: list[bytes] = []
    room = SHELF_BYTES
    for key, data in reversed((old | used).items()):
        line = json.dumps({key: data}, separators=(",", ":"))[1:-1].encode()
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    return b"{" + b",".join(reversed(kept)) + b"}"


def _evict(folder: Path) -> None:
    """Delete what was used longest ago, until the rest fits."""
    room = FOLDER_BYTES
    for state, file in sorted(_shelves(folder), key=lambda item: -item[0].st_mtime_ns):
        room -= state.st_size
        if room < 0:
            with contextlib.suppress(FileNotFoundError):
                file.unlink()


def _shelves(folder: Path) -> Iterator[tuple[os.stat_result, Path]]:
    for file in folder.glob("*" + _SUFFIX):
        with contextlib.suppress(FileNotFoundError):
            yield file.stat(), file
