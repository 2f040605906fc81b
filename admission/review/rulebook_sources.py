"""Where rulebooks come from: a source gives a new one whenever the policy changed, and never a broken one."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from admission.logs import LOGGER
from admission.review.rulebook import Rulebook, warm
from gatecli.errors import GatecliError


class PolicySource(Protocol):
    """Gives rulebooks for as long as it is iterated, the first as soon as there is one.

    What does not validate is logged and counted there, and gives nothing: the last good one stays in force.
    """

    def __call__(self) -> AsyncIterator[Rulebook]: ...


@dataclass(frozen=True, slots=True)
class FileSource:
    """Policy and waiver files, read again when a byte of them changed; `read` gives their rulebook.

    `rejected` is told of every version that cannot be used. Files that a policy extends are not looked
    at: touch the policy after changing one.
    """

    files: Sequence[Path]
    read: Callable[[], Rulebook]
    seconds: float
    rejected: Callable[[], object] = field(default=lambda: None)

    async def __call__(self) -> AsyncIterator[Rulebook]:
        seen = ""
        generation = 0
        while True:
            now = await asyncio.to_thread(digest_of, self.files)
            if now != seen:
                seen = now
                generation += 1
                rulebook = await self._rulebook(generation)
                if rulebook is not None:
                    yield rulebook
            await asyncio.sleep(self.seconds)

    async def _rulebook(self, generation: int) -> Rulebook | None:
        try:
            rulebook = await asyncio.to_thread(self.read)
        except GatecliError as error:
            self.rejected()
            # The message names files, rules and keys of a policy: configuration, and nobody's data.
            LOGGER.error("the policy cannot be used; the last good one stays in force: %s", error.message)
            return None
        return replace(rulebook, generation=generation)


@dataclass(slots=True)
class RulebookHolder:
    """The rulebook in force; None before the first."""

    rulebook: Rulebook | None = None

    async def fill(self, source: PolicySource, noted: Callable[[Rulebook], object]) -> None:
        """Put every rulebook of `source` in force, warm, until cancelled; `noted` is told of each."""
        async for rulebook in source():
            await asyncio.to_thread(warm, rulebook)
            self.rulebook = rulebook
            noted(rulebook)
            LOGGER.info(
                "a policy is in force",
                extra={
                    "fields": {
                        "policy": rulebook.stamp.name,
                        "digest": rulebook.digest,
                        "generation": rulebook.generation,
                    }
                },
            )


def digest_of(files: Sequence[Path]) -> str:
    """SHA-256 over the content of the files; an unreadable file counts as such and is not an error here."""
    whole = hashlib.sha256()
    for file in files:
        try:
            content = b"1" + file.read_bytes()
        except OSError as error:
            content = b"0" + type(error).__name__.encode()
        whole.update(hashlib.sha256(content).digest())
    return whole.hexdigest()
