"""`gatecli anonymity suppress`: write a table of counts in which no small one can be computed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from gatecli.anonymity.frequencies.atoms import link
from gatecli.anonymity.frequencies.audit import audit
from gatecli.anonymity.frequencies.published import PublishedTable, label_of, read_counts
from gatecli.anonymity.frequencies.suppression import SuppressedCells, suppress, true_atoms
from gatecli.anonymity.tables.functions import whole_table
from gatecli.anonymity.tables.interface import OpenedTable, TableOptions
from gatecli.anonymity.tables.opening import open_table
from gatecli.anonymity.tables.problems import computing
from gatecli.anonymity.tables.writing import dialect_of, write_rows
from gatecli.cli import table_options as given
from gatecli.cli.anonymity_counts import CountsGiven, MinCount, Protection
from gatecli.cli.table_arguments import TableGiven, start_of
from gatecli.errors import UncheckableError, UsageError
from gatecli.frontdoor.console import err
from gatecli.frontdoor.option_groups import spread
from gatecli.frontdoor.options import GATE, PolicyFile, option
from gatecli.gates.policies import read_policy
from gatecli.gates.publication_measurement import count_demands, count_format, trees_of
from gatecli.model.disclosure import CountDemands
from gatecli.model.publication import CountTables
from gatecli.model.thresholds import strictest

Texts = list[str | None]

Target = Annotated[
    Path, option("--output", "-o", panel=GATE, metavar="FILE", help="The file for the new table: .csv.")
]


@spread
def suppress_counts(
    data: given.Data,
    target: Target,
    written: CountsGiven,
    opened: TableGiven,
    mark: Annotated[
        str, option("--mark", panel=GATE, metavar="TEXT", help="What stands for a suppressed count.")
    ] = "x",
    min_count: MinCount = None,
    protection: Protection = None,
    policy: PolicyFile = None,
) -> None:
    """Write a table of counts with the small ones suppressed, and others that hide them.

    The table has every cell's true count, and its totals if they are published. What is written is audited,
    and keeps the dialect of the source.
    """
    asked = written.question([data], min_count=min_count, protection=protection)
    rules = read_policy(policy, start_of(data)).policy
    demands = count_demands(asked, strictest([asked.thresholds, rules.spec.anonymity.thresholds]))
    if target.suffix.lower() != ".csv":
        raise UsageError(f"{target}: not a .csv file", advice="name a file that ends in .csv")
    if target.exists():
        raise UsageError(f"{target} is there already", advice="write the new table somewhere else")
    options = opened.options(None)
    chosen, names, rows = _suppressed_table(asked, demands, options, mark)
    write_rows(target, names, rows, dialect_of(asked.path, options, target))
    err(
        f"{target}: suppressed counts: {len(chosen.primary):,} small, "
        f"{len(chosen.secondary):,} to hide them\n"
    )


def _suppressed_table(
    asked: CountTables, demands: CountDemands, options: TableOptions, mark: str
) -> tuple[SuppressedCells, list[str], list[Texts]]:
    """What was suppressed, and the new table: its columns and rows.

    Raises UncheckableError where its audit finds a small count.
    """
    with open_table(asked.path, options) as opened:
        table = read_counts(opened, count_format(asked))
        is_zero = asked.absent == "zero"
        trees = trees_of(asked.hierarchies)
        original = link([table], trees, absent_is_zero=is_zero)
        chosen = suppress(original, demands)
        hidden = chosen.primary | chosen.secondary
        published = link([table.without(hidden)], trees, absent_is_zero=is_zero)
        found = audit(published, demands, true_atoms(original))
        if found.small or found.exposed or found.derived or found.unsettled:
            raise UncheckableError(
                f"{opened.name}: the suppressed table still discloses small counts, or may",
                advice="merge categories of the table first",
            )
        return chosen, list(opened.columns), _rows(opened, table, asked, chosen, mark)


def _rows(
    opened: OpenedTable, table: PublishedTable, asked: CountTables, chosen: SuppressedCells, mark: str
) -> list[Texts]:
    with computing(opened):
        rows = whole_table(opened.table).to_pylist()
    hidden = chosen.primary | chosen.secondary
    written = list[Texts]()
    for row in rows:
        labels = tuple(label_of(row[name], asked.totals) for name in table.dimensions)
        shown = {**row, asked.count: mark} if labels in hidden else row
        written.append([None if shown[name] is None else str(shown[name]) for name in opened.columns])
    return written
