"""`gatecli document croissant`: what is known of a dataset, as fields of Croissant RAI."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from gatecli.cli.document_data import DataFileOptions, read_json_before, write_data
from gatecli.cli.document_writing import ReleasePath, gather_facts
from gatecli.documents.croissant import croissant_file, dataset_named
from gatecli.frontdoor.option_groups import spread
from gatecli.frontdoor.options import GATE, option


@spread
def croissant(
    data: DataFileOptions,
    path: ReleasePath = Path(),
    dataset: Annotated[
        str | None,
        option(
            "--dataset",
            panel=GATE,
            variable="DOCUMENT_DATASET",
            metavar="NAME",
            help="Which dataset of the release, where it has several.",
        ),
    ] = None,
) -> None:
    """Write what is known of a dataset into its Croissant description (JSON-LD, RAI 1.0), or begin one."""
    facts = gather_facts(path, data)
    write_data(croissant_file(dataset_named(facts, dataset), read_json_before(data.output)), data.output)
