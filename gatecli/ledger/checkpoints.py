"""Heads of a ledger's log: signed where the ledger has a key, and kept in it."""

from __future__ import annotations

from gatecli.errors import UncheckableError, UsageError
from gatecli.ledger.interface import LedgerIdentity, Store, StoredCheckpoint
from gatecli.ledger.merkle import EMPTY_ROOT, Frontier
from gatecli.ledger.notes import Checkpoint, NoteKey, is_signed, read_head, sign_note
from gatecli.ledger.signing_keys import Signs, public_key_of, public_text


def make_checkpoint(store: Store, key: Signs | None, at: str) -> StoredCheckpoint:
    """Give every entry its place in the log, and keep a note about the log; without a key only its text.

    A log is never signed that does not begin with what its checkpoints are about. The note about a log that
    did not grow is the one that is kept already. Raises UsageError for a key that is not the ledger's, or
    none where it has one; UncheckableError for a log that was changed; LedgerUnavailable.
    """
    require_own_key(store.identity, key)
    size = store.sequence()
    kept = list(store.checkpoints())
    root = _root_after(store, size, kept)
    text = Checkpoint(store.identity.name, size, root).as_text()
    note = sign_note(text, store.identity.name, key) if key else text
    same = next((each for each in kept if (each.size, each.note) == (size, note)), None)
    if same:
        return same
    made = StoredCheckpoint(size, at, note)
    store.save_checkpoint(made)
    return made


def require_own_key(identity: LedgerIdentity, key: Signs | None) -> None:
    """Raises UsageError unless the key is the one that the ledger names, or neither has one."""
    advice = "give the key that the ledger was made with"
    if key is None and identity.public_key:
        raise UsageError(f"the ledger {identity.name} has a key, and none was given", advice=advice)
    if key is not None and public_text(key) != identity.public_key:
        if identity.public_key:
            raise UsageError(f"the ledger {identity.name} has another key", advice=advice)
        raise UsageError(
            f"the ledger {identity.name} was made without a key",
            advice="leave out --key (GATECLI_LEDGER_KEY); or export it, and import it anew with --key",
        )


def note_key(identity: LedgerIdentity) -> NoteKey | None:
    """The key of a ledger's checkpoints, by the ledger's name; None without one."""
    return NoteKey(identity.name, public_key_of(identity.public_key)) if identity.public_key else None


def _root_after(store: Store, size: int, kept: list[StoredCheckpoint]) -> bytes:
    """The root of the log. Raises UncheckableError where a kept checkpoint is about other entries."""
    heads = {each.size: each for each in kept}
    frontier = Frontier()
    roots = {0: EMPTY_ROOT}
    for entry in store.log(0, size):
        frontier.append(bytes.fromhex(entry.hash))
        if frontier.size in heads:
            roots[frontier.size] = frontier.root()
    key = note_key(store.identity)
    for each in kept:
        head = read_head(each.note, key if is_signed(each.note) else None)
        if roots.get(head.size) != head.root:
            raise UncheckableError(
                f"the log no longer begins with the {head.size} entries of a checkpoint, and is not signed",
                advice="gatecli ledger verify says what was changed",
            )
    return frontier.root()
