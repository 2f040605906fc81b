"""The side that asks for pseudonyms: the key is in another process, which ends after them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from types import TracebackType
from typing import Any, Self

from gatecli.data.isolation.messages import read_error, read_message, write_message
from gatecli.data.isolation.processes import start_worker
from gatecli.errors import UncheckableError
from gatecli.model.secret_reference import SecretReference

WORKER = "gatecli.data.isolation.pseudonym_worker"
AT_ONCE = 10_000
"""Values in one message."""


class PseudonymProcess:
    """Pseudonyms by a key that this process never has; close it when they are made."""

    def __init__(self, reference: SecretReference, context: str | None = None) -> None:
        """Start it, and have it fetch the key. Raises what `fetch_secret` raises."""
        self._stream, self._closing = start_worker(WORKER, self)
        try:
            opened = self._call({"secret": asdict(reference), "context": context})
            self.version: str = opened["version"]
        except BaseException:
            self.close()
            raise

    def pseudonyms(self, values: Sequence[str]) -> list[str]:
        """The pseudonym of each value."""
        made: list[str] = []
        for start in range(0, len(values), AT_ONCE):
            made += self._call({"pseudonymise": values[start : start + AT_ONCE]})
        return made

    def _call(self, message: Mapping[str, Any]) -> Any:
        try:
            write_message(self._stream, message)
            reply = read_message(self._stream)
        except (OSError, ValueError):
            reply = None
        if reply is None:
            self.close()
            raise UncheckableError(
                "the process that holds the key has ended", advice="nothing was written; run it again"
            )
        if "error" in reply:
            raise read_error(reply["error"])
        return reply["value"]

    def close(self) -> None:
        """End the other process, and with it the only copy of the key."""
        self._closing()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
