"""Proofs for somebody who may not read the ledger: one JSON line beside a signed checkpoint.

    {"checkpoint": …, "consistency": [hash, …] | null,
     "entries": [{"content": …, "path": [hash, …], "place": 12, "previous": hash}, …],
     "type": "gatecli.dev/ledger-proof/v1"}

`consistency` leads from an earlier head to the checkpoint; `path` leads from an entry to it. `previous` is
the hash of the dataset's entry before, which tells nothing of what that one says.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from gatecli.errors import GatecliError, UsageError
from gatecli.ledger.checkpoints import note_key
from gatecli.ledger.interface import Store
from gatecli.ledger.merkle import (
    EMPTY_ROOT,
    consistency_holds,
    consistency_proof,
    inclusion_holds,
    inclusion_proof,
)
from gatecli.ledger.notes import Checkpoint, NoteKey, is_signed, read_head
from gatecli.model.ledger import Entry, canonical_json, first_hash, next_hash
from gatecli.model.strict_base64 import strict_base64

FORMAT = "gatecli.dev/ledger-proof/v1"
_ASK = "ask the ledger's owner for another proof: gatecli ledger prove"


class ProofRefused(GatecliError):
    """A proof does not prove what it is about."""

    exit_code: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class Proven:
    """What a proof proves: the head, an earlier one that it leads on from, contents of entries by place."""

    head: Checkpoint
    since: Checkpoint | None
    entries: tuple[tuple[int, dict[str, Any]], ...]


def prove(store: Store, subject: str | None, since: str | None) -> str:
    """A proof about the last checkpoint: that it leads on from an earlier head, and that the entries about a
    subject are in it.

    Raises UsageError where there is no checkpoint, or nothing about the subject; InvalidNote for the head.
    """
    kept = list(store.checkpoints())
    if not kept:
        raise UsageError("the ledger has no checkpoint", advice="gatecli ledger checkpoint makes one")
    note, key = kept[-1].note, note_key(store.identity)
    size = kept[-1].size
    proof: list[str] | None = None
    if since is not None:
        first = read_head(since, key if is_signed(since) else None).size
        if first > size:
            raise UsageError(
                f"the head is of {first} entries, and the last checkpoint of {size}", advice=_ASK
            )
        proof = [] if first == 0 else _as_base64(consistency_proof(_leaves(store, size), first, size))
    entries = (
        [] if subject is None else [_entry(store, size, *found) for found in _about(store, size, subject)]
    )
    if subject is not None and not entries:
        raise UsageError(
            f"the last checkpoint holds nothing about {subject}", advice="make one: gatecli ledger checkpoint"
        )
    document = {"checkpoint": note, "consistency": proof, "entries": entries, "type": FORMAT}
    return canonical_json(document) + "\n"


def check_proof(text: str, key: NoteKey | None, since: str | None) -> Proven:
    """What a proof proves to somebody who knows the ledger's key, and an earlier head.

    Raises ProofRefused where it does not, InvalidNote where a head is none or is not signed by the key.
    """
    data = _document(text)
    head = read_head(data["checkpoint"], key)
    earlier = None if since is None else read_head(since, key if is_signed(since) else None)
    if earlier is not None:
        _check_consistency(earlier, head, data["consistency"])
    return Proven(head, earlier, tuple(_check_entry(head, each) for each in data["entries"]))


def _check_consistency(earlier: Checkpoint, head: Checkpoint, written: Any) -> None:
    proof = _hashes(written)
    roots = earlier.root, head.root
    if earlier.size == 0:
        holds = earlier.root == EMPTY_ROOT and not proof
    else:
        holds = consistency_holds(earlier.size, head.size, *roots, proof)
    if earlier.origin != head.origin or not holds:
        raise ProofRefused(
            f"the log of {head.size} entries does not begin with the {earlier.size} of the earlier head",
            advice="its owner removed, changed or reordered entries, or sent the proof of another head",
        )


def _check_entry(head: Checkpoint, data: Any) -> tuple[int, dict[str, Any]]:
    try:
        place, content, previous = data["place"], data["content"], data["previous"]
        leaf = bytes.fromhex(next_hash(previous, content))
        said = json.loads(content)
        path = _hashes(data["path"])
        whole = type(place) is int and isinstance(said, dict) and len(bytes.fromhex(previous)) == len(leaf)
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        raise ProofRefused("the proof holds what is not an entry", advice=_ASK) from None
    if not whole or not inclusion_holds(place, head.size, leaf, path, head.root):
        raise ProofRefused("an entry of the proof is not in the log of the checkpoint", advice=_ASK)
    return place, said


def _document(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        data = None
    keys = {"checkpoint", "consistency", "entries", "type"}
    if not isinstance(data, dict) or set(data) != keys or data["type"] != FORMAT:
        raise ProofRefused("this is not a proof", advice=_ASK)
    if not isinstance(data["checkpoint"], str) or not isinstance(data["entries"], list):
        raise ProofRefused("this is not a proof", advice=_ASK)
    return data


def _hashes(written: Any) -> list[bytes]:
    """Hashes in base64; ProofRefused for anything else."""
    texts = written if isinstance(written, list) else [None]
    found = [strict_base64(each) if isinstance(each, str) else None for each in texts]
    hashes = [each for each in found if each is not None and len(each) == len(EMPTY_ROOT)]
    if len(hashes) < len(found):
        raise ProofRefused("the proof does not hold the hashes that it needs", advice=_ASK)
    return hashes


def _about(store: Store, size: int, subject: str) -> Iterator[tuple[int, Entry]]:
    return ((place, entry) for place, entry in enumerate(store.log(0, size)) if entry.subject == subject)


def _entry(store: Store, size: int, place: int, entry: Entry) -> dict[str, Any]:
    before = next(store.entries(entry.dataset, after=entry.number - 2, limit=1), None)
    is_first = before is None or entry.number == 0
    previous = first_hash(store.identity.id, entry.dataset) if is_first or before is None else before.hash
    path = _as_base64(inclusion_proof(_leaves(store, size), place, size))
    return {"content": entry.content, "path": path, "place": place, "previous": previous}


def _leaves(store: Store, size: int) -> Iterator[bytes]:
    return (bytes.fromhex(entry.hash) for entry in store.log(0, size))


def _as_base64(hashes: tuple[bytes, ...]) -> list[str]:
    return [base64.b64encode(each).decode() for each in hashes]
