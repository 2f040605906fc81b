"""`gatecli document lineage`: a facet of an OpenLineage run."""

from __future__ import annotations

from pathlib import Path

from gatecli.cli.document_data import DataFileOptions, read_json_before, write_data
from gatecli.cli.document_writing import ReleasePath, gather_facts
from gatecli.documents.lineage import lineage_with
from gatecli.frontdoor.option_groups import spread


@spread
def lineage(data: DataFileOptions, path: ReleasePath = Path()) -> None:
    """Write ε, δ, unit and ledger position as a custom run facet of OpenLineage (gatecli_privacyBudget).

    Into a file that holds a run event, it puts the facet among those of the run.
    """
    facts = gather_facts(path, data)
    write_data(lineage_with(facts, read_json_before(data.output)), data.output)
