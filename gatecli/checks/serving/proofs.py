"""The attestation of an endpoint: whether the mode needs one, whether it holds, and about which bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from gatecli.checks.serving.interface import SPEC, EndpointContext, EndpointSubject, finding_at
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.private_endpoint import EndpointMode

MISSING_ATTESTATION = Rule(
    "serve-missing-attestation", Severity.ERROR, "A mode that needs an attested model names no attestation"
)
ATTESTATION_REJECTED = Rule(
    "serve-attestation-rejected",
    Severity.ERROR,
    "The attestation of an endpoint does not hold by the policy",
)
UNBOUND_ATTESTATION = Rule(
    "serve-unbound-attestation", Severity.ERROR, "An endpoint's attestation is bound to no model"
)
OTHER_MODEL = Rule(
    "serve-other-model", Severity.ERROR, "An endpoint serves another model than the attested one"
)
MODEL_ELSEWHERE = Rule(
    "serve-model-elsewhere",
    Severity.NOTE,
    "The model of an endpoint is on the machine that serves, and was not compared here",
)
IDLE_FALLBACK = Rule(
    "serve-idle-fallback",
    Severity.WARNING,
    "An endpoint is to fall back on an attested model, and its mode has none to fall back on",
)

ATTESTATION, MODEL = f"{SPEC}/attestation", f"{SPEC}/model"

_WHY: Mapping[EndpointMode, str] = MappingProxyType(
    {
        EndpointMode.ATTESTED: "its answers get no noise, so nothing but the training protects anybody",
        EndpointMode.AGGREGATES: "its noise protects whom requests are about, and not whom the model was "
        "trained on",
    }
)
"""The modes that need an attested model, and why."""

_WHERE: Mapping[bool, str] = MappingProxyType(
    {
        False: "the model is named by an absolute path",
        True: "the endpoint is a text in another document, whose paths are those of the machine that serves",
    }
)


def find_missing_attestation(subject: EndpointSubject, _context: EndpointContext) -> Iterator[Finding]:
    """A mode without a proof is a pass-through."""
    mode = subject.spec.mode
    if mode in _WHY and subject.spec.attestation is None:
        yield finding_at(
            MISSING_ATTESTATION,
            subject,
            f"{SPEC}/mode",
            f"mode {mode.value} names no attestation: {_WHY[mode]}",
            "name what gatecli attest wrote in spec.attestation, or use a mode with noise on each answer "
            "(noisy-scores, votes)",
        )


def find_attestation_faults(subject: EndpointSubject, context: EndpointContext) -> Iterator[Finding]:
    """An attestation that is named must hold, whatever the mode, and be about what is served."""
    spec, proof = subject.spec, context.proof
    if spec.attestation is None:
        return
    if proof is not None and proof.of_statement is not None:
        yield finding_at(
            ATTESTATION_REJECTED,
            subject,
            ATTESTATION,
            f"the attestation does not hold: {proof.of_statement}",
            "gatecli verify says more; attest again, or name who may sign in spec.attestation of the policy",
            about=spec.attestation,
        )
    if spec.model is None:
        yield finding_at(
            UNBOUND_ATTESTATION,
            subject,
            ATTESTATION,
            "nothing says which bytes are served, so the attestation may be of another model",
            "name the model's file or folder in spec.model.path, or its image (NAME@sha256:…) in "
            "spec.model.image",
            about=spec.attestation,
        )
    elif proof is not None and proof.of_model is not None:
        yield finding_at(
            OTHER_MODEL,
            subject,
            MODEL,
            f"what is served is not what was attested: {proof.of_model}",
            "serve the attested bytes, or check and attest those that are served",
            about=spec.model.path or spec.model.image or "",
        )
    elif proof is not None and proof.is_elsewhere:
        yield finding_at(
            MODEL_ELSEWHERE,
            subject,
            MODEL,
            f"{_WHERE[subject.is_embedded]}, so whether it is the attested one is asked when the endpoint "
            "starts",
            "name a path of the repository to have it compared here too",
        )


_NO_FALLBACK: Mapping[EndpointMode, str] = MappingProxyType(
    {
        EndpointMode.VOTES: "the models that vote are several, and the attestation is of one",
        EndpointMode.AGGREGATES: "counts of requests need the ledger whatever the model is",
    }
)


def find_idle_fallback(subject: EndpointSubject, _context: EndpointContext) -> Iterator[Finding]:
    """What passes on the answers of one model needs a mode that has one."""
    mode, budget = subject.spec.mode, subject.spec.budget
    if budget is not None and budget.on_unavailable == "attested" and mode in _NO_FALLBACK:
        yield finding_at(
            IDLE_FALLBACK,
            subject,
            f"{SPEC}/budget/onUnavailable",
            f"where the ledger does not answer nothing can be passed on in mode {mode.value}: "
            f"{_NO_FALLBACK[mode]}",
            "leave budget.onUnavailable out: questions are then refused until the ledger answers",
        )


RULES: tuple[Rule, ...] = (
    MISSING_ATTESTATION,
    ATTESTATION_REJECTED,
    UNBOUND_ATTESTATION,
    OTHER_MODEL,
    MODEL_ELSEWHERE,
    IDLE_FALLBACK,
)
