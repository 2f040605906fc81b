"""Facts of a release, for tests of documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from gatecli.documents.kinds import ADR
from gatecli.documents.rendering import DocumentRequest, WrittenDocument, render_document
from gatecli.model.budget import Budget, Neighbouring
from gatecli.model.documents import (
    BudgetFacts,
    DatasetFacts,
    DocumentedCost,
    DocumentFacts,
    LedgerFacts,
)
from gatecli.model.policy import Tier
from gatecli.model.release import ModelRelease
from gatecli.model.verdict import PolicyStamp
from gatecli.sources.markdown_text import front_matter
from tests.support.releases import PRIVACY, SPEC, data_of

SHA256 = "f3cb24340c2bfb8fb71e37d9d81af3424096fcd7040558e6e2936f9b6bca673b"


def budget_facts(**changes: Any) -> BudgetFacts:
    """A dataset of which a tenth was held, and of which the release takes a half."""
    facts = BudgetFacts(
        "person",
        Neighbouring.ADD_REMOVE,
        Budget(Fraction(10), Fraction(1, 10**5)),
        Fraction(1, 10),
        Fraction(11, 20),
        lapse_after_days=30,
    )
    return replace(facts, **changes)


def some_facts(
    name: str = "churn-classifier",
    *,
    version: str = "2.3.0",
    datasets: Sequence[str] = ("customers",),
    budget: BudgetFacts | None = None,
    **privacy: Any,
) -> DocumentFacts:
    """A release; with `budget` a ledger was asked, and holds it for every dataset."""
    named = [{"name": each, "records": 60000} for each in datasets]
    data = data_of({**SPEC, "privacy": {**PRIVACY, **privacy}, "datasets": named}, version)
    release = ModelRelease.from_file({**data, "metadata": {"name": name, "version": version}})
    return DocumentFacts(
        release,
        "models/churn/privacy.yaml",
        SHA256,
        PolicyStamp("acme", "0" * 64),
        ("behavioural",),
        Tier(max_epsilon=Fraction(4), max_delta=Fraction(1, 10**4)),
        DocumentedCost("1", "0.9999", "1e-6", "add-remove", "PLD"),
        tuple(DatasetFacts(each, budget) for each in release.spec.datasets),
        ledger=None if budget is None else LedgerFacts("acme-ledger"),
    )


def request(facts: DocumentFacts, before: str | None = None, **changes: Any) -> DocumentRequest:
    """A decision record in docs/adr, in place of the text that stood there before."""
    written = None if before is None else WrittenDocument("0007.md", before, head_of(before))
    asked = DocumentRequest(ADR, facts, "../../models/churn/privacy.yaml", "0007.md", written)
    return replace(asked, **changes)


def head_of(text: str) -> str | None:
    """What stands between the fences of the front matter."""
    head = front_matter(text)
    return None if head is None else head.partition("\n")[2].rstrip("\r\n")


def record_of(facts: DocumentFacts, before: str | None = None, **changes: Any) -> str:
    """The text of the decision record."""
    return render_document(request(facts, before, **changes))
