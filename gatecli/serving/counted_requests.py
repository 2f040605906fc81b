"""Mode `aggregates`: a request is counted by its answer, which nobody is told; counts are told with noise."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from gatecli.serving.answer_bodies import window_body
from gatecli.serving.answer_values import Class, UnreadableAnswer, read_class, value_at
from gatecli.serving.answers_cache import AnswersCache
from gatecli.serving.noise_pool import NoisePool
from gatecli.serving.noisy_answers import AskedQuestion, take_paid
from gatecli.serving.paid_answers import PaidAnswers
from gatecli.serving.questions import BadQuestion
from gatecli.serving.upstream import Upstream, UpstreamError, UpstreamFault
from gatecli.serving.windows import Windows

COUNTED = b'{"counted":true}\n'
"""The answer to every request that the model answered, whether it counted or not."""
PATH = "/aggregates"


class NoWindow(Exception):
    """A window that is not over, or no longer kept."""


@dataclass(slots=True)
class CountedRequests:
    """The requests of an endpoint, and the windows that they count in."""

    upstream: Upstream
    windows: Windows
    classes: tuple[Class, ...]
    positions: Mapping[tuple[type, Class], int]
    pointer: str | None
    unit: str | None
    noise: NoisePool
    paid: PaidAnswers
    published: AnswersCache
    spent: Callable[[], None]

    async def count(self, asked: AskedQuestion) -> bytes:
        """Ask the model, and count. Raises BadQuestion where the unit is not named, UpstreamError."""
        unit = None if self.unit is None else _unit_of(asked.body, self.unit)
        answer = await self.upstream.ask("POST", asked.url, asked.headers, asked.body)
        try:
            answered = read_class(answer.body, answer.content_type, self.pointer, self.positions)
        except UnreadableAnswer:
            raise UpstreamError(UpstreamFault.UNREADABLE) from None
        self.windows.count(unit, answered)
        return COUNTED

    async def window(self, path: str) -> bytes:
        """The noisy counts of a window that is over: `/aggregates` is the last one, `/aggregates/N` is N.

        Raises NoWindow, AnswerRefused.
        """
        named = path.removeprefix(PATH).removeprefix("/")
        if named and not (named.isascii() and named.isdecimal() and len(named) < 16):
            raise NoWindow
        number = int(named) if named else self.windows.current() - 1
        counts = self.windows.closed_counts(number)
        if counts is None:
            raise NoWindow
        key = self.published.question_key(str(number).encode())
        return await self.published.answer(key, lambda: self._publish(number, counts))

    async def _publish(self, number: int, counts: list[int]) -> bytes:
        await take_paid(self.paid.take())
        noisy = await self.noise.add_noise_soon(counts)
        self.spent()
        begins = datetime.fromtimestamp(number * self.windows.seconds, UTC)
        return window_body(
            self.classes, noisy, number, begins.strftime("%Y-%m-%dT%H:%M:%SZ"), self.windows.seconds
        )


def _unit_of(body: bytes, pointer: str) -> bytes:
    """Whom a request is about, as JSON. Raises BadQuestion."""
    try:
        unit = value_at(json.loads(body), pointer)
    except (ValueError, RecursionError, UnreadableAnswer):
        unit = None
    if unit is None or isinstance(unit, dict | list):
        raise BadQuestion("the request does not say whom it is about")
    is_whole = isinstance(unit, float) and unit.is_integer()  # 1 and 1.0 are one number to JSON
    return json.dumps(int(unit) if is_whole else unit).encode()
