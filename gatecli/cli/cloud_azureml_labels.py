"""`gatecli cloud azureml labels`: the classes of columns as files that Microsoft Purview takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from gatecli.cli.table_options import COLUMNS, TABLE
from gatecli.cloud.purview import ASSET_KINDS, classification_types, column_labels
from gatecli.errors import UsageError
from gatecli.frontdoor.console import err
from gatecli.frontdoor.options import OUTPUT, option
from gatecli.frontdoor.publish import write_together
from gatecli.model.column_classification import ColumnClassification
from gatecli.sources.single_document import read_single

TYPES, LABELS = "purview-types.json", "purview-labels.json"

ColumnName = Annotated[
    str,
    option(
        "--qualified-name",
        panel=TABLE,
        variable="PURVIEW_NAME",
        metavar="PATTERN",
        help="What Purview calls a column of the table, with {column} in place of its name.",
    ),
]
OutputFolder = Annotated[
    Path,
    option(
        "--output-dir",
        "-o",
        panel=OUTPUT,
        variable="PURVIEW_FOLDER",
        metavar="DIR",
        help=f"The folder for {TYPES} and {LABELS}.",
    ),
]
ColumnType = Annotated[
    str,
    option(
        "--type",
        panel=TABLE,
        variable="PURVIEW_TYPE",
        metavar="NAME",
        help=f"Purview's type of its columns: {', '.join(ASSET_KINDS)}, or another.",
    ),
]
Prefix = Annotated[
    str,
    option(
        "--prefix",
        panel=COLUMNS,
        variable="PURVIEW_PREFIX",
        metavar="NAME",
        help="What the names of the classifications begin with.",
    ),
]


def labels(
    columns: Annotated[
        Path, typer.Argument(metavar="FILE", help="The ColumnClassification of a table.", show_default=False)
    ],
    column_name: ColumnName,
    output: OutputFolder,
    kind: ColumnType = ASSET_KINDS[0],
    prefix: Prefix = "GATECLI",
) -> None:
    """Write the classes of a table's columns as bodies of two requests to Purview's data map.

    Nothing is sent: the files are for whoever may change the catalogue. Labels replace those that a column
    has.
    """
    classified, _ = read_single(columns, ColumnClassification)
    bodies = {
        TYPES: classification_types(prefix),
        LABELS: column_labels(classified, column_name, kind, prefix),
    }
    if not output.is_dir():
        raise UsageError(f"{output} is not a folder", advice="make it first")
    texts = {
        output / name: json.dumps(body, indent=2, ensure_ascii=False) + "\n" for name, body in bodies.items()
    }
    write_together(texts)
    err(f"{output / TYPES}: POST {{endpoint}}/datamap/api/atlas/v2/types/typedefs\n")
    err(f"{output / LABELS}: POST {{endpoint}}/datamap/api/atlas/v2/entity/bulk/setClassifications\n")
