"""Questions that were answered: the same question gets the same bytes.

The cache is a part of the mechanism. A noisy answer that is given again says nothing new and costs nothing;
a question that was forgotten is answered with new noise, and paid for again. Questions are kept as HMACs by
a key of the process: what people asked cannot be read from memory dumps, nor tried out.
"""

from __future__ import annotations

import asyncio
import hmac
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from gatecli.model.private_endpoint import OF_ENTRY


@dataclass(slots=True)
class AnswersCache:
    """Answers by their questions; those that were asked for longest ago are forgotten first."""

    key: bytes = field(repr=False)
    most_entries: int
    most_bytes: int
    evictions: int = 0
    _held: OrderedDict[bytes, bytes] = field(default_factory=OrderedDict, repr=False)
    _size: int = 0
    _asked: dict[bytes, asyncio.Task[bytes]] = field(default_factory=dict, repr=False)

    def question_key(self, *parts: bytes) -> bytes:
        """The keyed digest of a question; no two sequences of parts give the same text."""
        text = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
        return hmac.digest(self.key, text, "sha256")

    def get(self, question: bytes) -> bytes | None:
        """The answer that was given."""
        answer = self._held.get(question)
        if answer is not None:
            self._held.move_to_end(question)
        return answer

    async def answer(self, question: bytes, ask: Callable[[], Awaitable[bytes]]) -> bytes:
        """The answer that was given, or that of `ask`; of those who ask at once only the first asks.

        Raises what `ask` raises, to all of them.
        """
        if (known := self.get(question)) is not None:
            return known
        asked = self._asked.get(question)
        if asked is None:
            asked = self._asked[question] = asyncio.create_task(self._ask(question, ask))
            asked.add_done_callback(_look_at)
        return await asyncio.shield(asked)

    async def _ask(self, question: bytes, ask: Callable[[], Awaitable[bytes]]) -> bytes:
        """In a task of its own: whoever asked first may go away."""
        try:
            answer = await ask()
            self.put(question, answer)
            return answer
        finally:
            del self._asked[question]

    def put(self, question: bytes, answer: bytes) -> None:
        """Keep an answer, within the bounds."""
        size = len(answer) + OF_ENTRY
        if not self.most_entries or size > self.most_bytes:
            return
        self._forget(question)
        self._held[question] = answer
        self._size += size
        while len(self._held) > self.most_entries or self._size > self.most_bytes:
            _, gone = self._held.popitem(last=False)
            self._size -= len(gone) + OF_ENTRY
            self.evictions += 1

    def _forget(self, question: bytes) -> None:
        if (old := self._held.pop(question, None)) is not None:
            self._size -= len(old) + OF_ENTRY

    def __len__(self) -> int:
        return len(self._held)


def _look_at(task: asyncio.Task[bytes]) -> None:
    """An error is seen, also where nobody waits any more."""
    if not task.cancelled():
        task.exception()
