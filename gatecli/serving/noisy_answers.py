"""Answers with noise: paid for, asked of the model, read as one of a known set, noised, and remembered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Protocol, TypeVar

from gatecli.errors import GatecliError
from gatecli.serving.answer_bodies import scores_body, votes_body
from gatecli.serving.answer_values import Class, ScoreGrid, UnreadableAnswer, read_class, read_scores
from gatecli.serving.answers_cache import AnswersCache
from gatecli.serving.callers import Callers
from gatecli.serving.leases import BudgetSpent
from gatecli.serving.noise_pool import NoisePool
from gatecli.serving.paid_answers import PaidAnswers
from gatecli.serving.passed_headers import Header
from gatecli.serving.refusals import AnswerRefused, RefusalReason
from gatecli.serving.upstream import Upstream, UpstreamError, UpstreamFault

T = TypeVar("T")

SELECTING = frozenset(
    f"x-amzn-sagemaker-{name}"
    for name in (
        "custom-attributes",
        "inference-component",
        "session-id",
        "target-container-hostname",
        "target-model",
        "target-variant",
    )
)
"""Headers that say which model is asked, or how: another one of them is another question."""


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question in its one form, where the model takes it, and who asks."""

    url: str
    headers: tuple[Header, ...]
    content_type: str
    body: bytes
    caller: str
    is_open_inference: bool = False
    model: str = ""

    def parts(self) -> tuple[bytes, ...]:
        """What the model's answer may depend on."""
        lowered = ((name.lower(), value) for name, value in self.headers)
        # By name alone: of two values of one name a model may take the first.
        selecting = sorted((each for each in lowered if each[0] in SELECTING), key=itemgetter(0))
        texts = (self.url, self.content_type, *(": ".join(each) for each in selecting))
        return (*(each.encode("utf-8", "surrogatepass") for each in texts), self.body)


class NoisedModel(Protocol):
    """What is asked, and turned into numbers that one unit changes by no more than was accounted."""

    async def numbers(self, asked: AskedQuestion) -> Sequence[int]:
        """Raises UpstreamError."""
        ...

    def body(self, noisy: Sequence[int], asked: AskedQuestion) -> bytes:
        """The answer to give."""
        ...


@dataclass(frozen=True, slots=True)
class ScoringModel:
    """One model, whose scores may be anything on a grid."""

    upstream: Upstream
    grid: ScoreGrid

    async def numbers(self, asked: AskedQuestion) -> Sequence[int]:
        """The scores as steps of the grid."""
        answer = await self.upstream.ask("POST", asked.url, asked.headers, asked.body)
        try:
            return read_scores(answer.body, answer.content_type, self.grid)
        except UnreadableAnswer:
            raise UpstreamError(UpstreamFault.UNREADABLE) from None

    def body(self, noisy: Sequence[int], asked: AskedQuestion) -> bytes:
        scores = [self.grid.score_of(each) for each in noisy]
        return scores_body(scores, is_open_inference=asked.is_open_inference, model=asked.model)


@dataclass(frozen=True, slots=True)
class VotingModels:
    """Several models of disjoint people; one that fails, or says something else, has no vote."""

    upstream: Upstream
    url_of: Callable[[str, AskedQuestion], str]
    models: tuple[str, ...]
    classes: tuple[Class, ...]
    positions: Mapping[tuple[type, Class], int]
    pointer: str | None
    note: Callable[[UpstreamFault], None]

    async def numbers(self, asked: AskedQuestion) -> Sequence[int]:
        """The votes for each class. Raises UpstreamError where no model could be asked at all.

        That a model failed once it was asked may follow from its people: it has no vote, also where no other
        has one. An error would tell of it without noise.
        """
        found = await asyncio.gather(*(self._vote(each, asked) for each in self.models))
        if all(each is UpstreamFault.UNREACHABLE for each in found):
            raise UpstreamError(UpstreamFault.UNREACHABLE)
        counts = [0] * len(self.classes)
        for vote in found:
            if isinstance(vote, int):
                counts[vote] += 1
        return counts

    def body(self, noisy: Sequence[int], asked: AskedQuestion) -> bytes:
        return votes_body(self.classes, noisy, is_open_inference=asked.is_open_inference, model=asked.model)

    async def _vote(self, model: str, asked: AskedQuestion) -> int | UpstreamFault | None:
        try:
            url = self.url_of(model, asked)
            answer = await self.upstream.ask("POST", url, asked.headers, asked.body)
            return read_class(answer.body, answer.content_type, self.pointer, self.positions)
        except UnreadableAnswer:
            self.note(UpstreamFault.UNREADABLE)
            return None
        except UpstreamError as error:
            self.note(error.fault)
            return error.fault
        except Exception:  # noqa: BLE001 - an error of the answer would tell without noise what one model did
            self.note(UpstreamFault.BROKEN)
            return None


@dataclass(slots=True)
class NoisyAnswers:
    """The answers of an endpoint with noise. `spent` is told of each answer that was paid for and given."""

    model: NoisedModel
    noise: NoisePool
    paid: PaidAnswers
    cache: AnswersCache
    callers: Callers | None
    spent: Callable[[], None]
    counters: tuple[Callable[[], None], Callable[[], None]]
    """Told of a question that is new, and of one that was answered before."""

    async def answer(self, asked: AskedQuestion) -> bytes:
        """The answer to a question: the one that was given, or a new one.

        The people's budget is asked first, the caller's second. Raises AnswerRefused, UpstreamError.
        """
        question = self.cache.question_key(*asked.parts())
        known = self.cache.get(question)
        self.counters[known is not None]()
        if known is None:
            await take_paid(self.paid.require())
        if self.callers is None:
            return known or await self.cache.answer(question, lambda: self._ask(asked))
        if known is not None and self.callers.is_told(asked.caller, question, known):
            return known
        give_back = await take_paid(self.callers.charge(asked.caller), RefusalReason.CALLER)
        try:
            answer = known or await self.cache.answer(question, lambda: self._ask(asked))
        except (AnswerRefused, UpstreamError) as error:
            if not was_asked(error):
                give_back()
            raise
        self.callers.tell(asked.caller, question, answer)
        return answer

    async def _ask(self, asked: AskedQuestion) -> bytes:
        lease = await take_paid(self.paid.take())
        try:
            numbers = await self.model.numbers(asked)
        except UpstreamError as error:
            if not was_asked(error):
                self.paid.give_back(lease)
            raise
        noisy = await self.noise.add_noise_soon(numbers)
        self.spent()
        return self.model.body(noisy, asked)


def was_asked(error: AnswerRefused | UpstreamError) -> bool:
    """Whether a model may have seen the question that ended so."""
    return isinstance(error, UpstreamError) and error.fault is not UpstreamFault.UNREACHABLE


async def take_paid(payment: Awaitable[T], reason: RefusalReason = RefusalReason.BUDGET) -> T:
    """What a budget gives; where it gives nothing, AnswerRefused is raised with the reason."""
    try:
        return await payment
    except BudgetSpent:
        raise AnswerRefused(reason) from None
    except GatecliError:
        raise AnswerRefused(RefusalReason.LEDGER) from None
