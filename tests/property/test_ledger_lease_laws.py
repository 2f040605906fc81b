"""Whatever a parent and its children do with leases, what is spent is never more than was charged."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from gatecli.errors import GatecliError
from gatecli.ledger.ed25519 import key_from_seed
from gatecli.ledger.interface import BudgetExceeded, Outcome, Store, UnknownDataset
from gatecli.ledger.lease_documents import LeaseGrant, LeaseRefused, lease_id
from gatecli.ledger.leases import accept_lease, grant_lease, return_lease, settle_lease
from gatecli.ledger.notes import NoteKey
from gatecli.ledger.verification import verify
from gatecli.model.ledger import Charge
from gatecli.model.portfolio import Admission
from tests.support.examples import share
from tests.support.ledger_records import AT, KEY, LATER, identity, new_store
from tests.support.ledgers import LIMIT, evenly, movement, terms, void

PARENT = identity()
PARENT_KEY = NoteKey(PARENT.name, KEY.public)
CHILDREN = ("aws", "gcp")
KEYS = {name: key_from_seed(name.encode().ljust(32)) for name in CHILDREN}
IDENTITIES = {name: identity(name, KEYS[name], number + 2) for number, name in enumerate(CHILDREN)}
AMOUNTS = st.integers(0, 60)

Lease = tuple[str, str, int]
"""The name of a lease, the child that it is for, what is lent."""
Returned = tuple[Lease, tuple[bytes, ...], int]
"""A lease that came back: the lines of the file, what was spent."""


class Leases(RuleBasedStateMachine):
    """One parent with a budget of 100 in each column, and two children."""

    granted: Bundle[tuple[Lease, str]] = Bundle("granted")
    files: Bundle[Returned] = Bundle("files")

    @initialize()
    def make_ledgers(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.parent = new_store(self.folder, "parent.db", PARENT)
        self.parent.add_dataset(terms("people"), AT)
        self.children = {name: new_store(self.folder, f"{name}.db", own) for name, own in IDENTITIES.items()}
        self.own = 0
        self.lent: dict[str, int] = {}
        self.spent: dict[str, int] = {}
        self.settled: set[str] = set()
        self.count = 0

    def teardown(self) -> None:
        if not hasattr(self, "folder"):
            return
        for store in (self.parent, *self.children.values()):
            assert verify(store).holds
            store.close()
        shutil.rmtree(self.folder)

    @rule(target=granted, child=st.sampled_from(CHILDREN), amount=AMOUNTS)
    def grant(self, child: str, amount: int) -> tuple[Lease, str]:
        self.count += 1
        name = f"lease {self.count}"
        lease = (name, child, amount)
        lent = terms(name, evenly(amount), admission=Admission.ALL, lease=lease_id(PARENT, name))
        grant = LeaseGrant(PARENT, IDENTITIES[child], lent, AT)
        fits = self.charged() + amount <= LIMIT
        try:
            note = grant_lease(self.parent, KEY, grant, [Charge("people", lent.limits)])
        except LeaseRefused:
            assert not fits
            return lease, ""
        assert fits
        self.lent[name] = amount
        return lease, note

    @rule(amount=AMOUNTS)
    def spend_in_the_parent(self, amount: int) -> None:
        self.count += 1
        fits = self.charged() + amount <= LIMIT
        try:
            self.parent.move(movement(subject=f"own {self.count}", amounts=amount))
        except BudgetExceeded:
            assert not fits
        else:
            assert fits
            self.own += amount

    @rule(given=granted, child=st.sampled_from(CHILDREN))
    def accept(self, given: tuple[Lease, str], child: str) -> None:
        (name, meant, _), note = given
        try:
            outcome, _ = accept_lease(self.children[child], note, PARENT_KEY, AT)
        except GatecliError:
            assert child != meant or not note
        else:
            assert child == meant
            assert outcome is (Outcome.EXISTS if name in self.spent else Outcome.DONE)
            self.spent.setdefault(name, 0)

    @rule(given=granted, amount=AMOUNTS)
    def spend_in_a_child(self, given: tuple[Lease, str], amount: int) -> None:
        name, child, lent = given[0]
        self.count += 1
        try:
            self.children[child].move(
                movement(subject=f"in {child} {self.count}", amounts=amount, datasets=(name,))
            )
        except BudgetExceeded:
            assert self.spent[name] + amount > lent
        except UnknownDataset:
            assert name not in self.spent or self.is_closed(name, child)
        else:
            self.spent[name] += amount

    @rule(given=granted)
    def void_in_a_child(self, given: tuple[Lease, str]) -> None:
        name, child, _ = given[0]
        store = self.children[child]
        for reservation in store.reservations():
            (charge,) = reservation.charges
            amount = charge.amounts.basic_epsilon
            if charge.dataset == name and reservation.state == "held":
                store.move(void(reservation.subject, -amount, (name,)))
                self.spent[name] -= amount
                break

    @rule(target=files, given=granted)
    def send_back(self, given: tuple[Lease, str]) -> Returned:
        name, child, _ = given[0]
        if name not in self.spent:
            return given[0], (), 0
        lines = return_lease(self.children[child], KEYS[child], name, LATER)
        return given[0], tuple(line.encode() for line in lines), self.spent[name]

    @rule(file=files)
    def settle(self, file: Returned) -> None:
        (name, _, _), lines, spent = file
        try:
            settle_lease(self.parent, lines, LATER)
        except GatecliError:
            assert not lines or name in self.settled
        else:
            assert spent <= self.lent[name]
            self.lent[name] = spent
            self.settled.add(name)

    @rule(file=consumes(files), other=files)
    def settle_a_mixture(self, file: Returned, other: Returned) -> None:
        """The note of one return, and the entries of another one."""
        if file[0] == other[0] or not file[1] or not other[1]:
            return
        try:
            settle_lease(self.parent, (*file[1][:1], *other[1][1:]), LATER)
        except GatecliError:
            return
        raise AssertionError("a mixture was settled")

    def is_closed(self, name: str, child: str) -> bool:
        account = self.children[child].account(name)
        return account is not None and account.closed

    def charged(self) -> int:
        return self.own + sum(self.lent.values())

    def held(self, store: Store, dataset: str) -> int:
        account = store.account(dataset)
        return 0 if account is None else account.held.basic_epsilon

    @invariant()
    def the_parent_holds_what_is_lent_and_what_is_spent(self) -> None:
        if hasattr(self, "folder"):
            assert self.held(self.parent, "people") == self.charged() <= LIMIT

    @invariant()
    def all_that_is_spent_is_charged(self) -> None:
        """What a child voids after its return was spent when it was settled."""
        if hasattr(self, "folder"):
            assert all(spent <= self.lent[name] for name, spent in self.spent.items())


def test_leases_never_spend_more_than_the_parent_charged() -> None:
    run_state_machine_as_test(
        Leases, settings=settings(max_examples=share(25), stateful_step_count=25, deadline=None)
    )
