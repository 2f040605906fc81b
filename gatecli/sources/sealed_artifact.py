"""Sealed files and the manifests beside them, as anybody can read them: no key is needed."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gatecli.model.sealed_artifact import SCHEMA, SUFFIX, SealedBytes, SealedManifest, SealState
from gatecli.sources.files import MissingFileError, ReadError, open_file, read_bytes, read_start
from gatecli.sources.problems import problems_of

MOST_MANIFEST_BYTES = 2**20
_AGE_LINE = b"age-encryption.org/v1\n"
_LONGEST_HEADER = 2**19
_SAMPLE = 2**20
_UNLIKELY = 90
"""What chi-squared with 15 degrees of freedom exceeds with a probability of 1e-12."""
_STANZA = re.compile(rb"^-> X25519 [A-Za-z0-9+/]{43}$", re.MULTILINE)
_OTHER_STANZA = re.compile(rb"^-> (?!X25519 [A-Za-z0-9+/]{43}$)(?!\S+-grease(?: |$))", re.MULTILINE)
_END = re.compile(rb"^--- [A-Za-z0-9+/]{43}\n", re.MULTILINE)


def manifest_path(sealed: Path) -> Path:
    """Where the manifest of a sealed file stands: beside it."""
    return sealed.parent / f"{sealed.name}{SUFFIX}"  # a folder such as `.` has no name to change


def is_sealed(file: Path) -> bool:
    """Whether a file is in the age format, or a manifest stands beside it."""
    try:
        return os.path.lexists(manifest_path(file)) or read_start(file, len(_AGE_LINE)) == _AGE_LINE
    except ReadError:
        return False


def find_manifests(files: Iterable[Path]) -> Iterator[Path]:
    """Files whose name says that they are the manifest of a sealed file, or name and text together."""
    for file in files:
        name = file.name.lower()
        if name.endswith(f".age{SUFFIX}") or (name.endswith(SUFFIX) and _names_schema(file)):
            yield file


def _names_schema(file: Path) -> bool:
    try:
        return SCHEMA.rpartition("/")[0].encode() in read_start(file, MOST_MANIFEST_BYTES)
    except ReadError:
        return False


def read_manifest(path: Path) -> SealedManifest:
    """The manifest in a file. Raises `ReadError`: for one that is not the text that gatecli writes, too."""
    content = read_bytes(path, MOST_MANIFEST_BYTES)
    manifest = parse_manifest(content)
    if manifest.text().encode() != content:
        raise ReadError(
            "is not as gatecli keys seal wrote it", "restore it: a manifest is not edited", invalid=True
        )
    return manifest


def parse_manifest(content: bytes) -> SealedManifest:
    """The manifest that a text says. Raises `ReadError`."""
    data = _parse_json(content)
    try:
        return SealedManifest.from_file(data)
    except ValidationError as error:
        first = next(iter(problems_of(error, data, SealedManifest)), None)
        message = first.message if first else "it has another form"
        raise ReadError(
            f"is not a manifest of a sealed file: {message}", "restore it, or seal again", invalid=True
        ) from None


def _parse_json(content: bytes) -> Any:
    try:
        return json.loads(content.decode())
    except (ValueError, RecursionError):
        raise ReadError("is not JSON in UTF-8", "restore it, or seal again", invalid=True) from None


def seal_state(sealed: Path) -> SealState:
    """What stands on disk for a sealed file. Raises `ReadError` where the file itself cannot be read."""
    manifest: SealedManifest | None = None
    problem: str | None = None
    try:
        manifest = read_manifest(manifest_path(sealed))
    except MissingFileError:
        problem = None
    except ReadError as error:
        problem = f"{manifest_path(sealed).name} {error.problem}"
    try:
        return SealState(manifest, bytes_of(sealed), count_stanzas(sealed), problem)
    except MissingFileError:
        return SealState(manifest, problem=problem)


def bytes_of(path: Path) -> SealedBytes:
    """The digest and the size of a file, read in pieces. Raises `ReadError`."""
    with open_file(path) as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return SealedBytes(sha256=digest, size=os.fstat(file.fileno()).st_size)


def count_stanzas(path: Path) -> int | None:
    """To how many X25519 keys a file of the age format is encrypted; None where it is not of that format.

    A file with another kind of recipient (a passphrase, a plugin) is not one of ours, nor is a plain text
    below the head of a sealed one. Raises `ReadError`.
    """
    start = read_start(path, _LONGEST_HEADER + _SAMPLE)
    end = _END.search(start, 0, _LONGEST_HEADER) if start.startswith(_AGE_LINE) else None
    if end is None or _OTHER_STANZA.search(start, 0, end.start()):
        return None
    payload = start[end.end() : end.end() + _SAMPLE]
    return len(_STANZA.findall(start, 0, end.start())) if _is_random(payload) else None


def _is_random(content: bytes) -> bool:
    """Whether the upper halves of bytes are as evenly spread as those of a ciphertext are (Pearson's test).

    One that was encrypted fails with a probability of 1e-12. Text, tables and weights always fail;
    what is compressed may not.
    """
    counts = [0] * 16
    for byte, count in Counter(content).items():
        counts[byte >> 4] += count
    expected = len(content) / len(counts)
    return sum((count - expected) ** 2 for count in counts) <= _UNLIKELY * expected
