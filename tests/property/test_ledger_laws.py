"""A ledger does what a few lines of Python say it does, whatever is asked in whatever order."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from gatecli.ledger.interface import BudgetExceeded, Conflict, Outcome, UnknownDataset
from gatecli.model.ledger import Charge, EntryKind, Movement, ReservationState
from gatecli.model.portfolio import COLUMNS, NOTHING, Amounts, holding_members
from tests.support.examples import share
from tests.support.ledgers import AT, LedgerPlace, postgres_place, require_sound, sqlite_place, terms
from tests.support.postgres import cluster, connected

DATASETS = ("a", "b")
SUBJECTS = ("one", "two", "three")
STATES = ReservationState
ENDS = {EntryKind.COMMIT: STATES.COMMITTED, EntryKind.VOID: STATES.VOID, EntryKind.RETURN: STATES.RETURNED}
BEGINS = {
    EntryKind.RESERVE: STATES.HELD,
    EntryKind.LEASE: STATES.LENT,
    EntryKind.OPENING: STATES.COMMITTED,
}
SMALL = st.builds(Amounts, **{column: st.integers(0, 5) for column in COLUMNS})
LARGE = st.builds(Amounts, **{column: st.sampled_from((0, 20, 60, 101)) for column in COLUMNS})
NAMES = st.sampled_from((("a",), ("b",), ("a", "b"), ("b", "a"), ("a", "unknown")))
LATE = st.sampled_from((0, 0, 0, 0, 1))
"""By how much an attempt is another one than is due."""


@dataclass
class Subject:
    state: ReservationState
    attempt: int
    digest: str
    holds: dict[str, Amounts]
    plan: str | None = None


@dataclass
class Model:
    """The ledger in a few lines: no file, no entry, no hash."""

    held: dict[str, Amounts] = field(default_factory=lambda: dict.fromkeys(DATASETS, NOTHING))
    closed: set[str] = field(default_factory=set)
    subjects: dict[str, Subject] = field(default_factory=dict)

    def begin(self, asked: Movement, charges: Mapping[str, Amounts], releases: tuple[str, ...]) -> str:
        """What a first movement of subjects leads to: "done", "exists" or the name of a refusal."""
        found = self.subjects.get(asked.subject)
        if found and (found.state, found.attempt, found.digest) == (
            BEGINS[asked.kind],
            asked.attempt,
            asked.digest,
        ):
            return "exists"
        due = found.attempt + 1 if found else 0
        may_follow = found is None or (found.state is STATES.VOID and asked.kind is EntryKind.RESERVE)
        taken = [
            each
            for each in releases
            if each in self.subjects and self.subjects[each].state is not STATES.VOID
        ]
        if not may_follow or asked.attempt != due or taken:
            return "Conflict"
        for name in sorted(charges):
            if name not in self.held or name in self.closed:
                return "UnknownDataset"
            if not holding_members(self.held[name] + charges[name], limits_of(name)):
                return "BudgetExceeded"
        for name, amounts in charges.items():
            self.held[name] += amounts
        self._write(asked.subject, asked, charges, None)
        for release in releases:
            self._write(release, asked, dict.fromkeys(charges, NOTHING), asked.subject)
        return "done"

    def _write(self, name: str, asked: Movement, charges: Mapping[str, Amounts], plan: str | None) -> None:
        before = self.subjects.get(name)
        kept = {each: left for each, left in before.holds.items() if left != NOTHING} if before else {}
        holds = kept | {each: kept.get(each, NOTHING) + amounts for each, amounts in charges.items()}
        attempt = before.attempt + 1 if before else 0
        self.subjects[name] = Subject(BEGINS[asked.kind], attempt, asked.digest, holds, plan)

    def end(self, asked: Movement) -> str:
        """What a movement of a subject that stands leads to."""
        found = self.subjects[asked.subject]
        if (found.state, found.attempt, found.digest) == (ENDS[asked.kind], asked.attempt, asked.digest):
            return "exists"
        needed = STATES.LENT if asked.kind is EntryKind.RETURN else STATES.HELD
        releases = [each for each in self.subjects.values() if each.plan == asked.subject]
        keeps = asked.kind is EntryKind.VOID and any(each.state is STATES.COMMITTED for each in releases)
        taken = {charge.dataset: charge.amounts for charge in asked.charges}
        after = {name: left + taken.get(name, NOTHING) for name, left in found.holds.items()}
        too_much = taken.keys() != after.keys() or any(min(left) < 0 for left in after.values())
        if (found.state, found.attempt) != (needed, asked.attempt) or keeps or too_much:
            return "Conflict"
        for name, amounts in taken.items():
            self.held[name] += amounts
        found.state, found.digest, found.holds = ENDS[asked.kind], asked.digest, after
        for each in releases if asked.kind is EntryKind.VOID else ():
            if each.state is STATES.HELD:
                each.state, each.digest = STATES.VOID, asked.digest
        if found.plan is not None:
            self._commit_plan(found.plan, asked.digest)
        return "done"

    def _commit_plan(self, name: str, digest: str) -> None:
        """A plan of which a release was published is committed once none of them is held."""
        plan = self.subjects[name]
        states = {each.state for each in self.subjects.values() if each.plan == name}
        if plan.state is STATES.HELD and STATES.COMMITTED in states and STATES.HELD not in states:
            plan.state, plan.digest = STATES.COMMITTED, digest


def limits_of(name: str) -> Amounts:
    return Amounts(*([100] * len(COLUMNS) if name == "a" else range(40, 40 + len(COLUMNS))))


class LedgerMachine(RuleBasedStateMachine):
    def free_place(self) -> LedgerPlace:
        """Where no ledger is yet."""
        raise NotImplementedError

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.place = self.free_place()
        self.store = self.place.create()
        for name in DATASETS:
            self.store.add_dataset(terms(name, limits_of(name)), AT)

    def ask(self, asked: Movement, releases: tuple[str, ...] = ()) -> str:
        try:
            return str(self.store.move(asked, releases=dict.fromkeys(releases, asked.digest)))
        except (BudgetExceeded, Conflict, UnknownDataset) as refusal:
            return type(refusal).__name__

    @rule(
        data=st.data(),
        kind=st.sampled_from((*[EntryKind.RESERVE] * 6, EntryKind.LEASE, EntryKind.OPENING)),
        subject=st.sampled_from(SUBJECTS),
        names=NAMES,
        late=LATE,
        digest=st.sampled_from("xy"),
    )
    def begin(
        self,
        data: st.DataObject,
        kind: EntryKind,
        subject: str,
        names: tuple[str, ...],
        late: int,
        digest: str,
    ) -> None:
        amounts = SMALL | SMALL | LARGE
        charges = {name: data.draw(amounts) for name in names}
        releases: tuple[str, ...] = ()
        if kind is EntryKind.RESERVE and subject != "three":
            releases = data.draw(st.sampled_from(((), ("r1",), ("r2", "r1"), ("r1", "three"))))
        found = self.model.subjects.get(subject)
        due = found.attempt + (found.state is STATES.VOID) if found else 0
        lines = tuple(Charge(name, amounts) for name, amounts in charges.items())
        asked = Movement(kind, subject, AT, lines, digest, attempt=due + late)
        assert self.ask(asked, releases) == self.model.begin(asked, charges, releases)

    @precondition(lambda self: self.model.subjects)
    @rule(
        data=st.data(),
        kind=st.sampled_from((EntryKind.COMMIT, EntryKind.VOID, EntryKind.VOID, EntryKind.RETURN)),
        digest=st.sampled_from("xyz"),
        late=LATE,
        change=st.sampled_from(("all", "all", "all", "half", "more", "other")),
    )
    def end(self, data: st.DataObject, kind: EntryKind, digest: str, late: int, change: str) -> None:
        subject = data.draw(st.sampled_from(sorted(self.model.subjects)))
        found = self.model.subjects[subject]
        taken = {
            name: -left if kind is not EntryKind.COMMIT else NOTHING for name, left in found.holds.items()
        }
        if kind is not EntryKind.COMMIT and change in {"half", "more"}:
            taken = {
                name: Amounts(*(amount // 2 if change == "half" else amount - 1 for amount in amounts))
                for name, amounts in taken.items()
            }
        if change == "other":
            taken["b" if "a" in taken else "a"] = NOTHING
        lines = tuple(Charge(name, amounts) for name, amounts in taken.items())
        asked = Movement(kind, subject, AT, lines, digest, attempt=found.attempt + late)
        assert self.ask(asked) == self.model.end(asked)

    @rule(name=st.sampled_from(DATASETS))
    @precondition(lambda self: len(self.model.subjects) > 4)
    def close_dataset(self, name: str) -> None:
        expected = Outcome.EXISTS if name in self.model.closed else Outcome.DONE
        self.model.closed.add(name)
        assert self.store.close_dataset(name, AT) is expected

    @rule()
    def open_again(self) -> None:
        self.store.close()
        self.store = self.place.open()

    @rule()
    def give_places(self) -> None:
        before = [entry.hash for entry in self.store.log()]
        size = self.store.sequence()
        log = [entry.hash for entry in self.store.log()]
        assert log[: len(before)] == before
        assert size == len(log) == sum(account.entries for account in self.store.accounts())

    @invariant()
    def what_is_held_is_what_the_model_holds(self) -> None:
        accounts = {account.terms.name: account for account in self.store.accounts()}
        assert {name: account.held for name, account in accounts.items()} == self.model.held
        assert {name for name, account in accounts.items() if account.closed} == self.model.closed

    @invariant()
    def subjects_stand_where_the_model_has_them(self) -> None:
        found = {
            each.subject: (
                each.state,
                each.attempt,
                {charge.dataset: charge.amounts for charge in each.charges},
            )
            for each in self.store.reservations()
        }
        assert found == {
            name: (each.state, each.attempt, each.holds) for name, each in self.model.subjects.items()
        }

    def teardown(self) -> None:
        require_sound(self.store)
        self.store.close()


def run_machine(machine: type[LedgerMachine], examples: int) -> None:
    run_state_machine_as_test(
        machine, settings=settings(max_examples=share(examples), stateful_step_count=30, deadline=None)
    )


def test_a_file_holds_what_the_model_holds() -> None:
    root = Path(tempfile.mkdtemp(prefix="ledger-"))

    class InFiles(LedgerMachine):
        def free_place(self) -> LedgerPlace:
            return sqlite_place(Path(tempfile.mkdtemp(dir=root)))

    try:
        run_machine(InFiles, 150)
    finally:
        shutil.rmtree(root)


def test_a_server_holds_what_the_model_holds() -> None:
    with cluster() as server:
        place = postgres_place(server, "laws")

        class OnServer(LedgerMachine):
            def free_place(self) -> LedgerPlace:
                with connected(place.url) as connection:
                    connection.execute("DROP SCHEMA IF EXISTS gatecli CASCADE")
                return place

        run_machine(OnServer, 60)
