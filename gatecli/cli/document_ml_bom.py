"""`gatecli document ml-bom`: a CycloneDX bill of materials of the model."""

from __future__ import annotations

from pathlib import Path

from gatecli.cli.document_data import DataFileOptions, read_json_before, write_data
from gatecli.cli.document_writing import ReleasePath, gather_facts
from gatecli.documents.ml_bom import ml_bom_with
from gatecli.frontdoor.option_groups import spread


@spread
def ml_bom(data: DataFileOptions, path: ReleasePath = Path()) -> None:
    """Write a CycloneDX 1.6 ML-BOM whose model has its promise as properties under gatecli:.

    Into a bill that has a component of the model, it puts that promise and changes nothing else.
    """
    facts = gather_facts(path, data)
    write_data(ml_bom_with(facts, read_json_before(data.output)), data.output)
