"""The audit of one mechanism: its process, its state, and one attack for each method."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gatecli.audit.attack import (
    AuditProgress,
    AuditTarget,
    Effort,
    attack,
    check_testable,
    could_not_run,
    reason_of,
)
from gatecli.audit.calling import Reference
from gatecli.audit.neighbours import Pair
from gatecli.audit.sandbox import Sandbox, TimeSpent
from gatecli.audit.state import StateFile, code_of, digest_of
from gatecli.audit.worker import SandboxLimits
from gatecli.errors import ConfigurationError, UncheckableError
from gatecli.model.audit import AuditClaim, AuditOutcome, AuditResult

EFFORT, LIMITS = Effort(), SandboxLimits()
_FIXED = 64
"""Runs that are compared between two fresh processes."""


@dataclass(frozen=True, slots=True)
class MechanismAudit:
    """What is asked: the mechanism, its claim, the pairs of inputs, and how hard to try.

    `code` are the files that the mechanism is written in; the result is bound to them.
    """

    subject: str
    mechanism: Reference | Callable[..., Any]
    claim: AuditClaim
    pairs: tuple[Pair, ...]
    effort: Effort = EFFORT
    limits: SandboxLimits = LIMITS
    with_lattice: bool = False
    state: Path | None = None
    code: tuple[Path, ...] = ()

    @property
    def efforts(self) -> tuple[Effort, ...]:
        """One attack a method, each with its own error α."""
        lattice = replace(self.effort, is_lattice=True)
        return (self.effort, lattice) if self.with_lattice else (self.effort,)


def audit_mechanism(asked: MechanismAudit) -> list[AuditResult]:
    """One result a method. A refutation by one method leaves the others to be tried as well.

    Raises ConfigurationError for a state file that cannot be used; what keeps the mechanism from running is
    a result.
    """
    state = StateFile(asked.state) if asked.state else None
    target = AuditTarget(asked.subject, asked.claim, asked.pairs)
    try:
        check_testable(asked.claim, asked.effort)
        with Sandbox(asked.mechanism, target.limits, _inputs(asked), asked.limits) as source:
            code = _code(asked, source.code_file)
            target = replace(target, digest=code_digest(code))
            key = digest_of(code, asked.claim, asked.pairs)
            results = [_attack(target, source, each, state, key) for each in asked.efforts]
            has_time = source.seconds < source.limit
    except UncheckableError as error:
        return [could_not_run(target, each, reason_of(error)) for each in asked.efforts]
    try:
        return results + (_find_fixed_noise(asked, target) if has_time else [])
    except (UncheckableError, TimeSpent):  # what was found before stands
        return results


def _inputs(asked: MechanismAudit) -> list[Any]:
    return [each for pair in asked.pairs for each in (pair.first, pair.second)]


def _attack(
    target: AuditTarget, source: Sandbox, effort: Effort, state: StateFile | None, key: str
) -> AuditResult:
    if state is None:
        return attack(target, source, effort)

    def keep(progress: AuditProgress) -> None:
        state.keep(key, effort.alpha, effort.method, progress)

    progress = state.progress(key, effort.alpha, effort.method)
    if progress is not None and progress.pair >= len(target.pairs):
        raise ConfigurationError(
            "a test in the state is of another pair", advice="begin anew without the file"
        )
    return attack(target, source, effort, progress, keep)


def _code(asked: MechanismAudit, file: str) -> list[bytes]:
    """The bytes of the files that the mechanism is written in."""
    if asked.code:
        return [_read(each) for each in sorted(set(asked.code))]
    if isinstance(asked.mechanism, Reference):
        return [_read(Path(file))] if file else [str(asked.mechanism).encode()]
    return code_of(asked.mechanism)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UncheckableError(f"{file} cannot be read: {error.strerror}") from None


def code_digest(code: Sequence[bytes]) -> str:
    """The SHA-256 of one file; of several, that of their digests."""
    digests = [hashlib.sha256(each).hexdigest() for each in code]
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()


def _find_fixed_noise(asked: MechanismAudit, target: AuditTarget) -> list[AuditResult]:
    """A refutation where fresh processes return the same whatever our seed is, and not the same on a
    neighbour.

    Then P[outputs on the first input] is 1 on it and 0 on the second, for everybody who can run the code:
    no (ε, δ) with δ < 1 allows that. Only of a mechanism that is imported anew in each process: a copy of
    this process has this process's random state. Not a test of samples: that many outputs of two processes
    are not equal by chance.
    """
    if not isinstance(asked.mechanism, Reference):
        return []
    first, again = (_stream(asked, target, 0, seed) for seed in (1, 2))
    # Of many values: a coin that shows the same in two short streams proves nothing.
    if first != again or len(set(first)) <= _FIXED // 2:
        return []
    second, once_more = (_stream(asked, target, 1, seed) for seed in (1, 2))
    if second != once_more or first == second:
        return []
    return [
        AuditResult(
            asked.subject,
            "fixed-noise",
            AuditOutcome.REFUTED,
            asked.claim,
            1 - asked.effort.alpha,
            asked.claim.epsilon,
            _FIXED,
            asked.pairs[0].words(),
            "the noise is the same in every process: who can run the code can subtract it",
            digest=target.digest,
        )
    ]


def _stream(asked: MechanismAudit, target: AuditTarget, data: int, seed: int) -> list[bytes]:
    with Sandbox(asked.mechanism, target.limits, _inputs(asked), asked.limits) as source:
        outputs = source.draw(data, (seed, 3, data, 0), _FIXED)
    rows = zip(outputs.values, outputs.kinds, strict=True)
    return [value.tobytes() + kind.tobytes() for value, kind in rows]
