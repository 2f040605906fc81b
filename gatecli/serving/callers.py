"""What each caller may spend: a ledger of its own, with a dataset for each caller by a keyed digest.

Callers collude, so this protects nobody by itself: the people's budget counts first. A caller pays for what
it has not been told before, also where another caller has.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial

from gatecli.accounting.portfolio import limits_of
from gatecli.errors import UsageError
from gatecli.gates.ledger_access import moment
from gatecli.ledger.interface import Conflict, Store
from gatecli.ledger.ledger_thread import LedgerThread
from gatecli.model.budget import Budget, Neighbouring
from gatecli.model.ledger import DatasetTerms, in_letters
from gatecli.model.mechanism import Mechanism
from gatecli.model.private_endpoint import CallerBudget
from gatecli.serving.leases import AnswerCost
from gatecli.serving.paid_answers import LeaseClock, PaidAnswers

MOST_CALLERS = 10_000
"""Callers whose leases are held at once; of others the rest of a lease is given back."""
MOST_TOLD = 100_000
"""Answers that are known to have been told to a caller; one that is forgotten is paid again."""
LARGEST_LEASE = 10


@dataclass(slots=True)
class Callers:
    """The callers of an endpoint. `key` tells them apart in the ledger, and is the same after a restart."""

    ledger: LedgerThread
    endpoint: str
    budget: CallerBudget
    mechanism: Mechanism
    answer_epsilon: Fraction
    key: bytes = field(repr=False)
    clock: LeaseClock
    _paid: OrderedDict[str, PaidAnswers] = field(default_factory=OrderedDict, repr=False)
    _told: OrderedDict[bytes, None] = field(default_factory=OrderedDict, repr=False)

    async def charge(self, caller: str) -> Callable[[], None]:
        """Charge a caller for an answer; what is returned gives it back, where none was asked for.

        Raises BudgetSpent, GatecliError.
        """
        paid = await self._answers_of(caller)
        return partial(paid.give_back, await paid.take())

    def is_told(self, caller: str, question: bytes, answer: bytes) -> bool:
        """Whether the caller was given this very answer, as far as is remembered."""
        return self._telling(caller, question, answer) in self._told

    def tell(self, caller: str, question: bytes, answer: bytes) -> None:
        """Remember that the caller was given it. The same question with new noise is another answer."""
        told = self._telling(caller, question, answer)
        self._told[told] = None
        self._told.move_to_end(told)
        if len(self._told) > MOST_TOLD:
            self._told.popitem(last=False)

    async def close(self) -> None:
        """Give back what nobody used."""
        held, self._paid = self._paid, OrderedDict()
        for each in held.values():
            await each.close()
        await self.ledger.close()

    async def _answers_of(self, caller: str) -> PaidAnswers:
        name = self._dataset_of(caller)
        paid = self._paid.get(name)
        if paid is None:
            cost = AnswerCost(self.endpoint, name, self.mechanism)
            begin = partial(add_caller, terms=terms_of_caller(name, self.budget), clock=self.clock)
            paid = self._paid[name] = PaidAnswers(self.ledger, cost, self._lease(), self.clock, begin)
            if len(self._paid) > MOST_CALLERS:
                _, oldest = self._paid.popitem(last=False)
                await oldest.close()
        else:
            self._paid.move_to_end(name)
        return paid

    def _telling(self, caller: str, question: bytes, answer: bytes) -> bytes:
        text = b"".join((question, hashlib.sha256(answer).digest(), caller.encode("utf-8", "surrogatepass")))
        return hmac.digest(self.key, text, "sha256")

    def _dataset_of(self, caller: str) -> str:
        digest = hmac.new(self.key, caller.encode("utf-8", "surrogatepass"), "sha256").hexdigest()
        return f"caller-{in_letters(digest[:32])}"

    def _lease(self) -> int:
        """A tenth of what a caller may ask, at most `LARGEST_LEASE`."""
        return min(LARGEST_LEASE, max(1, int(self.budget.epsilon / self.answer_epsilon) // 10))


def caller_of(header: str) -> str:
    """Who calls, by a header: one name, however its blanks and the letters of its scheme are written."""
    first, *rest = header.split() or [""]
    return " ".join((first.lower(), *rest)) if rest else first


def add_caller(store: Store, terms: DatasetTerms, clock: LeaseClock) -> None:
    """Begin an account. Raises UsageError where it was begun with another budget."""
    try:
        store.add_dataset(terms, moment(clock.wall()))
    except Conflict:
        raise UsageError(
            "the callers' ledger was begun with another budget for each caller",
            advice="name another file under budget.perCaller.ledger, or the budget that it had",
        ) from None


def terms_of_caller(name: str, budget: CallerBudget) -> DatasetTerms:
    """The account of a caller. Raises UsageError for a budget that no ledger holds."""
    given = Budget(budget.epsilon, budget.delta)
    try:
        limits = limits_of(given)
    except ValueError as error:
        raise UsageError(f"budget.perCaller: {error}", advice="give a smaller one") from None
    return DatasetTerms(name, "caller", Neighbouring.ADD_REMOVE, given, limits)
