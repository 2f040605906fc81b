"""A plan is checked by `gatecli terraform check` in a process of its own.

A process can be ended at a deadline, gives its memory back, may crash without an answer being lost, and
never holds the token or the shared key.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO

from gatecli.run_tasks.task_results import Result, failed_result, result_of

LONGEST_REPORT = 32 * 1024 * 1024
"""Bytes; above that there are tens of thousands of findings."""
LONGEST_SAID = 2_000
OWN = "GATECLI_"
"""Variables that begin so are options: the command gets those of this service, and no others."""


@dataclass(frozen=True, slots=True)
class CheckCommand:
    """The command that reads a plan from its standard input; `options` stand behind its name."""

    options: Sequence[str]
    environment: Mapping[str, str] = field(repr=False)

    async def __call__(self, plan: IO[bytes], sha256: str) -> tuple[Result, str]:
        """What the check came to, and what it said on stderr if it went wrong.

        Whoever cancels it ends the process, and nothing of it is left.
        """
        plan.seek(0)
        process = await asyncio.create_subprocess_exec(
            *self._command(),
            stdin=plan,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={name: value for name, value in self.environment.items() if not name.startswith(OWN)},
            start_new_session=True,  # ctrl-C is this service's to hear
        )
        try:
            output, said = await asyncio.gather(
                _read(process.stdout, LONGEST_REPORT), _read(process.stderr, LONGEST_SAID)
            )
            if len(output) > LONGEST_REPORT:
                return failed_result("The gate is closed; there are more findings than can be shown."), ""
            code = await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await asyncio.shield(process.wait())
        ok = code in {0, 1}
        return result_of(code, output, sha256), "" if ok else said[:LONGEST_SAID].decode("utf-8", "replace")

    def _command(self) -> Sequence[str]:
        # -P: nothing in the folder that the service was started in is imported.
        own = (sys.executable, "-P", "-m", "gatecli", "terraform", "check")
        return [*own, "--format=json", "--color=never", *self.options, "-"]


async def _read(stream: asyncio.StreamReader | None, most: int) -> bytes:
    """All of it; only its beginning, and a byte more than `most`, where there is more."""
    if stream is None:
        return b""
    kept = bytearray()
    while chunk := await stream.read(65536):
        kept += chunk[: most + 1 - len(kept)]
    return bytes(kept)
