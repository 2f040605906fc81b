"""Sentences that are made of facts, and nothing else: each says where its facts stand.

A form is a sentence of ours with a gap for each fact; it holds no figure of its own. Facts are shown as they
were declared, measured or recorded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType

from gatecli.model.documents import AllocationState, DatasetFacts, DocumentFacts
from gatecli.model.mechanism import Mechanism
from gatecli.model.number import plain, show_percent
from gatecli.model.release import Artifact, ArtifactState, TrustModel


class FactSource(StrEnum):
    """Where the facts of a sentence stand."""

    DECLARATION = "declaration"
    POLICY = "policy"
    LEDGER = "ledger"
    VERDICT = "verdict"


@dataclass(frozen=True, slots=True)
class FactStatement:
    """A sentence: its form, the facts in its gaps, and where they stand."""

    source: FactSource
    form: str
    facts: tuple[str, ...]

    @property
    def text(self) -> str:
        return self.form.format(*self.facts)


def _declares(form: str, *facts: object) -> FactStatement:
    return FactStatement(FactSource.DECLARATION, form, tuple(map(str, facts)))


def _by_policy(form: str, *facts: object) -> FactStatement:
    return FactStatement(FactSource.POLICY, form, tuple(map(str, facts)))


def _in_ledger(form: str, *facts: object) -> FactStatement:
    return FactStatement(FactSource.LEDGER, form, tuple(map(str, facts)))


def _judges(form: str, *facts: object) -> FactStatement:
    return FactStatement(FactSource.VERDICT, form, tuple(map(str, facts)))


def _gaps(count: int) -> str:
    return ", ".join(["{}"] * count)


def identity_statements(facts: DocumentFacts) -> Iterator[FactStatement]:
    """Which release it is, and what it promises."""
    yield _declares("This is the release {} of the model {}.", facts.version, facts.name)
    yield from claim_statements(facts)
    yield from scope_statements(facts)


def scope_statements(facts: DocumentFacts) -> Iterator[FactStatement]:
    """What the promise covers."""
    claim = facts.claim
    if claim and claim.composition_scope:
        yield _declares("The promise covers: {}.", claim.composition_scope)


def claim_statements(facts: DocumentFacts) -> Iterator[FactStatement]:
    """The declared ε and δ, and what they are relative to."""
    claim = facts.claim
    budget = claim.budget if claim else None
    if claim is None or budget is None:
        return
    pair = (plain(budget.epsilon), plain(budget.delta))
    yield _declares("It promises ε = {} and δ = {}.", *pair)
    if claim.unit:
        yield _declares("The promise is about one {}.", claim.unit)
    if claim.neighbouring:
        yield _declares("It holds for the neighbouring relation {}.", claim.neighbouring.value)


def owner_statements(facts: DocumentFacts) -> Iterator[FactStatement]:
    """Who answers for the release, and who sees raw data."""
    if facts.release.metadata.owner:
        yield _declares("{} is responsible for the release.", facts.release.metadata.owner)
    yield from trust_statements(facts)


_WHO_SEES: Mapping[TrustModel, str] = MappingProxyType(
    {
        TrustModel.CENTRAL: "Whoever runs the training sees the raw data (trust model: {}).",
        TrustModel.SHUFFLE: "Data is shuffled before whoever runs the training sees it (trust model: {}).",
        TrustModel.DISTRIBUTED: "Only sums over many people leave their devices (trust model: {}).",
        TrustModel.LOCAL: "Nobody but the people themselves sees raw data (trust model: {}).",
    }
)


def trust_statements(facts: DocumentFacts) -> Iterator[FactStatement]:
    """Who sees raw data, where the claim says so."""
    model = facts.claim.trust_model if facts.claim else None
    if model is not None:
        yield _declares(_WHO_SEES[model], model.value)


def policy_statements(facts: DocumentFacts) -> Iterator[FactStatement]:
    """The policy that judges the release, and the limits that follow from it."""
    yield _by_policy("The policy {} applies (SHA-256 {}).", facts.policy.name, facts.policy.sha256)
    if facts.tiers:
        yield _by_policy(f"The data is of the tier {_gaps(len(facts.tiers))}.", *facts.tiers)
    yield from limit_statements(facts)
    if facts.limits and facts.limits.source:
        yield _by_policy("The policy says of these limits: {}", facts.limits.source.strip())


def limit_statements(facts: DocumentFacts) -> Iterator[FactStatement]:
    """The limits of the release's tiers."""
    limits = facts.limits
    if limits is None:
        return
    for form, limit in (
        ("ε may be at most {}.", limits.max_epsilon),
        ("δ may be at most {}.", limits.max_delta),
        ("k must be at least {} in its tables.", limits.min_k),
        ("l must be at least {} in its tables.", limits.min_l),
        ("t may be at most {} in its tables.", limits.max_t),
    ):
        if limit is not None:
            yield _by_policy(form, _number(limit))


