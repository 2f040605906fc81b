"""Releases, waivers and policies as values, for tests of checks and of the gate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from gatecli.accounting.interface import NoBound, Question
from gatecli.checks.release.interface import ReleaseContext
from gatecli.checks.release.recomputation import Answer, costs_of, questions_of
from gatecli.model.budget import Bounds, Neighbouring
from gatecli.model.document import Document, Place, Position
from gatecli.model.finding import Finding
from gatecli.model.mechanism import Mechanism, Pure
from gatecli.model.policy import PrivacyPolicy
from gatecli.model.release import Evidence, EvidenceFormat, EvidenceReference, ModelRelease, ReleaseSubject
from gatecli.model.waiver import PlacedWaiver, PrivacyWaiver

TODAY = date(2026, 11, 21)
NAME = "churn-classifier@2.3.0"

LAPLACE = {"kind": "laplace", "scale": 1}
PRIVACY: Mapping[str, Any] = {
    "unit": "person",
    "neighbouring": "add-remove",
    "epsilon": 1,
    "delta": "1e-6",
    "maxContributions": 1,
    "trustModel": "central",
    "compositionScope": "this release alone",
    "tuning": {"runs": 0, "accounted": True},
    "preprocessing": {"dataDependent": False},
    "mechanisms": [LAPLACE],
}
SPEC: Mapping[str, Any] = {
    "sensitivity": "behavioural",
    "datasets": [{"name": "customers", "records": 60000}],
}
TIERS: Mapping[str, Any] = {
    "health": {"maxEpsilon": "0.5", "maxDelta": "1e-8"},
    "behavioural": {"maxEpsilon": 4, "maxDelta": "1e-4"},
}


def _present(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in data.items() if value is not None}


def data_of(spec: Mapping[str, Any], version: str = "2.3.0") -> dict[str, Any]:
    """A declaration as a file holds it."""
    metadata = {"name": "churn-classifier", "version": version}
    return {
        "apiVersion": "gatecli.dev/v1",
        "kind": "ModelRelease",
        "metadata": metadata,
        "spec": _present(spec),
    }


def subject_of(
    data: Mapping[str, Any], *evidence: Evidence, path: str = "privacy.yaml", **parts: Any
) -> ReleaseSubject:
    """What sources would make of a declaration, with the position of its ε."""
    document = Document(path, data, {"": Position(1, 1), "/spec/privacy/epsilon": Position(14, 14)})
    return ReleaseSubject(ModelRelease.from_file(data), document, evidence=evidence, **parts)


def claiming(*evidence: Evidence, spec: Mapping[str, Any] | None = None, **privacy: Any) -> ReleaseSubject:
    """A sound release but for what is given; None leaves a key out."""
    claim = _present({**PRIVACY, **privacy})
    return subject_of(data_of({**SPEC, "privacy": claim, **(spec or {})}), *evidence)


def with_spec(**spec: Any) -> ReleaseSubject:
    """A sound release but for these keys of its spec."""
    return subject_of(data_of({**SPEC, "privacy": dict(PRIVACY), **spec}))


def evidence(*mechanisms: Mechanism, path: str = "accountant.json", **parts: Any) -> Evidence:
    """What an evidence file recorded."""
    reference = EvidenceReference(format=EvidenceFormat.OPACUS, path=path)
    return Evidence(reference, Place(path), mechanisms, **parts)


def pure(epsilon: str) -> Pure:
    return Pure(epsilon=Fraction(epsilon))


def policy(*, severities: Mapping[str, str] | None = None, **release: Any) -> PrivacyPolicy:
    """Two tiers, and the given rules for releases."""
    return PrivacyPolicy.from_file(
        {
            "apiVersion": "gatecli.dev/v1",
            "kind": "PrivacyPolicy",
            "metadata": {"name": "acme"},
            "spec": {"tiers": TIERS, "release": release, "severities": dict(severities or {})},
        }
    )


def waiver(
    rule: str, expires: str = "2027-03-31", *, name: str = "legacy-churn", **target: str
) -> PlacedWaiver:
    """A waiver for the sound release's name, or for the given target."""
    spec = {"rule": rule, "reason": "retrained soon", "owner": "ml-platform", "expires": expires}
    data = {
        "apiVersion": "gatecli.dev/v1",
        "kind": "PrivacyWaiver",
        "metadata": {"name": name},
        "spec": spec | (target or {"subject": NAME}),
    }
    return PlacedWaiver(PrivacyWaiver.from_file(data), Place("waivers.yaml", 4, 9))


def bounds(
    upper: str | None, lower: str = "0", *, delta: Decimal | str = "1e-6", notes: tuple[str, ...] = ()
) -> Bounds:
    """An answer by accountants of the names A (above) and B (below)."""
    above = None if upper is None else Fraction(upper)
    return Bounds(Fraction(delta), Neighbouring.ADD_REMOVE, above, Fraction(lower), "A", "B", notes)


def basic(question: Question) -> Answer:
    """Basic composition of pure mechanisms and Laplace noise; exact, and tight for the tests' purposes."""
    total = Fraction(0)
    for mechanism in question.mechanisms:
        match mechanism:
            case Pure(epsilon=epsilon, count=count):
                total += epsilon * count
            case _ if mechanism.kind == "laplace":
                total += mechanism.count * mechanism.sensitivity / mechanism.scale
            case _:
                return NoBound((f"{mechanism.kind} is unknown here",))
    cost = total * question.group
    return Bounds(question.delta, question.neighbouring, cost, cost, "basic", "basic")


def basic_all(questions: Iterable[Question]) -> dict[Question, Answer]:
    return {question: basic(question) for question in questions}


def context_of(
    subject: ReleaseSubject, rules: PrivacyPolicy | None = None, answer: Answer | None = None
) -> ReleaseContext:
    """The context that the gate would make; `answer` to every question, else basic composition."""
    answers = {question: answer or basic(question) for question in questions_of(subject)}
    return ReleaseContext(rules or policy(), costs_of(subject, answers), account=basic)


def ids(findings: Iterable[Finding]) -> list[str]:
    return [finding.rule.id for finding in findings]
