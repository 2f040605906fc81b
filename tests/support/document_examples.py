"""Every kind of document of one release; `python -m tests.support.document_examples` writes them anew.

The files stand in tests/unit/documents/expected. Read the difference before committing.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

from gatecli.documents.cnil import cnil_file
from gatecli.documents.croissant import croissant_file
from gatecli.documents.exact_json import exact_json
from gatecli.documents.kinds import MODEL_CARD, PIA, DocumentKind
from gatecli.documents.lineage import lineage_facets
from gatecli.documents.ml_bom import ml_bom
from gatecli.documents.model_card import (
    KEY,
    TAG,
    card_metadata,
    section_facts,
    with_section,
)
from gatecli.documents.pia import assessment_of
from gatecli.documents.registry import record_text, registry_record
from gatecli.documents.rendering import DocumentRequest, render_document
from gatecli.model.documents import DocumentFacts
from gatecli.sources.front_matter import set_front_matter
from tests.support.documented import complete_facts

HERE = Path(__file__).parents[1] / "unit" / "documents" / "expected"
DAY = "2026-11-30"
CARD = "---\nlicense: apache-2.0 # as the code\n---\n# Churn\n\nFinds customers who may leave.\n"


def assessment(facts: DocumentFacts, kind: DocumentKind = PIA) -> str:
    request = DocumentRequest(kind, facts, "privacy.yaml", more=assessment_of(facts))
    return render_document(request)


def card(facts: DocumentFacts) -> str:
    request = DocumentRequest(MODEL_CARD, facts, "privacy.yaml", "README.md", more=section_facts(facts))
    whole = with_section(CARD, render_document(request))
    return set_front_matter("README.md", whole, TAG, KEY, card_metadata(facts))


FILES: Mapping[str, Callable[[DocumentFacts], str]] = {
    "pia.md": assessment,
    "pia.html": lambda facts: assessment(facts, replace(PIA, template="pia.html")),
    "pia.json": lambda facts: exact_json(cnil_file(facts, f"{DAY}T00:00:00.000Z")),
    "README.md": card,
    "deployment.yaml": lambda facts: record_text(registry_record(facts, None, DAY, date.fromisoformat(DAY))),
    "ml-bom.json": lambda facts: exact_json(ml_bom(facts)),
    "croissant.json": lambda facts: exact_json(croissant_file(facts.datasets[0], None)),
    "lineage.json": lambda facts: exact_json(lineage_facets(facts)),
}


def documents(folder: Path) -> dict[str, str]:
    """Every document of the complete release, by its file's name."""
    facts = replace(complete_facts(folder), path="privacy.yaml")
    return {name: write(facts) for name, write in FILES.items()}


def main() -> None:
    HERE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for name, text in documents(Path(folder)).items():
            (HERE / name).write_bytes(text.encode())


if __name__ == "__main__":
    main()
