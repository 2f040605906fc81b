"""The audit of one mechanism: its process, its state, and one attack for each method."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

from gatecli.audit.attack import (
    AuditProgress,
    AuditTarget,
    Effort,
    attack,
    check_testable,
    conclude,
    could_not_run,
    reason_of,
)
from gatecli.audit.calling import Reference
from gatecli.audit.fixed_noise import MOST_RUNS, find_fixed_noise
from gatecli.audit.neighbours import Pair
from gatecli.audit.outputs import Outputs
from gatecli.audit.sandbox import Sandbox, TimeSpent
from gatecli.audit.state import StateFile, digest_of
from gatecli.audit.worker import SandboxLimits
from gatecli.errors import ConfigurationError, UncheckableError
from gatecli.model.audit import AuditClaim, AuditOutcome, AuditResult, digest_of_code

EFFORT, LIMITS = Effort(), SandboxLimits()
FIXED, START = 3, 4
"""Parts of a seed, beside those of an attack: of the search for fixed noise, and of a run's first draws."""
_FIXED_PAIRS = 4
_START_RUNS = 100
_NOT_FRESH = "the noise of this run is that of an earlier one: nothing was counted"


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
        with _sandbox(asked) as source:
            code = _code(asked, source.code_file)
            target = replace(target, digest=code_digest(code))
            kept = _begin_run(asked, code, source, state) if state else None
            results = [_attack(target, source, each, kept) for each in asked.efforts]
            has_time = source.seconds < source.limit
    except UncheckableError as error:
        return [could_not_run(target, each, reason_of(error)) for each in asked.efforts]
    try:
        return results + (_find_fixed_noise(asked, target, results[0]) if has_time else [])
    except (UncheckableError, TimeSpent):  # what was found before stands
        return results


def _sandbox(asked: MechanismAudit) -> Sandbox:
    inputs = [each for pair in asked.pairs for each in (pair.first, pair.second)]
    claim = float(asked.claim.epsilon), float(asked.claim.delta)
    return Sandbox(asked.mechanism, claim, inputs, asked.limits)


@dataclass(frozen=True, slots=True)
class _KeptTest:
    """The tests of a mechanism in a state file. `is_fresh` says that this process draws what no earlier one
    drew.
    """

    state: StateFile
    key: str
    is_fresh: bool


def _begin_run(asked: MechanismAudit, code: Sequence[bytes], source: Sandbox, state: StateFile) -> _KeptTest:
    """Draw a few outputs before all others, by which this run is told from the earlier ones.

    Noise that ignores our seed and is the same in every process would give the samples again by which the
    event was chosen, and count them twice: no e-process any more.
    """
    key = digest_of([source.identity().encode(), *code], asked.claim, asked.pairs)
    begun = state.starts(key)
    outputs = source.draw(0, (asked.effort.seed, START, len(begun)), _START_RUNS)
    start = hashlib.sha256(outputs.values.tobytes() + outputs.kinds.tobytes()).hexdigest()
    state.add_start(key, start)
    return _KeptTest(state, key, start not in begun)


def _attack(target: AuditTarget, source: Sandbox, effort: Effort, kept: _KeptTest | None) -> AuditResult:
    if kept is None:
        return attack(target, source, effort)

    def keep(progress: AuditProgress) -> None:
        kept.state.keep(kept.key, effort.alpha, effort.method, progress)

    progress = kept.state.progress(kept.key, effort.alpha, effort.method)
    if progress is not None and progress.pair >= len(target.pairs):
        raise ConfigurationError(
            "a test in the state is of another pair", advice="begin anew without the file"
        )
    if progress is not None and not kept.is_fresh:
        return conclude(target, effort, progress, note=_NOT_FRESH)
    return attack(target, source, effort, progress, keep)


def _code(asked: MechanismAudit, file: str) -> list[bytes]:
    """The bytes of the files that the mechanism is written in."""
    if asked.code:
        return [_read(each) for each in sorted(set(asked.code))]
    return [_read(Path(file))] if file else [str(asked.mechanism).encode()]


def _read(file: Path) -> bytes:
    if not file.is_file():  # a pipe would be waited for, and a device has no end
        raise UncheckableError(f"{file} is not a file that can be read", advice="name the source file")
    try:
        return file.read_bytes()
    except OSError as error:
        raise UncheckableError(f"{file} cannot be read: {error.strerror}") from None


def code_digest(code: Sequence[bytes]) -> str:
    """The SHA-256 of one file; of several, that of their digests, in whatever order they are named."""
    return digest_of_code(hashlib.sha256(each).hexdigest() for each in code)


def _find_fixed_noise(asked: MechanismAudit, target: AuditTarget, found: AuditResult) -> list[AuditResult]:
    """A refutation where the noise is fixed (`gatecli.audit.fixed_noise`), on the attacked pair first.

    Only of a mechanism that is imported anew in each process: a copy of this process has this process's
    random state.
    """
    if not isinstance(asked.mechanism, Reference):
        return []
    pairs = sorted(asked.pairs, key=lambda pair: set(pair.words()) != set(found.inputs or ()))[:_FIXED_PAIRS]
    with ExitStack() as processes:

        def start(data: int, seed: int) -> Callable[[int], Outputs]:
            source = processes.enter_context(_sandbox(replace(asked, pairs=tuple(pairs))))
            places = count()
            return lambda runs: source.draw(data, (seed, FIXED, data, next(places)), runs)

        pair = find_fixed_noise(len(pairs), start)
    if pair is None:
        return []
    return [
        AuditResult(
            asked.subject,
            "fixed-noise",
            AuditOutcome.REFUTED,
            asked.claim,
            1 - asked.effort.alpha,
            asked.claim.epsilon,
            MOST_RUNS,
            pairs[pair].words(),
            "the noise is the same in every process: who can run the code can subtract it",
            digest=target.digest,
        )
    ]
