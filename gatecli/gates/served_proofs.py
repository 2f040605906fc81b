"""The attestation that an endpoint names, and the model that it serves, as they stand here."""

from __future__ import annotations

from datetime import UTC, datetime, time
from pathlib import Path

from gatecli.checks.serving.interface import EndpointSubject, ProofFaults
from gatecli.gates.judgement import JudgementTerms
from gatecli.gates.served_attestation import attestation_standing
from gatecli.sources.files import ReadError
from gatecli.sources.locations import inside


def proof_faults(subject: EndpointSubject, terms: JudgementTerms, *, is_start: bool) -> ProofFaults:
    """What is wrong with the attestation by itself, and what with what it is about.

    A day counts whole, at every front door. Without `is_start` only files of the repository are read.
    """
    spec, folder = subject.spec, Path(subject.document.path).parent
    if subject.is_embedded:
        return ProofFaults(is_elsewhere=True)
    at = datetime.combine(terms.today, time.min, UTC)
    if not is_start and (fault := _way_out(folder, spec.attestation)):
        return ProofFaults(f"it {fault}")
    alone = attestation_standing(spec.model_copy(update={"model": None}), folder, terms.policy, at)
    if alone.fault is not None or spec.model is None:
        return ProofFaults(alone.fault)
    path = spec.model.path
    if not is_start and path is not None and Path(path).is_absolute():
        return ProofFaults(is_elsewhere=True)
    if not is_start and (fault := _way_out(folder, path)):
        return ProofFaults(of_model=f"the model {fault}")
    return ProofFaults(of_model=attestation_standing(spec, folder, terms.policy, at).fault)


def _way_out(folder: Path, name: str | None) -> str | None:
    """Why a path is not one of the repository; None where it is, or where none is named."""
    if name is None:
        return None
    try:
        inside(folder, name)
    except ReadError as error:
        return error.problem
    return None
