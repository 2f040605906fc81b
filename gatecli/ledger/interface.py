"""What a store of a ledger does. Both stores pass one suite (tests/contract/ledger_suite.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from gatecli.errors import GatecliError
from gatecli.model.ledger import Account, DatasetTerms, Entry, Movement, Reservation, ReservationState
from gatecli.model.portfolio import Amounts

NO_RELEASES: Mapping[str, str] = MappingProxyType({})
"""What is not a plan reserves no releases."""


Part = tuple[str | int | None, ...]
"""What a reservation says with its charge of one dataset: the dataset, the subject, the attempt, the state,
the digest, the last digest, the time, the plan, the day on which it lapses, and the amounts in their order.
"""


class Outcome(StrEnum):
    """What became of a movement."""

    DONE = "done"
    EXISTS = "exists"
    """The same movement stands there already: nothing was charged again."""


class BudgetExceeded(Exception):
    """No member of a dataset's portfolio has room for a charge. Nothing was written."""

    def __init__(self, dataset: str) -> None:
        super().__init__(dataset)
        self.dataset = dataset


class Conflict(Exception):
    """A subject stands there with other content, or in a state that a movement cannot follow."""

    def __init__(self, subject: str, found: Reservation | None) -> None:
        super().__init__(subject)
        self.subject = subject
        self.found = found


class UnknownDataset(Exception):
    """A charged dataset is not in the ledger, or is closed."""

    def __init__(self, dataset: str) -> None:
        super().__init__(dataset)
        self.dataset = dataset


class LedgerUnavailable(GatecliError):
    """The store cannot be reached, read or written; nothing half-written stays."""

    exit_code = 4


class DamagedAccount(LedgerUnavailable):
    """The row of a dataset is not what the store wrote, so nothing is charged by it."""

    def __init__(self, dataset: str, what: str) -> None:
        super().__init__(
            f"{dataset}: {what}",
            advice="somebody changed it: gatecli ledger verify, and restore the last export or backup",
        )
        self.dataset = dataset
        self.what = what


@dataclass(frozen=True, slots=True)
class LedgerIdentity:
    """What a ledger is: a random id made with it, a name for people (the origin of its checkpoints), when it
    was made, and the public key of its checkpoints (Ed25519, base64; "" without one).
    """

    id: str
    name: str
    made_at: str
    public_key: str = ""


@dataclass(frozen=True, slots=True)
class StoredCheckpoint:
    """A signed note about the first `size` entries of the log, and when it was made."""

    size: int
    at: str
    note: str


@dataclass(frozen=True, slots=True)
class LedgerTally:
    """How many subjects stand in each state, how many held ones lapsed by the dataset that they charge, and
    how often a rule refused.
    """

    states: Mapping[ReservationState, int]
    lapsed: Mapping[str, int]
    refusals: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class EntrySum:
    """The amounts of entries in a row, added up; `number` and `at` are those of the last one."""

    number: int
    at: str
    amounts: Amounts


class Store(Protocol):
    """One ledger. A method is one transaction: done wholly and durably when it returns, or not at all.

    Every method may raise LedgerUnavailable. A connection that drops while a movement is under way leaves
    it done or not done; asking again answers EXISTS or does it. A store that was opened for reading refuses
    every change with LedgerUnavailable.
    """

    identity: LedgerIdentity
    where: str
    """Where it is, as a person may see it: without a password."""

    def add_dataset(self, terms: DatasetTerms, at: str, signature: str = "") -> Outcome:
        """Begin an account.

        Raises Conflict where one has that name and other terms, UnknownDataset for an absent parent.
        """
        ...

    def move(
        self,
        movement: Movement,
        *,
        lapses: str | None = None,
        releases: Mapping[str, str] = NO_RELEASES,
        signatures: Sequence[str] = (),
    ) -> Outcome:
        """Charge every dataset of a movement, or none.

        The same subject, attempt and digest in the state that the movement leads to is EXISTS. `releases` are
        the releases of a plan, each with a digest of its own: each is held with it, without a charge of its
        own, and committed alone; a plan can be voided while none of them is committed. VOID and RETURN name
        the amounts that they take back, which are never more than what the subject holds. The last release
        of a plan that is committed commits the plan. What a job has run (`run_subject`) cannot become void
        while a run of it stands. `signatures` are one for each charge.

        Raises BudgetExceeded, Conflict (by `TRANSITIONS`), UnknownDataset.
        """
        ...

    def close_dataset(self, name: str, at: str, signature: str = "") -> Outcome:
        """Take no more charges. Raises UnknownDataset."""
        ...

    def account(self, name: str) -> Account | None:
        """A dataset as it stands. Raises DamagedAccount where its row is not what a store writes."""
        ...

    def accounts(self) -> Iterator[Account]:
        """All of them, by name. Raises DamagedAccount."""
        ...

    def account_names(self) -> Iterator[str]:
        """The names of all of them, in order, whatever their rows say."""
        ...

    def reservation(self, subject: str) -> Reservation | None:
        """A subject as it stands."""
        ...

    def reservations(
        self, state: ReservationState | None = None, dataset: str | None = None
    ) -> Iterator[Reservation]:
        """Subjects by state, all without one, and by the dataset that they charge; by name."""
        ...

    def releases_of_plan(self, plan: str) -> Iterator[Reservation]:
        """The releases of a plan, void ones too, by name; one that was reserved again elsewhere is not."""
        ...

    def parts(self) -> Iterator[Part]:
        """All reservations, part by part: by subject and dataset, in order. One that has no charge has a part
        without a dataset and amounts.
        """
        ...

    def entries(
        self,
        dataset: str | None = None,
        *,
        after: int = -1,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> Iterator[Entry]:
        """The entries of one dataset by number, or of all by dataset and number; streamed."""
        ...

    def sums(self, dataset: str, *, after: int = -1, width: int = 1) -> Iterator[EntrySum]:
        """What the entries of a dataset after a number add up to, `width` at a time: those whose numbers
        divided by it, rounded down, are the same; by number.
        """
        ...

    def sequence(self) -> int:
        """Give every entry that has none its place in the log, in the order of dataset and number.

        Returns the size of the log. Entries keep their places.
        """
        ...

    def log(self, start: int = 0, stop: int | None = None) -> Iterator[Entry]:
        """The entries at places start ≤ i < stop of the log; streamed."""
        ...

    def save_checkpoint(self, checkpoint: StoredCheckpoint) -> None:
        """Keep a checkpoint."""
        ...

    def checkpoints(self) -> Iterator[StoredCheckpoint]:
        """All of them, the smallest first."""
        ...

    def restore(
        self, log: Callable[[], Iterable[Entry]], checkpoints: Callable[[], Iterable[StoredCheckpoint]]
    ) -> None:
        """Write an exported ledger into this empty one: all of it, or nothing; `log` is in the order of its
        places. Raises UsageError where something stands there already, UncheckableError where an entry is
        not one that a store wrote after those before it.
        """
        ...

    def note_refusal(self, rule: str, at: str) -> None:
        """Count for monitoring that a rule refused a release; no entry says so."""
        ...

    def tally(self, today: str) -> LedgerTally:
        """The counts; a held reservation has lapsed where its day is before `today` (ISO). Of a plan that
        lapsed the releases are not counted besides.
        """
        ...

    def close(self) -> None:
        """Let go of the file or the connection."""
        ...
