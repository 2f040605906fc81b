"""However answers are taken, given back, cut off and begun again: no answer leaves that was not paid for."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from gatecli.accounting.interface import Question
from gatecli.accounting.portfolio import amounts_of
from gatecli.ledger.ledger_thread import LedgerThread
from gatecli.ledger.verification import verify
from gatecli.model.budget import Neighbouring
from gatecli.model.mechanism import DiscreteGaussian, DiscreteLaplace
from gatecli.model.portfolio import Amounts, is_admitted
from gatecli.serving.leases import AnswerCost, BudgetSpent
from gatecli.serving.paid_answers import PAUSE, HeldLease, PaidAnswers
from tests.support.examples import share
from tests.support.leases import SetClock, held, people
from tests.support.ledgers import require_sound, sqlite_place

T = TypeVar("T")
MECHANISMS = st.sampled_from(
    (
        DiscreteLaplace(sensitivity=1, scale=Fraction(1)),
        DiscreteLaplace(sensitivity=1024, scale=Fraction(10240, 3)),
        DiscreteLaplace(sensitivity=1, scale=Fraction(2), count=2),
        DiscreteGaussian(sensitivity=1, standard_deviation=Fraction(5), count=2),
    )
)
EXACT = ("rdp_4", "rdp_8")
"""Columns in which many answers cost what each of them costs, but for the rounding of each."""
BUDGETS = st.sampled_from(
    (
        (500, 0),
        (500, Fraction(1, 10**6)),
        (3, 0),
        (12, 0),
        (5, Fraction(1, 10**6)),
        (Fraction(1, 2), Fraction(1, 10**9)),
    )
)


class Serving(RuleBasedStateMachine):
    """Two processes that answer from one budget."""

    @initialize(mechanism=MECHANISMS, budget=BUDGETS, size=st.integers(1, 12))
    def begin(self, mechanism: DiscreteLaplace, budget: tuple[Any, Any], size: int) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.place = sqlite_place(self.folder)
        self.store = self.place.create()
        people(self.store, *budget)
        self.loop, self.clock = asyncio.new_event_loop(), SetClock()
        self.cost, self.size = AnswerCost("churn", "people", mechanism), size
        self.processes = [self.start(), self.start()]
        self.asked: list[tuple[PaidAnswers, HeldLease]] = []
        self.given = 0
        account = self.store.account("people")
        assert account is not None
        self.limits = account.terms.limits
        one = amounts_of(Question((mechanism,), Fraction(0), Neighbouring.ADD_REMOVE), account.terms)
        assert isinstance(one, Amounts)
        self.single = one

    def start(self) -> PaidAnswers:
        return PaidAnswers(LedgerThread(self.place.open), self.cost, self.size, self.clock.lease_clock())

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    @rule(which=st.integers(0, 1))
    def take(self, which: int) -> None:
        paid = self.processes[which]
        try:
            self.asked.append((paid, self.run(paid.take())))
        except BudgetSpent:
            return

    @rule(which=st.integers(0, 1), several=st.integers(2, 15))
    def take_at_once(self, which: int, several: int) -> None:
        paid = self.processes[which]

        async def all_of_them() -> list[HeldLease | BaseException]:
            return await asyncio.gather(*(paid.take() for _ in range(several)), return_exceptions=True)

        for each in self.run(all_of_them()):
            assert isinstance(each, HeldLease | BudgetSpent)
            if isinstance(each, HeldLease):
                self.asked.append((paid, each))

    @precondition(lambda self: self.asked)
    @rule()
    def answer(self) -> None:
        self.asked.pop()
        self.given += 1

    @precondition(lambda self: self.asked)
    @rule()
    def never_asked(self) -> None:
        paid, lease = self.asked.pop()
        paid.give_back(lease)

    @rule(which=st.integers(0, 1))
    def close_and_begin_anew(self, which: int) -> None:
        paid = self.processes[which]
        self.run(paid.close())
        self.run(paid.ledger.close())
        self.processes[which] = self.start()

    @rule(which=st.integers(0, 1))
    def crash_and_begin_anew(self, which: int) -> None:
        """What was asked and not answered is never answered."""
        paid = self.processes[which]
        self.run(paid.ledger.close())
        self.asked = [each for each in self.asked if each[0] is not paid]
        self.processes[which] = self.start()

    @rule(seconds=st.sampled_from((0.5, 2 * PAUSE)))
    def wait(self, seconds: float) -> None:
        self.clock.seconds += seconds

    @invariant()
    def no_answer_is_given_that_was_not_paid_for(self) -> None:
        spent = held(self.store)
        assert is_admitted(spent, self.limits)
        out = self.given + len(self.asked)
        for column in EXACT:
            one, most = getattr(self.single, column), getattr(self.limits, column)
            assert getattr(spent, column) >= min(out * (one - 1), most)

    def teardown(self) -> None:
        if not hasattr(self, "loop"):
            return
        for paid in self.processes:
            self.run(paid.close())
            self.run(paid.ledger.close())
        self.no_answer_is_given_that_was_not_paid_for()
        require_sound(self.store)
        assert verify(self.store).holds
        self.store.close()
        self.loop.close()
        shutil.rmtree(self.folder)


def test_no_answer_leaves_that_was_not_paid_for() -> None:
    run_state_machine_as_test(Serving, settings=settings(max_examples=share(60), stateful_step_count=25))
