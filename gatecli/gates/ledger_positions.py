"""Where a ledger's log holds a release, for an attestation, and whether a checkpoint holds that."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gatecli.attestation.strict_json import InvalidBundle, load_json
from gatecli.errors import UsageError
from gatecli.ledger.interface import Store
from gatecli.ledger.merkle import inclusion_holds
from gatecli.ledger.notes import Checkpoint, InvalidNote, is_signed, read_head, read_note_key
from gatecli.ledger.proofs import prove
from gatecli.model.attestation import Claim, LedgerPosition, PrivacyRelease, exact_value
from gatecli.model.ledger import next_hash
from gatecli.sources.files import ReadError, read_text, unreadable_argument


def ledger_position(store: Store, release: str) -> LedgerPosition:
    """Where the last checkpoint of a ledger holds the last entry about a release (`name@version`).

    Raises UsageError where it holds none.
    """
    proof = json.loads(prove(store, release, None))
    head = read_head(proof["checkpoint"], None)
    entry = proof["entries"][-1]
    return LedgerPosition(
        head.origin,
        head.size,
        head.root.hex(),
        entry["place"],
        entry["previous"],
        entry["content"],
        tuple(base64.b64decode(each).hex() for each in entry["path"]),
    )


def position_problem(predicate: PrivacyRelease, head: Checkpoint) -> str | None:
    """Why a checkpoint does not hold what a statement says of the ledger; None where it does."""
    at = predicate.ledger
    if at is None:
        return "it states no place in a ledger"
    if (at.origin, at.size, at.root) != (head.origin, head.size, head.root.hex()):
        return f"it states the head of {at.size} entries of {at.origin}, and the checkpoint is another one"
    leaf = bytes.fromhex(next_hash(at.previous, at.content))
    path = [bytes.fromhex(each) for each in at.path]
    if not inclusion_holds(at.index, at.size, leaf, path, head.root):
        return "its entry is not in the log of the checkpoint"
    return _entry_problem(_entry_data(at.content), predicate)


def _entry_problem(entry: Mapping[str, Any], predicate: PrivacyRelease) -> str | None:
    """Why an entry is not that of a release; None where it is."""
    name = f"{predicate.release.name}@{predicate.release.version}"
    if entry.get("subject") != name:
        return "its entry in the ledger is about another release"
    if entry.get("kind") not in {"reserve", "commit"}:
        return "its entry in the ledger does not charge the release"
    if _is_charged_less(entry, predicate.claim):
        return "it promises more than its entry in the ledger was charged for"
    return None


def _is_charged_less(entry: Mapping[str, Any], claim: Claim | None) -> bool:
    """Whether an entry states a claim, and it is below the attested one in ε or δ."""
    details = entry.get("details")
    charged = details.get("claim") if isinstance(details, dict) else None
    if claim is None or charged is None:
        return False
    try:
        epsilon, delta = map(exact_value, charged)
    except (TypeError, ValueError, AttributeError, ZeroDivisionError):
        return True
    return exact_value(claim.epsilon) > epsilon or exact_value(claim.delta) > delta


def _entry_data(content: str) -> dict[str, Any]:
    try:
        found = load_json(content.encode(), "the entry")
    except InvalidBundle:
        return {}
    return found if isinstance(found, dict) else {}


def read_given_head(path: Path, owner: str | None) -> Checkpoint:
    """The head in a file that `ledger checkpoint` wrote, signed by the owner's key where one is given.

    Raises UsageError for a key that is none, and where nothing is there; UncheckableError for what is no
    checkpoint.
    """
    try:
        key = None if owner is None else read_note_key(owner)
    except InvalidNote as error:
        raise UsageError(f"--ledger-from: {error.message}", advice=error.advice) from None
    try:
        text = read_text(path)
    except ReadError as error:
        raise unreadable_argument(path, error) from None
    if key is not None and not is_signed(text):
        raise InvalidNote(
            f"{path} is not signed, and its owner has a key", advice="ask its owner for the note"
        )
    return read_head(text, key)
