"""The gates of a run, and how long each takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gatecli.cli.checking.anonymity import anonymity
from gatecli.cli.checking.coverage import coverage
from gatecli.cli.checking.pii import pii
from gatecli.cli.checking.release import release
from gatecli.cli.checking.run import Gate, Run
from gatecli.cli.checking.terraform import terraform
from gatecli.model.verdict import Verdict, combine

if TYPE_CHECKING:
    from collections.abc import Iterator

GATES: Mapping[Gate, Callable[[Run], Verdict]] = {
    Gate.RELEASE: release,
    Gate.ANONYMITY: anonymity,
    Gate.PII: pii,
    Gate.TERRAFORM: terraform,
}


class Timings:
    """Seconds by what they were spent on, in order."""

    def __init__(self) -> None:
        self._spent: dict[str, float] = {}

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        begun = time.monotonic()
        yield
        self._spent[name] = time.monotonic() - begun

    def __str__(self) -> str:
        """A line each, with its share of the whole."""
        whole = sum(self._spent.values())
        return "".join(
            f"{name:<10} {seconds:7.2f} s  {seconds / whole if whole else 0:4.0%}\n"
            for name, seconds in (*self._spent.items(), ("all", whole))
        )


def judged(run: Run, timings: Timings) -> Verdict:
    """One verdict over every gate of the run, in their order."""
    parts = []
    for gate, judge in GATES.items():
        if gate in run.gates:
            with timings.of(gate.value):
                parts.append(judge(run))
    with timings.of("coverage"):
        also = coverage(run, parts)
    return combine(tuple(parts), also)
