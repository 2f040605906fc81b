"""`gatecli data fake`: a table of the same columns in which nobody is."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter

from gatecli.anonymity.tables.columns import require_columns, require_header
from gatecli.anonymity.tables.fake_marks import fake_name, is_fake_name
from gatecli.anonymity.tables.functions import arrow_type
from gatecli.anonymity.tables.opening import open_table
from gatecli.anonymity.tables.writing import DEFAULT, Dialect, dialect_of, require_writable, write_batches
from gatecli.cli import table_options as given
from gatecli.cli.numbers import exact, split_pairs
from gatecli.cli.table_arguments import TableGiven
from gatecli.cli.table_options import COLUMNS
from gatecli.cli.target_files import require_another
from gatecli.data.fake_table import DateRange, FakeColumn, NumberRange, fake_table
from gatecli.errors import UsageError
from gatecli.frontdoor.console import err
from gatecli.frontdoor.option_groups import spread
from gatecli.frontdoor.options import GATE, option
from gatecli.model.comma_list import split_list
from gatecli.model.number import Exact
from gatecli.sources.files import ReadError, read_bytes

MOST_ROWS = 100_000_000
_NUMBER: TypeAdapter[Fraction] = TypeAdapter(Exact)


@spread
def fake(
    source: Annotated[
        str,
        typer.Argument(
            metavar="TABLE|SCHEMA", help="A table, or a .json file of types by the columns' names."
        ),
    ],
    target: given.TargetFile,
    rows: Annotated[
        int, option("--rows", panel=GATE, metavar="N", min=1, max=MOST_ROWS, help="How many rows to make up.")
    ],
    opened: TableGiven,
    seed: Annotated[
        int, option("--seed", panel=GATE, metavar="N", help="Another seed gives other values.")
    ] = 0,
    bounds: Annotated[
        list[str] | None,
        option(
            "--bounds",
            panel=COLUMNS,
            metavar="COLUMN=LOW:HIGH",
            help="The least and the greatest number, or the first and the last day; repeatable.",
        ),
    ] = None,
    keys: Annotated[
        list[str] | None,
        option("--keys", panel=COLUMNS, metavar="COLUMN=KEY,...", help="What a column may hold; repeatable."),
    ] = None,
    numeric: given.Numeric = None,
    drop: given.Drop = None,
) -> None:
    """Make up a table of the same columns, for tests and demonstrations; its name says that it is one.

    Of the table only the names and types of its columns are used: none of its values gets into the new one.
    """
    require_writable(target)
    if not is_fake_name(target):
        raise UsageError(
            f"{target.name} does not say that its table is made up", advice=f"call it {fake_name(target)}"
        )
    types, dialect = _read_source(source, opened, target, split_list(numeric))
    ranges = {name: _read_range(name, text) for name, text in split_pairs(bounds, "--bounds").items()}
    choices = {name: split_list([text]) for name, text in split_pairs(keys, "--keys").items()}
    dropped = split_list(drop)
    require_columns(source, types, [*ranges, *choices, *dropped])
    columns = [
        FakeColumn(name, _read_type(name, kind), choices.get(name, ()), ranges.get(name))
        for name, kind in types.items()
        if name not in dropped
    ]
    if not columns:
        raise UsageError("no column is left", advice="drop fewer")
    made = fake_table(columns, rows, seed)
    write_batches(target, made.schema, made.batches, dialect)
    err(f"{target}: {rows:,} rows that are nobody's\n")


def _read_source(
    source: str, given_options: TableGiven, target: Path, numeric: Sequence[str]
) -> tuple[dict[str, str], Dialect]:
    """The types of the columns by their names, and what a new file keeps of the dialect."""
    if Path(source).suffix.lower() == ".json":
        if numeric:
            raise UsageError("--numeric is for a file of text", advice="write the types into the schema")
        return _read_schema(source), DEFAULT
    require_another(source, [], target)
    options = given_options.options(None)
    with open_table(source, options) as opened:
        if numeric and opened.is_typed:
            raise UsageError(
                "--numeric is for a file of text, and this table has types", advice="leave it out"
            )
        require_columns(source, opened.columns, numeric)
        types = {**opened.columns, **dict.fromkeys(numeric, "float64")}
    return types, dialect_of(source, options, target)


def _read_schema(source: str) -> dict[str, str]:
    try:
        found = json.loads(read_bytes(Path(source)))
    except ReadError as error:
        raise UsageError(f"{source} {error.problem}", advice=error.mend) from None
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(kind, str) for kind in found.values()):
        raise UsageError(
            f"{source} does not name the types of columns",
            advice='write for example {"ward": "string", "age": "int64"}',
        )
    require_header(source, list(found))
    return found


def _read_type(name: str, kind: str) -> Any:
    try:
        return arrow_type(kind)
    except ValueError:
        raise UsageError(
            f"the type of the column {name!r} is not known",
            advice="leave it out (--drop), or write for example string, int64, float64, date into a schema",
        ) from None


def _read_range(name: str, text: str) -> NumberRange | DateRange:
    low, colon, high = text.partition(":")
    found: NumberRange | DateRange
    try:
        found = DateRange(dt.date.fromisoformat(low), dt.date.fromisoformat(high))
        is_empty = found.first > found.last
    except ValueError:
        option_name = f"--bounds {name}"
        found = NumberRange(exact(low, option_name, _NUMBER), exact(high, option_name, _NUMBER))
        is_empty = found.low > found.high
    if not colon or is_empty:
        raise UsageError(f"--bounds {name}: not LOW:HIGH", advice="write the lower bound first: age=0:110")
    return found
