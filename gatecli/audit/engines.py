"""The libraries of differential privacy that are installed here, and what two tests find in their
mechanisms.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from importlib.metadata import PackageNotFoundError, version

from gatecli.audit.attack import AuditTarget, Effort, attack, could_not_run, reason_of
from gatecli.audit.calling import Reference
from gatecli.audit.neighbours import Pair
from gatecli.audit.sandbox import Sandbox
from gatecli.audit.worker import SandboxLimits
from gatecli.errors import UncheckableError
from gatecli.model.audit import AuditOutcome, AuditResult
from gatecli.model.engine import ENGINES, REASONS, EngineMechanism, PrivacyEngine

_ADAPTERS = "gatecli.audit.engine_adapters"
ENGINE_EFFORT = replace(Effort.of(Fraction(1, 1000), 8_000, 0), sharpen=60)
ENGINE_LIMITS = SandboxLimits()


@dataclass(frozen=True, slots=True)
class EngineReport:
    """One mechanism of one library: its version ("" where it is not installed), and a result a test."""

    engine: PrivacyEngine
    mechanism: str
    version: str
    results: tuple[AuditResult, ...]

    @property
    def is_refuted(self) -> bool:
        """Whether a test refutes the mechanism."""
        return any(each.outcome is AuditOutcome.REFUTED for each in self.results)

    @property
    def could_not_run(self) -> bool:
        """Whether a test of an installed library could not be made."""
        return any(each.outcome is AuditOutcome.COULD_NOT_RUN for each in self.results)


def installed_version(name: str) -> str:
    """The version of an installed distribution; "" where there is none."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def audit_engines(
    effort: Effort = ENGINE_EFFORT,
    limits: SandboxLimits = ENGINE_LIMITS,
    engines: Sequence[PrivacyEngine] = ENGINES,
    notify: Callable[[str], None] = lambda _text: None,
) -> list[EngineReport]:
    """One report a mechanism; a library that is not installed has one without results."""
    reports = []
    for engine in engines:
        number = installed_version(engine.name)
        for mechanism in engine.mechanisms:
            subject = f"{engine.name} {number}: {mechanism.title}"
            if number:
                notify(subject)
            results = _attack(subject, mechanism, effort, limits) if number else []
            reports.append(EngineReport(engine, mechanism.title, number, tuple(results)))
    return reports


def _attack(
    subject: str, mechanism: EngineMechanism, effort: Effort, limits: SandboxLimits
) -> list[AuditResult]:
    """A result a test, in one process: importing a library may cost more than attacking it."""
    pairs = tuple(Pair(*each) for each in mechanism.inputs)
    target = AuditTarget(subject, mechanism.claim, pairs)
    efforts = (effort, replace(effort, is_lattice=True))[: 2 if mechanism.is_floating else 1]
    inputs = [data for pair in mechanism.inputs for data in pair]
    try:
        with Sandbox(Reference(_ADAPTERS, mechanism.function), target.limits, inputs, limits) as source:
            return [_with_reason(attack(target, source, each)) for each in efforts]
    except UncheckableError as error:
        return [could_not_run(target, each, reason_of(error)) for each in efforts]


def _with_reason(result: AuditResult) -> AuditResult:
    """A refutation with its reason by name."""
    is_refuted = result.outcome is AuditOutcome.REFUTED
    return replace(result, reason=REASONS[result.method].value) if is_refuted else result
