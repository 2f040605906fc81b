"""tests/rules/doc-…/: a release, and the record of the decision about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from gatecli.documents.kinds import ADR
from gatecli.documents.rendering import DocumentRequest, render_document
from gatecli.gates.documenting import DocumentedRelease, document_facts
from gatecli.gates.judgement import JudgementTerms
from gatecli.model.documents import QUESTION, DocumentFacts
from gatecli.sources.policy import default_policy
from tests.support.releases import TODAY
from tests.support.written_documents import budget_facts, record_of, some_facts

RULES = Path(__file__).resolve().parents[1] / "rules"
DECLARATION = """\
apiVersion: gatecli.dev/v1
kind: ModelRelease
metadata: {name: churn-classifier, version: 2.3.0, owner: ml-platform}
spec:
  sensitivity: behavioural
  privacy:
    unit: person
    neighbouring: add-remove
    variant: approximate
    epsilon: 2.5
    delta: 1.0e-5
    maxContributions: 1
    trustModel: central
    compositionScope: this release alone
    tuning: {runs: 0, accounted: true}
    preprocessing: {dataDependent: false}
    mechanisms:
      - {kind: laplace, scale: 0.4}
  datasets:
    - {name: customers, records: 60000}
  decision: decision.md
"""
ANSWERED = {
    "on which day was this decided?": "2026-11-20",
    "who decides?": "the privacy board",
    "who was asked?": "the churn team",
    "who is told?": "everybody",
}


def answered(text: str) -> str:
    """A record whose every question has an answer, accepted."""
    for question, answer in ANSWERED.items():
        text = text.replace(f'"{QUESTION} {question}"', answer)
    text = re.sub(rf"\*\*{QUESTION}\*\* .*", "The board wrote its answer here.", text)
    return text.replace("status: proposed", "status: accepted")


def record(facts: DocumentFacts) -> str:
    """The record beside a declaration."""
    return answered(render_document(DocumentRequest(ADR, facts, "privacy.yaml", "decision.md")))


BREAKING: Mapping[str, Callable[[DocumentFacts], str]] = {
    "doc-missing-epsilon-allocation": lambda facts: record(facts).replace("| 2.5 |", "| 2.4 |"),
    "doc-out-of-date": lambda facts: record(replace(facts, tiers=("health",))),
    "doc-not-accepted": lambda facts: record(facts).replace("status: accepted", "status: proposed"),
}


GOLDEN = Path(__file__).resolve().parents[1] / "data" / "documents"


def golden_record() -> str:
    """What a decision record looks like, with everything that it may say."""
    facts = some_facts(
        "churn [*classifier*]", datasets=["customers-2026", "orders | 2026"], budget=budget_facts()
    )
    return record_of(replace(facts, attestation="a" * 64))


def main() -> None:
    """Write the examples, and the golden record."""
    (GOLDEN / "adr.md").write_text(golden_record(), "utf-8")
    for rule, broken in BREAKING.items():
        for example, write in (("pass", record), ("fail", broken)):
            folder = RULES / rule / example
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "privacy.yaml").write_text(DECLARATION, "utf-8")
            terms = JudgementTerms(default_policy(), (), TODAY)
            facts = document_facts(DocumentedRelease(folder / "privacy.yaml", terms))
            (folder / "decision.md").write_text(write(facts), "utf-8")


if __name__ == "__main__":
    main()
