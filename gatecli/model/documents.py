"""What a document may say of a release: the declaration, what was recomputed, and what a ledger holds.

Nothing depends on the time: the same declaration, policy and ledger give the same facts. Numbers are exact.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from gatecli.model.attestation import UsedWaiver
from gatecli.model.budget import Budget, Neighbouring
from gatecli.model.dataset import Dataset
from gatecli.model.mechanism import Mechanism
from gatecli.model.number import plain, show_percent
from gatecli.model.policy import Tier
from gatecli.model.release import ArtifactState, ModelRelease, Privacy
from gatecli.model.verdict import PolicyStamp
from gatecli.package import VERSION

QUESTION = "Question for a human:"
"""How every question begins that a person has to answer in a document."""


@dataclass(frozen=True, slots=True)
class DocumentedCost:
    """What was recomputed: lower ≤ true ε ≤ upper at δ, in a few digits, rounded against the spender."""

    epsilon_upper: str
    epsilon_lower: str
    delta: str
    neighbouring: str
    accountant: str


@dataclass(frozen=True, slots=True)
class DocumentedVerdict:
    """How the release gate judged: findings that count by rule, and the waivers that were used.

    What is wrong with documents is left out: a document that told it would change itself.
    """

    passed: bool
    findings: Mapping[str, int]
    waivers: tuple[UsedWaiver, ...]


class AllocationState(StrEnum):
    """Where a release stands in a ledger."""

    UNCHARGED = "not reserved"
    RESERVED = "reserved"
    COMMITTED = "committed"


@dataclass(frozen=True, slots=True)
class BudgetFacts:
    """A dataset in a ledger, as the release found it or would find it.

    `budget` is that of one `unit` of the dataset in the relation `neighbouring`. `held_before` is the share
    of it that was held before the release was charged, `held_with` the share with it: None where nothing
    could be charged. Both are by the member that decides (docs/ledger.md), and do not change by what others
    are charged later.

    `lapses` is the last day (ISO) of a reservation that is held.
    """

    unit: str
    neighbouring: Neighbouring
    budget: Budget
    held_before: Fraction
    held_with: Fraction | None
    state: AllocationState = AllocationState.UNCHARGED
    lapses: str | None = None
    plan: str | None = None
    """The plan that the release was reserved in; then `held_with` is with all of the plan."""
    lapse_after_days: int = 0
    """For how many days a reservation is held, by the policy."""

    @property
    def share_of_left(self) -> Fraction | None:
        """The share that the release takes of what was left before it; None where it is not known."""
        left = 1 - self.held_before
        if self.held_with is None or left <= 0:
            return None
        return (self.held_with - self.held_before) / left

    @property
    def left_after(self) -> Fraction | None:
        """The share of the budget that is left with the release; None where it is not known."""
        return None if self.held_with is None else max(Fraction(0), 1 - self.held_with)


@dataclass(frozen=True, slots=True)
class DatasetFacts:
    """A dataset that the release was made from. `budget` is None where no ledger was asked, or has none."""

    dataset: Dataset
    budget: BudgetFacts | None = None
    public: bool = False
    """Whether the policy says that it is nobody's data."""

    @property
    def name(self) -> str:
        return self.dataset.name


@dataclass(frozen=True, slots=True)
class LedgerFacts:
    """The ledger that was asked, and its last checkpoint: `size` and `root` are None where it has none."""

    origin: str
    size: int | None = None
    root: str | None = None


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """Everything that a document may say of one release."""

    release: ModelRelease
    path: str
    """The file of the declaration, with slashes."""
    sha256: str
    """Of its bytes."""
    policy: PolicyStamp
    tiers: tuple[str, ...] = ()
    """The names of the tiers that the release is of."""
    limits: Tier | None = None
    """The limits of all of them."""
    cost: DocumentedCost | None = None
    datasets: tuple[DatasetFacts, ...] = ()
    artifacts: tuple[ArtifactState, ...] = ()
    ledger: LedgerFacts | None = None
    verdict: DocumentedVerdict | None = None
    attestation: str | None = None
    """The SHA-256 of a file that attests the verdict."""
    tool: str = VERSION

    @property
    def name(self) -> str:
        return self.release.metadata.name

    @property
    def version(self) -> str:
        return self.release.metadata.version

    @property
    def identity(self) -> str:
        """`name@version`, as the ledger and waivers have it."""
        return f"{self.name}@{self.version}"

    @property
    def claim(self) -> Privacy | None:
        return self.release.claim

    @property
    def mechanisms(self) -> tuple[Mechanism, ...]:
        return self.claim.mechanisms if self.claim else ()

    @property
    def allocations(self) -> tuple[EpsilonAllocation, ...]:
        """The row of each dataset in the table of ε."""
        return tuple(allocation_of(self, each) for each in self.datasets)


