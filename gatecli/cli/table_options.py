"""The options of the commands about tables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gatecli.frontdoor.options import GATE, option
from gatecli.model.anonymity import Missing
from gatecli.model.generalisation import LossMetric

TABLE, COLUMNS, DEMANDS = "Table", "Columns", "Demands"

_LIST = "COLUMN,..."

Data = Annotated[
    str,
    typer.Argument(metavar="DATA", help="A file, a folder or pattern of Parquet files, a database's URL."),
]
QuasiIdentifiers = Annotated[
    list[str] | None,
    option(
        "--quasi-identifier",
        panel=COLUMNS,
        metavar=_LIST,
        help="Quasi-identifiers: columns that others may know; repeatable.",
    ),
]
Sensitive = Annotated[
    list[str] | None,
    option(
        "--sensitive",
        panel=COLUMNS,
        metavar=_LIST,
        help="Sensitive columns: what nobody may learn; repeatable.",
    ),
]
Unit = Annotated[
    str | None,
    option(
        "--unit",
        panel=COLUMNS,
        metavar="COLUMN",
        help="The column that says whom a row is about; k then counts persons, not rows.",
    ),
]
Trajectory = Annotated[
    bool,
    option(
        "--trajectory",
        panel=COLUMNS,
        help="Others may know all rows of a unit; k counts units with the same rows.",
    ),
]
Known = Annotated[
    int | None,
    option(
        "--known", panel=COLUMNS, min=1, help="Others may know any so many rows of a unit (k^m-anonymity)."
    ),
]
Household = Annotated[
    str | None,
    option(
        "--household",
        panel=COLUMNS,
        metavar="COLUMN",
        help="The column that says which rows belong together: their risk is that of the most exposed.",
    ),
]
Weights = Annotated[
    str | None,
    option(
        "--weights",
        panel=COLUMNS,
        metavar="COLUMN",
        help="Sampling weights: how many people a row stands for; risks are then those of a sample.",
    ),
]
Numeric = Annotated[
    list[str] | None,
    option("--numeric", panel=COLUMNS, metavar=_LIST, help="Columns of a text file that hold numbers."),
]
Scales = Annotated[
    list[str] | None,
    option(
        "--scale",
        panel=COLUMNS,
        metavar="COLUMN=SCALE",
        help="The scale for t, numeric or categorical (default: by what the column holds); repeatable.",
    ),
]
ValueFormats = Annotated[
    list[str] | None,
    option(
        "--value-format",
        panel=COLUMNS,
        metavar="COLUMN=FORMAT",
        help="How text is written: year-first, day-first, month-first, decimal-point, decimal-comma.",
    ),
]
MissingCodes = Annotated[
    list[str] | None,
    option(
        "--missing-code",
        panel=COLUMNS,
        metavar="CODE,...",
        help="Values that stand for a missing one, also COLUMN=CODE; repeatable.",
    ),
]
SuppressedCodes = Annotated[
    list[str] | None,
    option(
        "--suppressed-code",
        panel=COLUMNS,
        metavar="CODE,...",
        help="Values that stand for a suppressed one; a row of these alone is in no class. Repeatable.",
    ),
]
Hierarchies = Annotated[
    list[str] | None,
    option(
        "--hierarchy",
        panel=COLUMNS,
        metavar="COLUMN=FILE",
        help="A column's levels of generalisation, or a sensitive one's tree: value;level;…;*. Repeatable.",
    ),
]
MissingValues = Annotated[
    Missing | None,
    option("--missing", panel=COLUMNS, help="What a missing value stands for (default: the policy's)."),
]
Normalise = Annotated[bool, option("--normalise", panel=COLUMNS, help="Ignore case and surrounding blanks.")]

K = Annotated[int | None, option("--k", panel=DEMANDS, min=1, help="The smallest permitted class.")]
L = Annotated[
    int | None,
    option("--l", panel=DEMANDS, min=1, help="The fewest permitted distinct sensitive values in a class."),
]
EntropyL = Annotated[
    str | None,
    option("--entropy-l", panel=DEMANDS, metavar="NUMBER", help="The smallest permitted e^H of a class."),
]
RecursiveC = Annotated[
    str | None,
    option(
        "--recursive-c",
        panel=DEMANDS,
        metavar="NUMBER",
        help="Recursive (c,l)-diversity: c, with the l of --recursive-l.",
    ),
]
RecursiveL = Annotated[
    int | None, option("--recursive-l", panel=DEMANDS, min=1, help="Its l (default: that of --l, else 2).")
]
T = Annotated[
    str | None,
    option(
        "--t",
        panel=DEMANDS,
        metavar="NUMBER",
        help="The largest permitted distance of a class from the table.",
    ),
]
Alpha = Annotated[
    str | None,
    option(
        "--alpha",
        panel=DEMANDS,
        metavar="NUMBER",
        help="The largest permitted share of one value in a class.",
    ),
]
Beta = Annotated[
    str | None,
    option("--beta", panel=DEMANDS, metavar="NUMBER", help="The largest permitted basic β-likeness."),
]
EnhancedBeta = Annotated[
    str | None,
    option(
        "--enhanced-beta", panel=DEMANDS, metavar="NUMBER", help="The largest permitted enhanced β-likeness."
    ),
]
DeltaDisclosure = Annotated[
    str | None,
    option(
        "--delta-disclosure",
        panel=DEMANDS,
        metavar="NUMBER",
        help="δ-disclosure stays below this; natural logarithm.",
    ),
]
MaxRisk = Annotated[
    str | None,
    option(
        "--max-risk",
        panel=DEMANDS,
        metavar="NUMBER",
        help="The highest permitted risk of any record: 1 ÷ k, or with --weights the individual risk.",
    ),
]
AverageRisk = Annotated[
    str | None,
    option(
        "--average-risk",
        panel=DEMANDS,
        metavar="NUMBER",
        help="The highest permitted mean risk of the records.",
    ),
]
KMap = Annotated[
    int | None,
    option("--k-map", panel=DEMANDS, min=1, help="The smallest permitted class in the reference table."),
]
DeltaPresence = Annotated[
    str | None,
    option(
        "--delta-presence",
        panel=DEMANDS,
        metavar="NUMBER",
        help="The largest permitted share of a reference table's class that is in the data.",
    ),
]
MaxPopulationUniqueness = Annotated[
    str | None,
    option(
        "--max-population-uniqueness",
        panel=DEMANDS,
        metavar="NUMBER",
        help="The largest permitted share of records estimated to be unique in the population.",
    ),
]
TierName = Annotated[
    str | None,
    option("--tier", panel=DEMANDS, metavar="NAME", help="A tier of the policy; its thresholds apply too."),
]

Delimiter = Annotated[
    str | None, option("--delimiter", panel=TABLE, metavar="CHARACTER", help="The delimiter of a text file.")
]
Encoding = Annotated[
    str | None,
    option("--encoding", panel=TABLE, metavar="NAME", help="The encoding of a text file (default: UTF-8)."),
]
Sheet = Annotated[
    str | None, option("--table", panel=TABLE, metavar="NAME", help="The table of a workbook or a database.")
]
Reference = Annotated[
    str | None,
    option("--reference", panel=TABLE, metavar="DATA", help="A table of the population, for k-map."),
]
SamplingFraction = Annotated[
    str | None,
    option(
        "--sampling-fraction",
        panel=TABLE,
        metavar="NUMBER",
        help="The table's share of the population.",
    ),
]
MemoryLimit = Annotated[
    str,
    option(
        "--memory-limit", panel=TABLE, metavar="SIZE", help="The memory limit; work beyond it goes to disk."
    ),
]
Timeout = Annotated[
    float | None,
    option(
        "--timeout", panel=TABLE, min=0, metavar="SECONDS", help="The longest time for the whole measurement."
    ),
]
MaxSuppression = Annotated[
    str,
    option(
        "--max-suppression",
        panel=GATE,
        metavar="NUMBER",
        help="The largest share of rows that may be suppressed.",
    ),
]
Loss = Annotated[
    LossMetric,
    option("--loss", panel=GATE, help="The loss that the search for a generalisation makes least."),
]
Effort = Annotated[
    str,
    option(
        "--effort",
        panel=GATE,
        metavar="NUMBER",
        help="The work that the search may do, as a multiple of the usual.",
    ),
]
Cells = Annotated[
    bool,
    option(
        "--cells/--no-cells",
        panel=GATE,
        help="Whether single cells may be suppressed where that loses less than generalising a column.",
    ),
]
Local = Annotated[
    bool,
    option(
        "--local/--no-local",
        panel=GATE,
        help="Whether rows may be recoded locally, each class in its own way, as the last proposal.",
    ),
]
TargetFile = Annotated[
    Path,
    option(
        "--output",
        "-o",
        panel=GATE,
        metavar="FILE",
        help="The file for the new table: .csv, .tsv, .parquet, .xlsx, .jsonl or .arrow.",
    ),
]
Drop = Annotated[
    list[str] | None,
    option("--drop", panel=COLUMNS, metavar=_LIST, help="Columns to leave out of the new table; repeatable."),
]
Pseudonymise = Annotated[
    list[str] | None,
    option(
        "--pseudonymise",
        panel=COLUMNS,
        metavar=_LIST,
        help="Identifiers to replace by keyed pseudonyms, which are still personal data; repeatable.",
    ),
]
PseudonymKey = Annotated[
    Path | None,
    option(
        "--key-file",
        panel=COLUMNS,
        metavar="FILE",
        variable="PSEUDONYM_KEY_FILE",
        help="The secret key of the pseudonyms, at least 32 bytes.",
    ),
]