def _number(value: Fraction | int) -> str:
    return plain(Fraction(value))


def dataset_statements(facts: DocumentFacts) -> Iterator[FactStatement]:
    """What the release was made from."""
    for each in facts.datasets:
        yield _declares("The release was made from the dataset {}.", each.name)
        if each.dataset.records is not None:
            yield _declares("{} holds {} units of privacy.", each.name, each.dataset.records)
        yield from column_statements(each)
        if each.public:
            yield _by_policy("The policy says that {} is nobody's data.", each.name)


def column_statements(of: DatasetFacts) -> Iterator[FactStatement]:
    """Columns that single people out, and columns that are sensitive."""
    anonymity = of.dataset.anonymity
    if anonymity is None:
        return
    columns = anonymity.quasi_identifiers
    yield _declares(
        f"Columns of {{}} that may single a person out together: {_gaps(len(columns))}.", of.name, *columns
    )
    if anonymity.sensitive:
        gaps = _gaps(len(anonymity.sensitive))
        yield _declares(f"Sensitive columns of {{}}: {gaps}.", of.name, *anonymity.sensitive)


def anonymity_statements(facts: DocumentFacts) -> Iterator[FactStatement]:
    """What the tables keep, as declared."""
    for each in facts.datasets:
        yield from anonymity_statements_of(each)


def anonymity_statements_of(of: DatasetFacts) -> Iterator[FactStatement]:
    """What one table keeps."""
    anonymity = of.dataset.anonymity
    if anonymity is None:
        return
    for form, bound in (
        ("In {} every combination of quasi-identifiers is shared by at least {} records.", anonymity.k),
        ("In {} the records that share one have at least {} different sensitive values.", anonymity.l),
        (
            "In {} the sensitive values of those records are at most {} away from those of all (t).",
            anonymity.t,
        ),
    ):
        if bound is not None:
            yield _declares(form, of.name, _number(bound))


def contribution_statements(facts: DocumentFacts) -> Iterator[FactStatement]:
    """How much of one unit is used at most."""
    claim = facts.claim
    if claim and claim.unit and claim.max_contributions is not None:
        form = "Records of one {} that are used: at most {}."
        yield _declares(form, claim.unit, claim.max_contributions)


def work_statements(facts: DocumentFacts) -> Iterator[FactStatement]:
    """What was run on the data: what came before, the mechanisms, and how often."""
    yield from preparation_statements(facts)
    yield from mechanism_statements(facts)
    yield from _charge_statements(facts)


def preparation_statements(facts: DocumentFacts) -> Iterator[FactStatement]:
    """What was done with the data before training, and how often training was tried."""
    claim = facts.claim
    if claim is None:
        return
    before = claim.preprocessing
    if before is not None:
        yield _declares(_PREPROCESSED[before.data_dependent, before.accounted])
        if before.description:
            yield _declares("Done before training: {}.", before.description.rstrip(". "))
    if claim.tuning is not None:
        yield _declares(_TUNED[claim.tuning.accounted], claim.tuning.runs)


_PREPROCESSED = {
    (True, True): "What was done before training depends on the data, and is counted in ε.",
    (True, False): "What was done before training depends on the data, and is not counted in ε.",
    (False, True): "What was done before training does not depend on the data.",
    (False, False): "What was done before training does not depend on the data.",
}
_TUNED = {
    True: "Runs of tuning that looked at the same data: {}. They are counted in ε.",
    False: "Runs of tuning that looked at the same data: {}. They are not counted in ε.",
}


def mechanism_statements(facts: DocumentFacts) -> Iterator[FactStatement]:
    """Each mechanism with the parameters that were declared."""
    for each in facts.mechanisms:
        pairs = tuple(_parameters(each))
        gaps = ", ".join(["{} {}"] * len(pairs))
        form = f"The mechanism {{}} was run on the data ({gaps})." if pairs else "The mechanism {} was run."
        yield _declares(form, each.kind, *(text for pair in pairs for text in pair))


