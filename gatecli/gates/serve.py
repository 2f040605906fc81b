"""The gate of endpoints: what a proxy would answer has a proof or noise, and a budget that pays for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gatecli.checks.serving.interface import DatasetStanding, EndpointContext, EndpointSubject, ProofFaults
from gatecli.gates import SERVE, GateName
from gatecli.gates.judgement import JudgementTerms, judge
from gatecli.model.finding import Finding
from gatecli.model.verdict import Checked, Examined, Verdict
from gatecli.sources.endpoint import ENDPOINTS, PlacedEndpoint
from gatecli.sources.interface import Loaded

if TYPE_CHECKING:
    from gatecli.gates.folder import Folder
    from gatecli.gates.reserving import LedgerUse


@dataclass(frozen=True, slots=True)
class EndpointRequest:
    """The endpoints to judge. `problems` are what could not be read; they stand as they are.

    `is_start` says that this is the machine that serves: what is named by an absolute path, or above the
    repository, is then read. Elsewhere a document must not choose which files of the machine are.
    """

    terms: JudgementTerms
    endpoints: Sequence[PlacedEndpoint] = ()
    problems: Sequence[Finding] = ()
    ledger: LedgerUse | None = None
    is_start: bool = False


def check_folder(folder: Folder) -> Verdict:
    """Every endpoint of a folder, changed or not: its attestation grows old, and its budget is spent.

    A document with a wrong head is the release gate's to report; this one's, where that is left out.
    """
    heads = GateName.RELEASE not in folder.gates
    loaded = [
        ENDPOINTS.read(file, sought=not ENDPOINTS.is_named(file), heads=heads, embedded=True)
        for file in ENDPOINTS.find(folder.tree.files, folder.tree.links, folder.contents.read)
    ]
    return check_endpoints(
        EndpointRequest(
            folder.terms,
            tuple(value for each in loaded for value in each.values),
            tuple(finding for each in loaded for finding in each.findings),
            folder.ledger,
        )
    )


def check_at_start(
    read: Loaded[PlacedEndpoint], terms: JudgementTerms, ledger: LedgerUse | None = None
) -> Verdict:
    """The verdict over one file as it was read: what it must pass before it is served."""
    return check_endpoints(EndpointRequest(terms, read.values, read.findings, ledger, is_start=True))


def check_endpoints(request: EndpointRequest) -> Verdict:
    """The verdict over endpoints. Raises LedgerUnavailable where the ledger does not answer."""
    checked: list[Checked] = []
    found: list[Finding] = []
    for endpoint, document in request.endpoints:
        subject = EndpointSubject(endpoint, document)
        context = EndpointContext(
            request.terms.policy, _proof(subject, request), _dataset(subject, request.ledger)
        )
        found.extend(_find_all(subject, context))
        checked.append(_checked_endpoint(subject))
    return judge(SERVE, Examined(tuple(checked), tuple(found), tuple(request.problems)), request.terms)


def _find_all(subject: EndpointSubject, context: EndpointContext) -> Iterator[Finding]:
    from gatecli.checks.serving.registry import ENDPOINT_CHECKS  # noqa: PLC0415 - few folders hold an endpoint

    for check in ENDPOINT_CHECKS:
        yield from check.find(subject, context)


def _checked_endpoint(subject: EndpointSubject) -> Checked:
    document = subject.document
    measures = {"mode": subject.spec.mode.value}
    inputs = {"sha256": document.sha256} if document.sha256 else {}
    return Checked("endpoint", subject.name, document.path, measures, inputs)


def _proof(subject: EndpointSubject, request: EndpointRequest) -> ProofFaults | None:
    if subject.spec.attestation is None:
        return None
    from gatecli.gates.served_proofs import proof_faults  # noqa: PLC0415 - brings cryptography

    return proof_faults(subject, request.terms, is_start=request.is_start)


def _dataset(subject: EndpointSubject, ledger: LedgerUse | None) -> DatasetStanding | None:
    if ledger is None or not subject.spec.is_noised:
        return None
    from gatecli.gates.served_budgets import dataset_standing  # noqa: PLC0415 - few runs have a ledger

    return dataset_standing(subject.spec, ledger.store)
