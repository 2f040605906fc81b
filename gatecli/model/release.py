"""`kind: ModelRelease`: the declaration that stands beside a model."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from gatecli.model.audit import AuditResult
from gatecli.model.base import LENIENT, Many, Metadata, Resource, Text, Value
from gatecli.model.budget import Budget, Neighbouring, Variant
from gatecli.model.dataset import Dataset, Sha256
from gatecli.model.decision import DecisionRecord
from gatecli.model.document import Document, Place
from gatecli.model.mechanism import Count, Mechanism, RunSelection, Sampling
from gatecli.model.number import BelowOne, NonNegative

if TYPE_CHECKING:
    from gatecli.model.federated_evidence import FederatedRecord
    from gatecli.model.sealed_artifact import SealState
    from gatecli.model.table_evidence import TableEvidence


class EvidenceFormat(StrEnum):
    """Who wrote an evidence file; `sources/evidence/` has one reader for each."""

    OPACUS = "opacus"
    DP_ACCOUNTING = "dp-accounting"
    TF_PRIVACY = "tf-privacy"
    OPENDP = "opendp"
    TUMULT = "tumult"
    DIFFPRIVLIB = "diffprivlib"
    SMARTNOISE = "smartnoise"
    PIPELINE_DP = "pipeline-dp"
    TABLE = "table"
    """Questions to a table behind a budget (`gatecli.data`)."""
    FLOWER = "flower"
    """Rounds of federated training: Flower's own accountant, or `gatecli.federated`."""
    AUDIT = "audit"
    """Attacks on the claim (`gatecli audit`); they record no work."""


_SAMPLED = frozenset({EvidenceFormat.OPACUS, EvidenceFormat.FLOWER})


class TrustModel(StrEnum):
    """Who sees raw data: a curator, a shuffler, a secure aggregator, or nobody."""

    CENTRAL = "central"
    SHUFFLE = "shuffle"
    DISTRIBUTED = "distributed"
    LOCAL = "local"


class Artifact(Value):
    """A file of the release; `path` is relative to the declaration."""

    path: Text
    sha256: Sha256


class EvidenceReference(Value):
    """A file that records what was run; `path` is relative to the declaration.

    What the file itself cannot say is said here.
    """

    format: Annotated[EvidenceFormat, LENIENT]
    path: Text
    sha256: Sha256 | None = None
    neighbouring: Annotated[Neighbouring, LENIENT] | None = Field(
        default=None, description="the relation that the file's budgets hold under, where it does not say so"
    )
    sensitivity: Annotated[Neighbouring, LENIENT] | None = Field(
        default=None,
        description="format dp-accounting: the relation of the sensitivity that its noise multipliers are "
        "relative to",
    )
    sampling: Annotated[Sampling, LENIENT] | None = Field(
        default=None,
        description="format opacus: how batches were drawn, which its files do not say; format flower: "
        "poisson where the run drew its clients so, which no strategy of Flower does",
    )
    client: Text | None = Field(
        default=None, description="format flower: what one client is, such as person, device or hospital"
    )
    code: Many[Artifact] = Field(
        default=(),
        description="format audit: the files of the mechanism that was attacked, where it ships as code",
    )

    @model_validator(mode="after")
    def _keys_fit_the_format(self) -> EvidenceReference:
        if self.sampling is not None and self.format not in _SAMPLED:
            raise ValueError("sampling belongs to format: opacus, whose files do not say it, and to flower")
        if self.client is not None and self.format is not EvidenceFormat.FLOWER:
            raise ValueError("client belongs to format: flower, whose rounds are of clients")
        if self.sensitivity is not None and self.format is not EvidenceFormat.DP_ACCOUNTING:
            raise ValueError("sensitivity belongs to format: dp-accounting, whose events do not say it")
        if self.code and self.format is not EvidenceFormat.AUDIT:
            raise ValueError("code belongs to format: audit, which is bound to what was attacked")
        if self.sensitivity is Neighbouring.ZERO_OUT:
            raise ValueError("sensitivity is add-remove or replace-one")
        return self


class Tuning(Value):
    """Hyper-parameter tuning on the same data: how many runs, and whether they are composed.

    With `selection` the mechanisms describe one run: how often it was repeated is random.
    """

    runs: Annotated[int, Field(ge=0)]
    accounted: bool
    selection: RunSelection | None = None


class Preprocessing(Value):
    """Whether anything before training was computed from the data, and whether it is composed."""

    data_dependent: bool
    accounted: bool = False
    description: Text | None = None
    mechanism: Text | None = Field(default=None, description="the name of the mechanism that accounts for it")


