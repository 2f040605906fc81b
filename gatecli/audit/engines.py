"""The libraries of differential privacy that are installed here, and what two tests find in their
mechanisms.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from importlib.metadata import PackageNotFoundError, version

from gatecli.audit.attack import Effort
from gatecli.audit.calling import Reference
from gatecli.audit.mechanism import MechanismAudit, audit_mechanism
from gatecli.audit.neighbours import Pair
from gatecli.audit.worker import SandboxLimits
from gatecli.model.audit import AuditClaim, AuditOutcome, AuditResult
from gatecli.model.budget import Neighbouring

_ADAPTERS = "gatecli.audit.engine_adapters"
_PAIRS = (Pair(0, 1), Pair(1, 2), Pair(10, 11))
ENGINE_EFFORT = replace(Effort.of(Fraction(1, 1000), 30_000, 0), sharpen=60)
ENGINE_LIMITS = SandboxLimits()
CLAIM = AuditClaim(Fraction(1), Fraction(0), Neighbouring.ADD_REMOVE)


@dataclass(frozen=True, slots=True)
class PrivacyEngine:
    """A library by the name of its distribution, and its mechanisms: each a title and a function of the
    adapters.

    `is_known_bad` says that it is no library of privacy: it is there to show that the test finds what it
    should.
    """

    name: str
    mechanisms: tuple[tuple[str, str], ...]
    is_known_bad: bool = False


ENGINES = (
    PrivacyEngine("opendp", (("Laplace", "opendp_laplace"), ("discrete Laplace", "opendp_discrete_laplace"))),
    PrivacyEngine("python-dp", (("Laplace", "pydp_laplace"),)),
    PrivacyEngine(
        "diffprivlib", (("Laplace", "diffprivlib_laplace"), ("geometric", "diffprivlib_geometric"))
    ),
    PrivacyEngine("numpy", (("Laplace", "numpy_laplace"),), is_known_bad=True),
)


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
        for title, function in engine.mechanisms:
            if number:
                notify(f"{engine.name} {number}: {title}")
            results = _audit(engine, number, title, function, effort, limits) if number else []
            reports.append(EngineReport(engine, title, number, tuple(results)))
    return reports


def _audit(
    engine: PrivacyEngine, number: str, title: str, function: str, effort: Effort, limits: SandboxLimits
) -> list[AuditResult]:
    subject = f"{engine.name} {number}: {title}"
    reference = Reference(_ADAPTERS, function)
    return audit_mechanism(
        MechanismAudit(subject, reference, CLAIM, _PAIRS, effort, limits, with_lattice=True)
    )