@dataclass(frozen=True, slots=True)
class EpsilonAllocation:
    """A row of the table of ε, as text: what a dataset gives to a release."""

    dataset: str
    unit: str
    epsilon: str
    delta: str
    share: str
    expiry: str


NOT_STATED = "not stated"
NO_LEDGER = "no ledger"
PUBLIC = "public data"
NOT_HELD = "not in the ledger"
UNKNOWN_SHARE = "not known"


def allocation_of(facts: DocumentFacts, of: DatasetFacts) -> EpsilonAllocation:
    """What the declaration and the ledger say about one dataset."""
    claim = facts.claim
    budget = claim.budget if claim else None
    return EpsilonAllocation(
        of.name,
        claim.unit if claim and claim.unit else NOT_STATED,
        plain(budget.epsilon) if budget else NOT_STATED,
        plain(budget.delta) if budget else NOT_STATED,
        _share_text(facts, of),
        _expiry_text(facts, of),
    )


def _share_text(facts: DocumentFacts, of: DatasetFacts) -> str:
    if of.budget is None:
        return _without_budget(facts, of)
    share = of.budget.share_of_left
    return UNKNOWN_SHARE if share is None else show_percent(share)


def _expiry_text(facts: DocumentFacts, of: DatasetFacts) -> str:
    if of.budget is None:
        return _without_budget(facts, of)
    match of.budget.state:
        case AllocationState.COMMITTED:
            return "none: it is spent"
        case AllocationState.RESERVED if of.budget.lapses is not None:
            return of.budget.lapses
        case _:
            return f"{of.budget.lapse_after_days} days after it is reserved"


def _without_budget(facts: DocumentFacts, of: DatasetFacts) -> str:
    if of.public:
        return PUBLIC
    return NO_LEDGER if facts.ledger is None else NOT_HELD


class InputPart(StrEnum):
    """What a document is made from; it is out of date where a part that it states has changed."""

    DECLARATION = "declaration"
    COST = "cost"
    LIMITS = "limits"
    LEDGER = "ledger"
    VERDICT = "verdict"


def _declaration_digest(facts: DocumentFacts) -> str:
    """Of what it says, and not of its bytes; where its decision stands, no document says."""
    return _digest(facts.release.model_dump(mode="json", by_alias=True, exclude={"spec": {"decision"}}))


def _cost_digest(facts: DocumentFacts) -> str:
    return _digest(_fields(facts.cost) if facts.cost else None)


def _limits_digest(facts: DocumentFacts) -> str:
    """Of what may be promised; how the files of a release travel is no limit of the promise."""
    limits: dict[str, Any] | None = None
    if facts.limits is not None:
        limits = facts.limits.model_dump(mode="json", by_alias=True, exclude={"require_sealed"})
    return _digest([list(facts.tiers), limits])


def _ledger_digest(facts: DocumentFacts) -> str:
    """Of what does not change when the release is reserved and committed, nor by what others are charged."""
    rows = [
        [each.name, None if each.budget is None else _budget_data(each.budget)] for each in facts.datasets
    ]
    return _digest(rows)


def _budget_data(budget: BudgetFacts) -> list[Any]:
    shares = [None if share is None else str(share) for share in (budget.held_before, budget.held_with)]
    limits = [plain(budget.budget.epsilon), plain(budget.budget.delta)]
    return [budget.unit, budget.neighbouring.value, *limits, *shares]


def _verdict_digest(facts: DocumentFacts) -> str:
    verdict = facts.verdict
    found = [None, {}] if verdict is None else [verdict.passed, dict(verdict.findings)]
    waivers = [_fields(each) for each in verdict.waivers] if verdict else []
    return _digest([*found, waivers, facts.policy.name, facts.policy.sha256])


def _fields(value: DocumentedCost | UsedWaiver) -> dict[str, str]:
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _digest(data: object) -> str:
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


_DIGESTS: Mapping[InputPart, Callable[[DocumentFacts], str]] = MappingProxyType(
    {
        InputPart.DECLARATION: _declaration_digest,
        InputPart.COST: _cost_digest,
        InputPart.LIMITS: _limits_digest,
        InputPart.LEDGER: _ledger_digest,
        InputPart.VERDICT: _verdict_digest,
    }
)


def input_digests(facts: DocumentFacts, parts: frozenset[InputPart]) -> dict[InputPart, str]:
    """The SHA-256 of each part of the facts, by what it says.

    The ledger's is left out where none was asked.
    """
    return {
        part: _DIGESTS[part](facts)
        for part in InputPart
        if part in parts and (part is not InputPart.LEDGER or facts.ledger is not None)
    }
