"""`gatecli cloud azureml transform`: a table whose columns are what the policy permits for their class."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from gatecli.anonymity.tables.writing import require_writable
from gatecli.cli.identifiers import about_pseudonyms
from gatecli.cli.table_arguments import TableGiven
from gatecli.cli.table_options import COLUMNS, TABLE
from gatecli.cli.target_files import require_another
from gatecli.data.transformation.transforming import TransformationTask, transform_table
from gatecli.errors import UsageError
from gatecli.frontdoor.console import err
from gatecli.frontdoor.option_groups import spread
from gatecli.frontdoor.options import PolicyFile, option
from gatecli.gates.policies import read_policy
from gatecli.model.column_classification import ColumnClassification, ColumnTreatment
from gatecli.model.secret_reference import EXAMPLE, parse_reference
from gatecli.model.transformation import PseudonymKeyReference, Transformation
from gatecli.sources.single_document import read_single

RECORD = ".transformation.json"
"""The ending of a record's name, where none is given: behind the name of the table."""

Source = Annotated[
    str,
    option(
        "--input",
        panel=TABLE,
        variable="TRANSFORM_INPUT",
        metavar="DATA",
        help="The table: a file, or a folder of Parquet files.",
    ),
]
Target = Annotated[
    Path,
    option(
        "--output",
        "-o",
        panel=TABLE,
        variable="TRANSFORM_OUTPUT",
        metavar="FILE",
        help="The file for the new table: .csv, .tsv, .parquet, .xlsx, .jsonl or .arrow.",
    ),
]
ClassificationFile = Annotated[
    Path,
    option(
        "--columns",
        panel=COLUMNS,
        variable="COLUMN_CLASSIFICATION",
        metavar="FILE",
        help="The ColumnClassification: the class and the treatment of each column.",
    ),
]
KeySecret = Annotated[
    str | None,
    option(
        "--key-vault-secret",
        panel=COLUMNS,
        metavar="ADDRESS",
        help=f"The secret that holds the key of the pseudonyms: {EXAMPLE}.",
    ),
]
RecordFile = Annotated[
    Path | None,
    option(
        "--record",
        panel=TABLE,
        variable="TRANSFORM_RECORD",
        metavar="FILE",
        help=f"The file for the record of what was done (default: the table's, with {RECORD} behind it).",
    ),
]


@spread
def transform(
    source: Source,
    target: Target,
    columns: ClassificationFile,
    opened: TableGiven,
    secret: KeySecret = None,
    record: RecordFile = None,
    policy: PolicyFile = None,
) -> None:
    """Write a table whose columns are pseudonymised, masked, generalised, dropped or kept, by their class.

    The key of the pseudonyms is fetched from Azure Key Vault by a process that ends after they are made. A
    record of what was done stands beside the table.
    """
    reference = None if secret is None else parse_reference(secret)
    kept = record or target.with_name(target.name + RECORD)
    require_writable(target)
    if kept == target:
        raise UsageError("--record and --output name one file", advice="give the record another name")
    require_another(source, [str(columns)], target)
    require_another(source, [str(columns)], kept)
    classified, document = read_single(columns, ColumnClassification)
    judged = read_policy(policy, columns).policy
    task = TransformationTask(
        source, target, kept, classified, document, judged, opened.options(None), reference
    )
    done = transform_table(task)
    for line in _summary(done, classified):
        err(f"{target}: {line}\n")


def _summary(done: Transformation, classified: ColumnClassification) -> list[str]:
    rows = "1 row" if done.rows == 1 else f"{done.rows:,} rows"
    measured = f", k = {done.anonymity.k:,}" if done.anonymity is not None else ""
    lines = [f"{rows}{measured}; no budget was spent, and no differential privacy is promised"]
    if done.key is not None:
        pseudonymised = classified.spec.treated_columns(ColumnTreatment.PSEUDONYMISE)
        lines += [about_pseudonyms(pseudonymised), *_about_key(done.key)]
    return lines


def _about_key(key: PseudonymKeyReference) -> list[str]:
    pinned = f"{key.secret}/{key.version}"
    told = f"the newest version of the key was used; to make the same pseudonyms again: {pinned}"
    return [] if key.is_pinned else [told]
