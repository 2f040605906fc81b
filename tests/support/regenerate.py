"""`make generated`: everything that is written from code, written again. Read the diff."""

from __future__ import annotations

import json
from pathlib import Path

from admission.cluster.custom_resources import definitions
from admission.commands.manifests import as_yaml
from gatecli.model.schemas import schemas
from tests.golden.regenerate import main as golden
from tests.support.admission_reference import admission_reference
from tests.support.attestation_examples import main as attestation_examples
from tests.support.chart_files import main as chart_files
from tests.support.command_reference import reference
from tests.support.decision_examples import main as decision_examples
from tests.support.document_examples import main as document_examples
from tests.support.form_page import form_page
from tests.support.gated_plans import main as gated_plans
from tests.support.pii_examples import main as examples
from tests.support.pii_sections import entity_page, written_into
from tests.support.serving_examples import main as serving_examples
from tests.support.terraform_docs import main as module_pages
from tests.support.terraform_gates import main as gate_digests

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
CRDS = ROOT / "admission" / "deploy" / "base" / "crds.yaml"


def crds() -> str:
    """The definitions of the webhook's kinds, as they are applied."""
    head = "# Written by `make generated` from gatecli/model; do not edit.\n"
    return head + as_yaml(definitions(), explicit_start=False)


def main() -> None:
    (DOCS / "cli.md").write_text(reference(), "utf-8")
    (DOCS / "admission-cli.md").write_text(admission_reference(), "utf-8")
    for name, schema in schemas().items():
        (DOCS / "schemas" / f"{name}.json").write_text(
            json.dumps(schema, indent=2, ensure_ascii=False) + "\n", "utf-8"
        )
    rules = DOCS / "rules.md"
    rules.write_text(written_into(rules.read_text("utf-8")), "utf-8")
    (DOCS / "pii-entities.md").write_text(entity_page(), "utf-8")
    forms = DOCS / "terraform-forms.md"
    forms.write_text(form_page(forms.read_text("utf-8")), "utf-8")
    CRDS.write_text(crds(), "utf-8")
    chart_files()
    decision_examples()
    examples()
    attestation_examples()
    serving_examples()
    module_pages()
    gate_digests()
    gated_plans()
    golden()
    document_examples()


if __name__ == "__main__":
    main()
