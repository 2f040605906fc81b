"""What a check of an endpoint is: the document and its context in, findings out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gatecli.model.document import Document
from gatecli.model.finding import Finding, Rule, finding_in
from gatecli.model.policy import PrivacyPolicy
from gatecli.model.private_endpoint import PrivateEndpoint, PrivateEndpointSpec

SPEC = "/spec"


@dataclass(frozen=True, slots=True)
class EndpointSubject:
    """An endpoint, and where it is described."""

    endpoint: PrivateEndpoint
    document: Document

    @property
    def name(self) -> str:
        return self.endpoint.metadata.name

    @property
    def spec(self) -> PrivateEndpointSpec:
        return self.endpoint.spec

    @property
    def is_embedded(self) -> bool:
        """Whether it is a text in another document, so that its paths lead to files of another machine."""
        return bool(self.document.prefix)


@dataclass(frozen=True, slots=True)
class ProofFaults:
    """What is wrong with the attestation of an endpoint, in words; None where it holds.

    `of_model` says how what it is about differs from `spec.model`; `of_statement` is everything else.
    `is_elsewhere` says that the model was not looked for: it is on the machine that serves.
    """

    of_statement: str | None = None
    of_model: str | None = None
    is_elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class DatasetStanding:
    """A dataset in the ledger of the run, for what one lease of answers costs.

    `near` are names that may be meant where it is not there. `closed` is the dataset or the parent of it that
    takes no more charges. `short` is the one that not one more answer fits into, `low` the one that a whole
    lease does not fit into. `shared` are pairs of models that vote, by number, whose datasets have people in
    common: one is made from the other.
    """

    name: str
    is_known: bool = True
    near: tuple[str, ...] = ()
    closed: str | None = None
    short: str | None = None
    low: str | None = None
    shared: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class EndpointContext:
    """What a check knows besides the document: the policy, and what was found out about what it names.

    `proof` is None where no attestation is named, `dataset` where the run has no ledger or none is charged.
    """

    policy: PrivacyPolicy
    proof: ProofFaults | None = None
    dataset: DatasetStanding | None = None


@dataclass(frozen=True, slots=True)
class EndpointCheck:
    """A pure function and every rule it may report."""

    rules: tuple[Rule, ...]
    find: Callable[[EndpointSubject, EndpointContext], Iterable[Finding]]


def finding_at(
    rule: Rule, subject: EndpointSubject, pointer: str, message: str, mend: str, *, about: str = ""
) -> Finding:
    """A finding at `pointer` of the document; `about` is the content that it judges."""
    return finding_in(rule, subject.document, subject.name, pointer, message, mend, about=about)
