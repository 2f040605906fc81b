"""What a document may say of a release, from what the release gate found out."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from gatecli.checks.release.budget import tier_names, tier_of
from gatecli.checks.release.recomputation import Costs
from gatecli.gates.concealment import without_values
from gatecli.model.attestation import UsedWaiver
from gatecli.model.documents import DatasetFacts, DocumentedCost, DocumentedVerdict, DocumentFacts
from gatecli.model.finding import is_of_families
from gatecli.model.number import plain, show_down, show_up
from gatecli.model.policy import PrivacyPolicy, stamp
from gatecli.model.release import ModelRelease, ReleaseSubject
from gatecli.model.verdict import Verdict

if TYPE_CHECKING:
    from gatecli.gates.charges import Assessment, Terms

DOCUMENT_RULES = frozenset({"doc"})
"""The families of the rules about documents, which no document tells of."""


def facts_of(
    subject: ReleaseSubject, costs: Costs, policy: PrivacyPolicy, charged: tuple[Assessment, Terms] | None
) -> DocumentFacts:
    """All but the verdict. `charged` is what a ledger says of the release, where one is given."""
    datasets = tuple(DatasetFacts(each) for each in subject.release.spec.datasets)
    ledger = None
    if charged is not None:
        from gatecli.gates.document_budgets import dataset_facts, ledger_facts  # noqa: PLC0415 - few runs have a ledger

        datasets, ledger = dataset_facts(subject, *charged), ledger_facts(charged[1].store)
    return DocumentFacts(
        _without_named_owner(subject.release),
        subject.document.path,
        subject.document.sha256,
        stamp(policy),
        tier_names(subject, policy),
        tier_of(subject, policy),
        _cost(costs),
        datasets,
        subject.artifacts,
        ledger,
    )


def _without_named_owner(release: ModelRelease) -> ModelRelease:
    """An owner who is a person and no team, by an address, is left out: who that is stays a question."""
    metadata = release.metadata
    if metadata.owner is None or without_values(metadata.owner) == metadata.owner:
        return release
    return release.model_copy(update={"metadata": metadata.model_copy(update={"owner": None})})


def _cost(costs: Costs) -> DocumentedCost | None:
    if costs.worst is None or costs.worst[1].upper is None:
        return None
    bounds, upper = costs.worst[1], costs.worst[1].upper
    return DocumentedCost(
        show_up(upper),
        show_down(costs.lower),
        plain(bounds.delta),
        bounds.neighbouring.value,
        bounds.accountant,
    )


def verdict_facts(verdict: Verdict) -> DocumentedVerdict:
    """How the release was judged, without what is wrong with its documents."""
    findings = [each for each in verdict.findings if not is_of_families(each.rule.id, DOCUMENT_RULES)]
    active = [each for each in findings if each.suppressed is None]
    closed = any(verdict.closed_by(each) or each.rule.uncheckable for each in findings)
    waivers = {
        UsedWaiver(why.name, each.rule.id, why.expires)
        for each in findings
        if (why := each.suppressed) is not None and why.by == "waiver"
    }
    return DocumentedVerdict(
        bool(verdict.checked) and not closed,
        dict(sorted(Counter(each.rule.id for each in active).items())),
        tuple(sorted(waivers, key=lambda each: (each.name, each.rule))),
    )
