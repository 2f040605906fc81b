"""Whether a ledger is what was written into it: chains, sums, reservations, the log and its checkpoints.

What a ledger says of itself proves that nothing was changed in its middle. That its end was not cut off, or
all of it written anew, shows only against a head that was kept elsewhere (`pinned`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from gatecli.ledger.checkpoints import note_key
from gatecli.ledger.interface import DamagedAccount, LedgerIdentity, Store, StoredCheckpoint
from gatecli.ledger.merkle import EMPTY_ROOT, Frontier
from gatecli.ledger.notes import Checkpoint, InvalidNote, NoteKey, is_signed, read_head
from gatecli.ledger.replay import DatasetReplay, Fault
from gatecli.ledger.reservation_faults import ExpectedReservations, find_reservation_faults
from gatecli.ledger.signing_keys import public_key_of
from gatecli.ledger.subjects import Finished
from gatecli.model.ledger import Account, Entry

MOST_FAULTS = 100
"""Faults that are named; those beyond are counted."""

_TRIES = 5
"""How often a dataset that others write to meanwhile is read again."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What was verified, and what is wrong with it.

    `size` and `root` are the head of the log; entries beyond it have no place in the log yet. `pinned` is the
    size of the head that was kept elsewhere. `untold` counts faults beyond the named ones.
    """

    ledger: str
    datasets: int
    entries: int
    size: int
    root: bytes
    checkpoints: int
    pinned: int | None
    faults: tuple[Fault, ...]
    untold: int = 0
    unsigned: int = 0
    """Entries of a ledger with a key that nobody signed."""

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


class _Faults:
    """The first faults, and how many there were."""

    def __init__(self) -> None:
        self.named: list[Fault] = []
        self.untold = 0

    def add(self, dataset: str, number: int | None, what: str) -> None:
        if len(self.named) < MOST_FAULTS:
            self.named.append(Fault(dataset, number, what))
        else:
            self.untold += 1

    def extend(self, faults: Iterable[Fault]) -> None:
        for fault in faults:
            self.add(fault.dataset, fault.number, fault.what)


class _Replays:
    """The replays of all datasets of a ledger."""

    def __init__(self, ledger: str, public_key: bytes, faults: _Faults) -> None:
        self._ledger = ledger
        self._public_key = public_key
        self._finished = Finished()
        self._faults = faults
        self.by_dataset: dict[str, DatasetReplay] = {}
        self.expected: ExpectedReservations | None = None
        self.entries = 0

    def expect_reservations(self) -> None:
        """Remember what the reservations must say; before the first entry."""
        self.expected = ExpectedReservations(self.by_dataset)

    def of(self, dataset: str) -> DatasetReplay:
        replay = self.by_dataset.get(dataset)
        if replay is None:
            ends = self.expected.ends if self.expected else None
            replay = DatasetReplay(self._ledger, dataset, self._finished, self._public_key, ends)
            self.by_dataset[dataset] = replay
        return replay

    def add(self, entry: Entry) -> bytes:
        """Replay an entry; its hash."""
        self.entries += 1
        replay = self.of(entry.dataset)
        for what in replay.add(entry):
            self._faults.add(entry.dataset, entry.number, what)
        return replay.digest

    def read_on(self, store: Store) -> bool:
        """Replay what was appended meanwhile; whether anything was."""
        before = self.entries
        for name in list(store.account_names()):
            for entry in store.entries(name, after=self.of(name).number - 1):
                self.add(entry)
        return self.entries > before

    def count_unsigned(self) -> int:
        """How many entries are not signed, where the ledger has a key."""
        return sum(each.unsigned for each in self.by_dataset.values()) if self._public_key else 0


def verify(store: Store, pinned: str | None = None, key: NoteKey | None = None) -> Verification:
    """Read a whole ledger once, and name what is wrong with it.

    `pinned` is a checkpoint that was kept elsewhere: the log must begin with the entries that it is about.
    `key` is the key that checkpoints must be signed by; without it, the one that the ledger names.
    Memory does not grow with the entries, but for a few times eight bytes a release, what is held now, and
    what was void once.
    Raises InvalidNote for a `pinned` that is no checkpoint or not signed, LedgerUnavailable.
    """
    return _verify(store.identity, store.log(), store.checkpoints(), _Against(pinned, key, store))


def verify_records(
    identity: LedgerIdentity,
    log: Iterable[Entry],
    checkpoints: Iterable[StoredCheckpoint],
    pinned: str | None = None,
) -> Verification:
    """As `verify`, of a log and checkpoints without accounts. Raises InvalidNote for `pinned`."""
    return _verify(identity, log, checkpoints, _Against(pinned))


@dataclass(frozen=True, slots=True)
class _Against:
    """What a log is compared with, besides its own checkpoints."""

    pinned: str | None
    key: NoteKey | None = None
    accounts: Store | None = None


def _verify(
    identity: LedgerIdentity,
    log: Iterable[Entry],
    checkpoints: Iterable[StoredCheckpoint],
    against: _Against,
) -> Verification:
    public_key = public_key_of(identity.public_key) if identity.public_key else b""
    key, pinned = against.key or note_key(identity), against.pinned
    kept = None if pinned is None else _read_pinned(pinned, identity, key)
    stored = list(checkpoints)
    faults = _Faults()
    replays = _Replays(identity.id, public_key, faults)
    if against.accounts is not None:
        replays.expect_reservations()
    tree, roots = _read_log(log, {each.size for each in stored} | ({kept.size} if kept else set()), replays)
    if against.accounts is not None:
        faults.extend(_settle_accounts(against.accounts, replays))
        faults.extend(_settle_reservations(against.accounts, replays))
    for each in stored:
        faults.extend(_judge_stored(each, identity.name, key, tree.size, roots))
    if kept:
        faults.extend(_judge_head(kept, identity.name, tree.size, roots, "the head that was kept"))
    return Verification(
        identity.name,
        len(replays.by_dataset),
        replays.entries,
        tree.size,
        tree.root(),
        len(stored),
        kept.size if kept else None,
        tuple(faults.named),
        faults.untold,
        replays.count_unsigned(),
    )


def _read_pinned(pinned: str, identity: LedgerIdentity, key: NoteKey | None) -> Checkpoint:
    """The head that was kept elsewhere. Raises InvalidNote for one that is about another ledger."""
    origin = identity.name
    with suppress(InvalidNote):  # what is not a checkpoint is told below
        origin = read_head(pinned, None).origin
    if origin != identity.name:
        raise InvalidNote(
            f"the checkpoint is of the ledger {origin}, and this one is {identity.name}",
            advice="give the checkpoint of this ledger, or the ledger that it is of: --ledger URL",
        )
    return read_head(pinned, key if is_signed(pinned) else None)


def _read_log(log: Iterable[Entry], sizes: set[int], replays: _Replays) -> tuple[Frontier, dict[int, bytes]]:
    """Replay the log; the tree over it, and its roots at some sizes."""
    frontier = Frontier()
    roots = {0: EMPTY_ROOT}
    for entry in log:
        frontier.append(replays.add(entry))
        if frontier.size in sizes:
            roots[frontier.size] = frontier.root()
    return frontier, roots


def _settle_accounts(store: Store, replays: _Replays) -> Iterator[Fault]:
    """Replay the entries that have no place in the log yet, and compare sums with the accounts."""
    for name in sorted({*store.account_names(), *replays.by_dataset}):
        replay = replays.of(name)
        try:
            account = _read_tail(store, name, replays)
        except DamagedAccount as damaged:
            yield Fault(name, None, damaged.what)
            continue
        if account is None:
            yield Fault(name, None, "it has entries and no account")
        else:
            for what in _compare(account, replay):
                yield Fault(name, None, what)


def _settle_reservations(store: Store, replays: _Replays) -> Iterator[Fault]:
    """Compare what is said of each release, plan and lease with the entries."""
    if replays.expected is not None:
        yield from find_reservation_faults(
            store, replays.expected, replays.by_dataset, lambda: replays.read_on(store)
        )


def _read_tail(store: Store, name: str, replays: _Replays) -> Account | None:
    """Replay what the log does not hold of a dataset; its account after that. Raises DamagedAccount."""
    replay = replays.of(name)
    account = None
    for _ in range(_TRIES):
        for entry in store.entries(name, after=replay.number - 1):
            replays.add(entry)
        account = store.account(name)
        if account is None or account.entries == replay.number:
            break
    return account


def _compare(account: Account, replay: DatasetReplay) -> Iterator[str]:
    if account.entries != replay.number:
        yield f"the account counts {account.entries} entries, and {replay.number} are there"
    if account.head != replay.head:
        yield "the account's last hash is not that of the last entry"
    if account.held != replay.held:
        yield "what the account holds is not the sum of the entries"
    if replay.terms is not None and account.terms != replay.terms:
        yield "the account's terms are not those of its first entry"
    if account.closed != replay.closed:
        yield f"the account is {'closed' if account.closed else 'open'}, and its entries say otherwise"


def _judge_stored(
    stored: StoredCheckpoint, origin: str, key: NoteKey | None, size: int, roots: dict[int, bytes]
) -> Iterator[Fault]:
    called = f"the checkpoint of {stored.size} entries"
    try:
        head = read_head(stored.note, key if is_signed(stored.note) else None)
    except InvalidNote as error:
        yield Fault("", stored.size, f"{called} does not hold: {error.message}")
        return
    if key is not None and not is_signed(stored.note):
        yield Fault("", stored.size, f"{called} is not signed, and the ledger has a key")
    if head.size != stored.size:
        yield Fault("", stored.size, f"{called} is about {head.size}")
        return
    yield from _judge_head(head, origin, size, roots, called)


def _judge_head(
    head: Checkpoint, origin: str, size: int, roots: dict[int, bytes], called: str
) -> Iterator[Fault]:
    if head.origin != origin:
        yield Fault("", head.size, f"{called} is of {head.origin}, and this ledger is {origin}")
    if head.size > size:
        what = f"{called} knows {head.size} entries, and the log has {size}: its end was cut off"
        yield Fault("", head.size, what)
    elif roots.get(head.size) != head.root:
        what = f"the first {head.size} entries were changed, removed or reordered since {called}"
        yield Fault("", head.size, what)
