"""The facet that a run of OpenLineage carries, from the facts of a release."""

from __future__ import annotations

from typing import Any, cast

from gatecli.errors import UsageError
from gatecli.model.attestation import PolicyDigest
from gatecli.model.documents import DatasetFacts, DocumentFacts
from gatecli.model.lineage import (
    LedgerHead,
    LineageDataset,
    PrivacyBudgetFacet,
    RecomputedRange,
    facet_data,
)
from gatecli.model.number import plain
from gatecli.reports.escaping import visible


def lineage_facets(facts: DocumentFacts) -> dict[str, Any]:
    """The facets to be added to those of the run."""
    claim, cost, ledger = facts.claim, facts.cost, facts.ledger
    budget = claim.budget if claim else None
    facet = PrivacyBudgetFacet(
        visible(facts.name),
        visible(facts.version),
        facts.sha256,
        PolicyDigest(visible(facts.policy.name), facts.policy.sha256),
        tuple(_dataset(each) for each in facts.datasets),
        plain(budget.epsilon) if budget else None,
        plain(budget.delta) if budget else None,
        visible(claim.unit) if claim and claim.unit else None,
        cast("Any", claim.neighbouring.value if claim and claim.neighbouring else None),
        RecomputedRange(cost.epsilon_lower, cost.epsilon_upper, cost.delta, cost.accountant)
        if cost
        else None,
        LedgerHead(visible(ledger.origin), ledger.size, ledger.root) if ledger else None,
    )
    return facet_data(facet, facts.tool)


def lineage_with(facts: DocumentFacts, before: object) -> dict[str, Any]:
    """The run event that stands at a place with the facet in it, or the facets alone.

    Raises UsageError where something else stands there.
    """
    facets = lineage_facets(facts)
    if before is None or (isinstance(before, dict) and set(before) == set(facets)):
        return facets
    run = before.get("run") if isinstance(before, dict) else None
    others = run.get("facets", {}) if isinstance(run, dict) else None
    if not isinstance(before, dict) or not isinstance(run, dict) or not isinstance(others, dict):
        raise UsageError(
            "the file that stands there is not a run event of OpenLineage", advice="name another file"
        )
    return {**before, "run": {**run, "facets": {**others, **facets}}}


def _dataset(of: DatasetFacts) -> LineageDataset:
    budget = of.budget
    if budget is None:
        return LineageDataset(visible(of.name))
    left = budget.left_after
    return LineageDataset(visible(of.name), budget.state.value, None if left is None else plain(left))
