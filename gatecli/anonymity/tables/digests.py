"""What identifies the content of a table."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path


def file_digest(path: Path) -> str:
    """The SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def files_digest(root: Path, paths: Sequence[Path]) -> str:
    """The SHA-256 of the names below `root` and the digests of several files, in order."""
    return _digest_list((path.relative_to(root).as_posix(), file_digest(path)) for path in paths)


def fingerprint(engine: str, query: str, columns: Mapping[str, str]) -> str:
    """The SHA-256 of an engine, a query and its columns: of a question, not of its answer."""
    return _digest_list([("engine", engine), ("query", query), *columns.items()])


def _digest_list(pairs: Iterable[tuple[str, str]]) -> str:
    digest = hashlib.sha256()
    for name, value in pairs:
        digest.update(f"{name}\0{value}\n".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
