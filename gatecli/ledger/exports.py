"""A ledger as a file of JSON lines: who it is, the entries in the order of its log, its checkpoints, an end.

    {"export": "gatecli.dev/ledger-export/v1", "ledger": {"id": …, "madeAt": …, "name": …, "publicKey": …}}
    {"content": …, "hash": …, "number": 0, "signature": ""}
    {"checkpoint": {"at": …, "note": …, "size": 1}}
    {"end": {"checkpoints": 1, "entries": 1}}

An entry's content is the text that was hashed, so that nothing can be lost on the way.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from gatecli.errors import UncheckableError, UsageError
from gatecli.ledger.interface import LedgerIdentity, Store, StoredCheckpoint
from gatecli.model.ledger import Entry, EntryKind, canonical_json
from gatecli.model.portfolio import COLUMNS, Amounts

FORMAT = "gatecli.dev/ledger-export/v1"
LONGEST_LINE = 10_000_000


class InvalidExport(UncheckableError):
    """A file is not an export, or not a whole one."""


def export_lines(store: Store) -> Iterator[str]:
    """The lines of an export, each with its newline. Entries that have no place in the log get one first.

    What is appended meanwhile is not in it. Raises LedgerUnavailable.
    """
    size = store.sequence()
    kept = [each for each in store.checkpoints() if each.size <= size]
    yield _line({"export": FORMAT, "ledger": written_identity(store.identity)})
    for entry in store.log(0, size):
        yield entry_line(entry)
    for each in kept:
        yield _line({"checkpoint": {"at": each.at, "note": each.note, "size": each.size}})
    yield _line({"end": {"checkpoints": len(kept), "entries": size}})


def entry_line(entry: Entry) -> str:
    """An entry as a line."""
    return _line(
        {
            "content": entry.content,
            "hash": entry.hash,
            "number": entry.number,
            "signature": entry.signature,
        }
    )


def read_entry_line(data: Mapping[str, Any]) -> Entry:
    """The entry of such a line; its columns are what its content says. Raises ValueError where it is none."""
    try:
        said = json.loads(data["content"])
        amounts = tuple(said["amounts"])
        entry = Entry(
            said["dataset"],
            data["number"],
            EntryKind(said["kind"]),
            said["subject"],
            said["attempt"],
            Amounts(*amounts),
            data["content"],
            data["hash"],
            data["signature"],
        )
    except (KeyError, TypeError, RecursionError):
        raise ValueError("it is not an entry") from None
    texts = (entry.dataset, entry.subject, entry.content, entry.hash, entry.signature)
    whole = (entry.number, entry.attempt, *amounts)
    if (
        len(data) != 4
        or len(amounts) != len(COLUMNS)
        or any(type(each) is not str for each in texts)
        or any(type(each) is not int for each in whole)
    ):
        raise ValueError("it is not an entry")
    return entry


def written_identity(identity: LedgerIdentity) -> dict[str, str]:
    """An identity as it stands in documents."""
    return {
        "id": identity.id,
        "madeAt": identity.made_at,
        "name": identity.name,
        "publicKey": identity.public_key,
    }


def read_identity(data: Any) -> LedgerIdentity:
    """The identity that `written_identity` wrote. Raises ValueError where it is none."""
    keys = ("id", "name", "madeAt", "publicKey")
    if not isinstance(data, dict) or set(data) != set(keys):
        raise ValueError("it does not say which ledger it is")
    values = [data[key] for key in keys]
    if any(type(value) is not str for value in values) or not data["id"] or not data["name"]:
        raise ValueError("it does not say which ledger it is")
    return LedgerIdentity(*values)


def is_export(path: Path) -> bool:
    """Whether a file begins as an export does."""
    beginning = canonical_json({"export": FORMAT})[:-1].encode()
    try:
        with path.open("rb") as file:
            return file.read(len(beginning)) == beginning
    except (OSError, ValueError):
        return False


class ExportFile:
    """An export in a file, read anew each time. Raises InvalidExport where it is none, or is cut off.

    `public_key` (base64) is that of a ledger which had none: what it signs is told from the entries until
    then. Its checkpoints are left behind, since a ledger with a key has signed ones alone. Raises UsageError
    where the export names another key.
    """

    def __init__(self, path: Path, public_key: str = "") -> None:
        self.path = path
        self._is_signed_anew = False
        _, first = next(self._lines(), (1, {}))
        if first.get("export") != FORMAT:
            raise self._invalid(1, f"it does not begin as {FORMAT} does")
        try:
            self.identity = read_identity(first.get("ledger"))
        except ValueError as error:
            raise self._invalid(1, str(error)) from None
        if public_key:
            if self.identity.public_key not in {"", public_key}:
                raise UsageError(
                    f"{path} is of a ledger with another key, which is fixed", advice="leave out --key"
                )
            self._is_signed_anew = not self.identity.public_key
            self.identity = replace(self.identity, public_key=public_key)

    def log(self) -> Iterator[Entry]:
        """The entries, in the order of the log."""
        for number, data in self._lines():
            if "content" in data:
                try:
                    yield read_entry_line(data)
                except ValueError as error:
                    raise self._invalid(number, str(error)) from None

    def checkpoints(self) -> Iterator[StoredCheckpoint]:
        """The checkpoints."""
        for number, data in () if self._is_signed_anew else self._lines():
            said = data.get("checkpoint")
            if said is not None:
                yield self._checkpoint(number, said)

    def require_whole(self) -> None:
        """Raises InvalidExport unless its last line counts those before it."""
        counts = {"checkpoints": 0, "entries": 0}
        end: Any = None
        number = 0
        for number, data in self._lines():
            if end is not None:
                raise self._invalid(number, "something follows its end")
            kind = next((key for key in ("content", "checkpoint", "end", "export") if key in data), None)
            if kind is None or (kind == "export") != (number == 1):
                raise self._invalid(number, "it is no entry, no checkpoint and no end")
            counts["entries"] += kind == "content"
            counts["checkpoints"] += kind == "checkpoint"
            end = data.get("end")
        if end != counts:
            raise self._invalid(number, "lines are missing: ask for the whole file")

    def _checkpoint(self, number: int, said: Any) -> StoredCheckpoint:
        if isinstance(said, dict) and set(said) == {"at", "note", "size"}:
            size, at, note = said["size"], said["at"], said["note"]
            if type(size) is int and type(at) is str and type(note) is str:
                return StoredCheckpoint(size, at, note)
        raise self._invalid(number, "it is not a checkpoint")

    def _lines(self) -> Iterator[tuple[int, dict[str, Any]]]:
        try:
            with self.path.open("rb") as file:
                number = 0
                while text := file.readline(LONGEST_LINE):
                    number += 1
                    yield number, self._object(number, text)
        except OSError as error:
            advice = "name a file that `gatecli ledger export` wrote"
            raise InvalidExport(f"cannot read {self.path}: {error.strerror}", advice=advice) from None

    def _object(self, number: int, text: bytes) -> dict[str, Any]:
        try:
            data = json.loads(text.decode())
        except (ValueError, RecursionError):
            raise self._invalid(number, "it is not JSON in UTF-8") from None
        if not isinstance(data, dict) or not text.endswith(b"\n"):
            raise self._invalid(number, "it is not a whole line with an object")
        return data

    def _invalid(self, number: int, why: str) -> InvalidExport:
        return InvalidExport(
            f"{self.path}, line {number}: {why}", advice="export the ledger again: gatecli ledger export"
        )


def _line(data: Mapping[str, object]) -> str:
    return canonical_json(data) + "\n"