def _parameters(mechanism: Mechanism) -> Iterator[tuple[str, str]]:
    """What the declaration states of it: names in its words, and texts of exact numbers."""
    stated = mechanism.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude={"kind"})
    for name, value in stated.items():
        if isinstance(value, str | int | Decimal):
            yield name, str(value)
        elif isinstance(value, list):
            yield name, str(len(value))


def _charge_statements(facts: DocumentFacts) -> Iterator[FactStatement]:
    for each in facts.datasets:
        if each.budget is not None and each.budget.state is not AllocationState.UNCHARGED:
            form = "In the ledger the release is {} for {}."
            yield _in_ledger(form, each.budget.state.value, each.name)


def file_statements(facts: DocumentFacts) -> Iterator[FactStatement]:
    """The files that ship, the evidence, and the ledger."""
    for artifact in declared_files(facts):
        yield _declares("The file {} ships (SHA-256 {}).", artifact.path, artifact.sha256.lower())
    for evidence in facts.claim.evidence if facts.claim else ():
        yield _declares("{} records what was run (format {}).", evidence.path, evidence.format.value)
    if facts.ledger is not None:
        yield _in_ledger("Its budgets are kept in the ledger {}.", facts.ledger.origin)


def declared_files(facts: DocumentFacts) -> Sequence[Artifact]:
    return facts.release.spec.artifacts


def digest_statements(facts: DocumentFacts) -> Iterator[FactStatement]:
    """Which files were found to be those that the declaration lists."""
    for each in facts.artifacts:
        yield _judges(_digest_form(each), each.artifact.path, each.artifact.sha256.lower())


def _digest_form(state: ArtifactState) -> str:
    if state.sha256 is None:
        return "{} is not there to be compared with its SHA-256 {}."
    if state.is_as_declared:
        return "{} has the SHA-256 that is declared for it: {}."
    return "{} does not have the SHA-256 that is declared for it: {}."


def judgement_statements(facts: DocumentFacts) -> Iterator[FactStatement]:
    """What was recomputed of ε, and how the release was judged."""
    yield from cost_statements(facts)
    yield from verdict_statements(facts)


def cost_statements(facts: DocumentFacts) -> Iterator[FactStatement]:
    """What was recomputed of ε."""
    cost = facts.cost
    if cost is not None:
        form = "Recomputed from what was run, ε is at most {} and at least {} at δ = {} ({}, by {})."
        bounds = (cost.epsilon_upper, cost.epsilon_lower, cost.delta)
        yield _judges(form, *bounds, cost.neighbouring, cost.accountant)


def verdict_statements(facts: DocumentFacts) -> Iterator[FactStatement]:
    """How the release gate judged, and which waivers it needed."""
    if facts.verdict is None:
        return
    outcome = "passed" if facts.verdict.passed else "did not pass"
    yield _judges(f"The release {outcome} the checks of the policy {{}}.", facts.policy.name)
    for rule, count in sorted(facts.verdict.findings.items()):
        yield _judges("It found {} ({} times).", rule, count)
    for waiver in facts.verdict.waivers:
        form = "The waiver {} forgave findings of {} (until {})."
        yield _judges(form, waiver.name, waiver.rule, waiver.expires or "no day is named")


def budget_statements(facts: DocumentFacts) -> Iterator[FactStatement]:
    """What the ledger holds of each dataset, and what the release takes of it."""
    for each in facts.datasets:
        yield from budget_statements_of(each)


def budget_statements_of(of: DatasetFacts) -> Iterator[FactStatement]:
    """What the ledger holds of one dataset."""
    budget = of.budget
    if budget is None:
        return
    whole = (plain(budget.budget.epsilon), plain(budget.budget.delta))
    form = "{} has a budget of ε = {} and δ = {} for one {} ({})."
    yield _in_ledger(form, of.name, *whole, budget.unit, budget.neighbouring.value)
    yield _in_ledger(
        "{} of the budget of {} was held before this release.", show_percent(budget.held_before), of.name
    )
    if budget.share_of_left is not None:
        yield _in_ledger(
            "The release takes {} of what was left of the budget of {}.",
            show_percent(budget.share_of_left),
            of.name,
        )
    if budget.left_after is not None:
        yield _in_ledger("{} of the budget of {} is left with it.", show_percent(budget.left_after), of.name)


def attestation_statements(facts: DocumentFacts) -> Iterator[FactStatement]:
    """The signed statement of the verdict, where there is one."""
    if facts.attestation is not None:
        yield _judges("The verdict is attested by a file with the SHA-256 {}.", facts.attestation)