class Privacy(Value):
    """The claim. What is missing here is a finding, not a parse error: see docs/rules.md."""

    unit: Text | None = None
    neighbouring: Annotated[Neighbouring, LENIENT] | None = None
    variant: Annotated[Variant, LENIENT] | None = None
    epsilon: NonNegative | None = None
    delta: BelowOne | None = None
    rho: NonNegative | None = None
    mu: NonNegative | None = None
    max_contributions: Count | None = Field(
        default=None, description="records that one unit contributes at most, where mechanisms are per record"
    )
    trust_model: Annotated[TrustModel, LENIENT] | None = None
    composition_scope: Text | None = Field(
        default=None,
        description="over what the budget composes: this release alone, every release of a year, …",
    )
    preprocessing: Preprocessing | None = None
    tuning: Tuning | None = None
    mechanisms: Many[Mechanism] = ()
    evidence: Many[EvidenceReference] = ()

    @property
    def recorded(self) -> tuple[EvidenceReference, ...]:
        """The evidence of what was run: an audit attacks the claim and records no work."""
        return tuple(each for each in self.evidence if each.format is not EvidenceFormat.AUDIT)

    @property
    def budget(self) -> Budget | None:
        """The declared (ε, δ); a pure claim's δ is 0. None where ε or δ is missing."""
        delta = self.delta
        if delta is None and self.variant is Variant.PURE:
            return None if self.epsilon is None else Budget(self.epsilon, self.epsilon * 0)
        if self.epsilon is None or delta is None:
            return None
        return Budget(self.epsilon, delta)


def _version_text(value: object) -> object:
    """`version: 2.3` is a number in YAML; its text is meant."""
    return value if isinstance(value, (str, bool)) or value is None else str(value)


class ReleaseMetadata(Metadata):
    version: Annotated[Text, BeforeValidator(_version_text, json_schema_input_type=Text | int | float)]
    owner: Text | None = None


class ReleaseSpec(Value):
    sensitivity: Text | None = None
    artifacts: Many[Artifact] = ()
    privacy: Privacy | Literal["none"] | None = None
    datasets: Many[Dataset] = ()
    decision: Text | None = Field(
        default=None,
        description="the record of the decision to spend the budget (gatecli document adr), relative to the "
        "declaration",
    )


class ModelRelease(Resource):
    """A model, a version of it, and the privacy promise it ships with."""

    kind: Literal["ModelRelease"]
    metadata: ReleaseMetadata
    spec: ReleaseSpec

    @property
    def subject(self) -> str:
        """The name that findings show; a waiver writes it as `name@version`."""
        return f"{self.metadata.name} {self.metadata.version}"

    @property
    def claim(self) -> Privacy | None:
        """The privacy block, where there is one."""
        return self.spec.privacy if isinstance(self.spec.privacy, Privacy) else None


@dataclass(frozen=True, slots=True)
class ArtifactState:
    """What stands on disk for one declared file; `sha256` is None where no file is there.

    `seal` is None where no manifest of a sealed file stands beside it.
    """

    artifact: Artifact
    sha256: str | None
    seal: SealState | None = None

    @property
    def is_as_declared(self) -> bool:
        """Whether the file is there, and is the one that was declared."""
        return self.sha256 is not None and self.sha256.lower() == self.artifact.sha256.lower()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one evidence file records: mechanisms that were run, the budget its tool states, or audits.

    `neighbouring` is the relation of the file's own parameters, where the file or the format fixes one;
    `sensitivity` the relation of what its noise multipliers are multiples of, where the file says it;
    `sha256` what its bytes hash to, where the declaration states a digest; `code` what stands on disk for
    the files of the audited mechanism; `table` the questions to a table, which a ledger may hold already;
    `federated` what is known of federated rounds beside their mechanisms.
    """

    reference: EvidenceReference
    place: Place
    mechanisms: tuple[Mechanism, ...]
    stated: Budget | None = None
    neighbouring: Neighbouring | None = None
    notes: tuple[str, ...] = ()
    sensitivity: Neighbouring | None = None
    sha256: str | None = None
    audits: tuple[AuditResult, ...] = ()
    code: tuple[ArtifactState, ...] = ()
    table: TableEvidence | None = None
    federated: FederatedRecord | None = None


@dataclass(frozen=True, slots=True)
class ReleaseSubject:
    """All that a check may know about one release; no file, no clock."""

    release: ModelRelease
    document: Document
    artifacts: tuple[ArtifactState, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    schemas: tuple[tuple[str, str], ...] = ()
    """The digest of the schema of each dataset that states one, by the dataset's name."""
    decision: DecisionRecord | None = None
    """What stands at `spec.decision`; None where it names nothing, or nothing is there."""
