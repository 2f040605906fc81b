"""Whoever asks what and when, of whatever models: each answer that somebody holds was paid for, by both."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import count
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from gatecli.ledger.ledger_thread import LedgerThread
from gatecli.ledger.verification import verify
from gatecli.model.private_endpoint import CallerBudget
from gatecli.serving.answers_cache import AnswersCache
from gatecli.serving.callers import Callers
from gatecli.serving.noise_pool import NoisePool
from gatecli.serving.noisy_answers import AskedQuestion, NoisyAnswers
from gatecli.serving.paid_answers import PaidAnswers
from gatecli.serving.refusals import AnswerRefused
from gatecli.serving.upstream import UpstreamError, UpstreamFault
from tests.support.examples import share
from tests.support.leases import COST, ONE, SetClock, answers_held, people
from tests.support.ledgers import require_sound, sqlite_place

FAULTS = st.sampled_from((None, None, None, UpstreamFault.UNREACHABLE, UpstreamFault.STATUS))


@dataclass(frozen=True)
class Asking:
    """A question of a caller, and what becomes of it at the model if it is asked there."""

    caller: str
    question: bytes
    fault: UpstreamFault | None
    is_given_up: bool


ASKINGS = st.builds(
    Asking, st.sampled_from("xyz"), st.sampled_from((b"1", b"2", b"3", b"4")), FAULTS, st.booleans()
)


@dataclass
class Model:
    """Answers once others had their turn, or fails as the question says."""

    asked: int = 0
    faults: dict[bytes, UpstreamFault | None] = field(default_factory=dict)

    async def numbers(self, asked: AskedQuestion) -> Sequence[int]:
        await asyncio.sleep(0)
        fault = self.faults.get(asked.body)
        if fault is not UpstreamFault.UNREACHABLE:
            self.asked += 1
        if fault is not None:
            raise UpstreamError(fault)
        return [0]

    def body(self, noisy: Sequence[int], asked: AskedQuestion) -> bytes:
        return asked.body + b":%d" % noisy[0]


@settings(max_examples=share(60))
@given(
    rounds=st.lists(st.lists(ASKINGS, max_size=6), max_size=5),
    entries=st.integers(0, 3),
    budgets=st.tuples(st.integers(1, 8), st.integers(1, 4)),
    lease=st.integers(1, 5),
)
@example(
    rounds=[[Asking("x", b"1", UpstreamFault.STATUS, is_given_up=False)]], entries=1, budgets=(5, 3), lease=2
)
def test_every_answer_that_somebody_holds_was_paid_for(
    rounds: list[list[Asking]], entries: int, budgets: tuple[int, int], lease: int
) -> None:
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(_play(Path(name), rounds, entries, budgets, lease))


async def _play(
    folder: Path, rounds: list[list[Asking]], entries: int, budgets: tuple[int, int], lease: int
) -> None:
    for each in ("people", "callers"):
        (folder / each).mkdir()
    places = [sqlite_place(folder / each) for each in ("people", "callers")]
    own, theirs = (place.create() for place in places)
    people(own, budgets[0])
    clock, numbers, model = SetClock(), count(1), Model()
    budget = CallerBudget.model_validate({"epsilon": budgets[1]})
    ledgers = [LedgerThread(place.open) for place in places]
    callers = Callers(ledgers[1], "churn", budget, ONE, Fraction(1), b"k" * 32, clock.lease_clock("c"))
    paid = PaidAnswers(ledgers[0], COST, lease, clock.lease_clock("p"))
    pool = NoisePool(lambda zeros: [next(numbers) for _ in zeros], 4)
    answers = NoisyAnswers(
        model, pool, paid, AnswersCache(b"q" * 32, entries, 1 << 20), callers, lambda: None, (_skip, _skip)
    )
    told: set[tuple[str, bytes]] = set()

    async def ask(asking: Asking) -> None:
        asked = AskedQuestion("http://m/", (), "text/csv", asking.question, asking.caller)
        task = asyncio.create_task(answers.answer(asked))
        if asking.is_given_up:
            await asyncio.sleep(0)
            task.cancel()
        try:
            told.add((asking.caller, await task))
        except (AnswerRefused, UpstreamError, asyncio.CancelledError):
            return

    for turn in rounds:
        model.faults = {each.question: each.fault for each in turn}
        await asyncio.gather(*(ask(each) for each in turn))
        clock.seconds += 2
    await asyncio.gather(*answers.cache._asked.values(), return_exceptions=True)
    await paid.close()
    await callers.close()
    await ledgers[0].close()
    given = {answer for _, answer in told}
    assert len(given) <= answers_held(own) <= budgets[0]
    assert model.asked <= answers_held(own)
    for caller in "xyz":
        held = (
            answers_held(theirs, callers._dataset_of(caller))
            if theirs.account(callers._dataset_of(caller))
            else 0
        )
        assert sum(who == caller for who, _ in told) <= held <= budgets[1]
    for store in (own, theirs):
        require_sound(store)
        assert verify(store).holds
        store.close()


def _skip() -> None:
    """Nobody counts."""
