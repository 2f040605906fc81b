"""Runs of a trusted mechanism in this process: what a sandbox is, without the process."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Any

from gatecli.audit.attack import AuditTarget, Effort, attack
from gatecli.audit.calling import Mechanism, call_of
from gatecli.audit.neighbours import Pair
from gatecli.audit.outputs import Outputs, read_outputs
from gatecli.model.audit import AuditClaim, AuditResult


class DirectSource:
    """A source of outputs; time is not counted."""

    def __init__(self, mechanism: Mechanism, claim: AuditClaim, pairs: Sequence[Pair]) -> None:
        self._call = call_of(mechanism, float(claim.epsilon), float(claim.delta))
        self._inputs: list[Any] = [each for pair in pairs for each in (pair.first, pair.second)]
        self.seconds = 0.0
        self.asked: list[tuple[int, ...]] = []

    @property
    def limit(self) -> float:
        """No budget of time."""
        return math.inf

    @property
    def most_runs(self) -> int:
        """As many as are asked for."""
        return sys.maxsize

    def draw(self, data: int, seed: Sequence[int], count: int) -> Outputs:
        """The outputs; the seed is kept in `asked`."""
        self.asked.append((data, *seed))
        run = self._call.outputs(self._inputs[data], seed, count)
        if "runs" in self._call.names:
            return read_outputs(run(0))
        return read_outputs([output for index in range(count) for output in run(index)])


def attack_directly(
    mechanism: Mechanism, claim: AuditClaim, pairs: Sequence[Pair], effort: Effort
) -> AuditResult:
    """The result of an attack on a trusted mechanism."""
    name = getattr(mechanism, "__name__", "mechanism")
    return attack(AuditTarget(name, claim, tuple(pairs)), DirectSource(mechanism, claim, pairs), effort)
