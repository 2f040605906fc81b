"""What an attestation states: in-toto statements (https://in-toto.io/Statement/v1) and their predicates.

Every ε and δ is exact text; beside each ε stands `epsilonMicro`, a whole number of millionths, rounded up,
which policy languages compare without a float.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType
from typing import Annotated, Literal

from gatecli.model.strict_data import Matching, Within

PRIVACY_RELEASE = "https://gatecli.dev/privacy-release/v1"
ANONYMITY = "https://gatecli.dev/anonymity/v1"
SCAN = "https://gatecli.dev/scan/v1"
FOLDER = "dirHash"
"""The name of a digest: that of in-toto over the names and contents of a folder."""
MODEL_SIGNING = "modelSigningV1"
"""The name of a digest: the root of model-signing v1 over a folder, which is no digest of a file."""

MOST_MICRO = 2**53 - 1
"""The largest whole number that every JSON reader holds exactly."""
MICRO = 10**6

Sha256Hex = Annotated[str, Matching("[0-9a-f]{64}")]
ExactNumber = Annotated[
    str, Matching(r"(0|[1-9][0-9]{0,399})(\.[0-9]{1,399})?(e-?[0-9]{1,3})?|[0-9]{1,399}/[1-9][0-9]{0,399}")
]
Micro = Annotated[int, Within(0, MOST_MICRO)]
CountOf = Annotated[int, Within(0, MOST_MICRO)]
Named = Annotated[str, Matching(r"[^\x00-\x1f\x7f]{1,500}")]
Moment = Annotated[str, Matching("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")]
Relation = Literal["add-remove", "replace-one", "zero-out"]


def exact_value(text: str) -> Fraction:
    """The number that an `ExactNumber` states. Raises ValueError where the exponent is beyond 1e±300."""
    _, _, exponent = text.partition("e")
    if abs(int(exponent or 0)) > 300:
        raise ValueError("a number is beyond what can be computed with")
    return Fraction(text)


def micro_of(epsilon: Fraction) -> int:
    """Millionths of ε, rounded up: never less than what was spent."""
    return -(-epsilon.numerator * MICRO // epsilon.denominator)


@dataclass(frozen=True, slots=True)
class Claim:
    """What the release promises: (ε, δ) for one step of the relation of one unit."""

    epsilon: ExactNumber
    epsilon_micro: Micro
    delta: ExactNumber
    unit: Named | None = None
    neighbouring: Relation | None = None
    variant: Named | None = None

    def __post_init__(self) -> None:
        if micro_of(exact_value(self.epsilon)) != self.epsilon_micro:
            raise ValueError("epsilonMicro is not ε in millionths, rounded up")
        if not 0 <= exact_value(self.delta) < 1:
            raise ValueError("delta is not a probability below 1")


@dataclass(frozen=True, slots=True)
class MeasuredCost:
    """What was recomputed: lower ≤ true ε ≤ upper at delta, in the relation, by the accountant."""

    epsilon_upper: ExactNumber
    epsilon_upper_micro: Micro
    epsilon_lower: ExactNumber
    delta: ExactNumber
    neighbouring: Relation
    accountant: Named

    def __post_init__(self) -> None:
        if micro_of(exact_value(self.epsilon_upper)) != self.epsilon_upper_micro:
            raise ValueError("epsilonUpperMicro is not the upper ε in millionths, rounded up")
        if exact_value(self.epsilon_lower) > exact_value(self.epsilon_upper):
            raise ValueError("the lower bound is above the upper one")


@dataclass(frozen=True, slots=True)
class MechanismsDigest:
    """How many mechanisms the declaration lists, and the SHA-256 of their canonical JSON."""

    count: CountOf
    sha256: Sha256Hex


@dataclass(frozen=True, slots=True)
class ReleaseName:
    """Which release: its name and version, and the SHA-256 of its declaration."""

    name: Named
    version: Named
    declaration: Sha256Hex


@dataclass(frozen=True, slots=True)
class LedgerPosition:
    """Where a ledger's log holds the release: the head (origin, size, root), and the way there from an entry.

    Root, previous and path are lower-case hexadecimal; the leaf is the SHA-256 of previous and content.
    """

    origin: Named
    size: CountOf
    root: Sha256Hex
    index: CountOf
    previous: Sha256Hex
    content: Annotated[str, Matching(r"[\s\S]{2,100000}")]
    path: tuple[Sha256Hex, ...]


@dataclass(frozen=True, slots=True)
class PolicyDigest:
    """The policy that judged: its name, and the SHA-256 of its resolved content."""

    name: Named
    sha256: Sha256Hex


@dataclass(frozen=True, slots=True)
class UsedWaiver:
    """A waiver that forgave a finding of a rule."""

    name: Named
    rule: Named
    expires: Annotated[str, Matching(r"[^\x00-\x1f\x7f]{0,100}")]


@dataclass(frozen=True, slots=True)
class AttestingTool:
    """The program that judged."""

    name: Named
    version: Named


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictPredicate:
    """What every predicate states of a verdict."""

    verdict: Literal["pass", "fail"]
    gate: Named
    policy: PolicyDigest
    findings: Mapping[str, CountOf]
    suppressed: CountOf
    waivers: tuple[UsedWaiver, ...]
    tool: AttestingTool
    time: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyRelease(VerdictPredicate):
    """https://gatecli.dev/privacy-release/v1: a model release was judged, and what it promises.

    `sensitivity` is the tier that the release names.
    """

    release: ReleaseName
    mechanisms: MechanismsDigest
    datasets: tuple[Named, ...]
    sensitivity: Named | None = None
    claim: Claim | None = None
    cost: MeasuredCost | None = None
    ledger: LedgerPosition | None = None


@dataclass(frozen=True, slots=True)
class AttestedRecursion:
    """Recursive (c, l)-diversity that was demanded."""

    c: ExactNumber
    l: CountOf  # noqa: E741 - the field's standard name


@dataclass(frozen=True, slots=True)
class AttestedQuestion:
    """What was asked about a table, by the names of a report: a measure says nothing without its columns.

    `thresholds` are those that the table was judged by, but for `recursive`.
    """

    quasi_identifiers: tuple[Named, ...]
    sensitive: tuple[Named, ...]
    missing: Named
    normalise: bool
    thresholds: Mapping[str, ExactNumber]
    recursive: AttestedRecursion | None = None
    unit: Named | None = None
    trajectory: bool | None = None
    known: CountOf | None = None
    household: Named | None = None
    weights: Named | None = None
    scales: Mapping[str, Named] | None = None
    formats: Mapping[str, Named] | None = None
    missing_codes: tuple[Named, ...] | None = None
    suppressed_codes: tuple[Named, ...] | None = None


@dataclass(frozen=True, slots=True)
class MeasuredTable:
    """A table by the digest of its bytes, its measures as exact text, and what was asked about it."""

    name: Named
    sha256: Sha256Hex
    measures: Mapping[str, ExactNumber]
    question: AttestedQuestion | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TableAnonymity(VerdictPredicate):
    """https://gatecli.dev/anonymity/v1: tables were measured against thresholds."""

    tables: tuple[MeasuredTable, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalDataScan(VerdictPredicate):
    """https://gatecli.dev/scan/v1: files were searched for personal data."""

    files: CountOf


Predicate = PrivacyRelease | TableAnonymity | PersonalDataScan
PREDICATES: Mapping[str, type[Predicate]] = MappingProxyType(
    {PRIVACY_RELEASE: PrivacyRelease, ANONYMITY: TableAnonymity, SCAN: PersonalDataScan}
)
"""The predicates that gatecli writes, by their type."""


@dataclass(frozen=True, slots=True)
class AttestedSubject:
    """What a statement is about: a name, and digests by the name of their algorithm.

    A file and an image have `sha256`, a folder has `dirHash` and `modelSigningV1`: a file whose plain digest
    is that of a folder is not that folder.
    """

    name: Named
    digest: Mapping[str, Annotated[str, Matching("[0-9a-f]{40,128}")]] = field(
        default_factory=lambda: MappingProxyType({})
    )

    def __post_init__(self) -> None:
        if not self.digest:
            raise ValueError("a subject has no digest")


@dataclass(frozen=True, slots=True)
class AttestedStatement:
    """What is signed."""

    subjects: tuple[AttestedSubject, ...]
    predicate: Predicate

    def __post_init__(self) -> None:
        if not self.subjects:
            raise ValueError("a statement has no subject")
