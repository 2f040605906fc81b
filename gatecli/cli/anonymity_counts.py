"""`gatecli anonymity counts`: what published tables of counts disclose."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import typer

from gatecli.cli import table_options as given
from gatecli.cli.numbers import split_pairs
from gatecli.cli.publication_arguments import end_with, task_of_publication
from gatecli.cli.table_arguments import TableGiven, start_of
from gatecli.frontdoor.option_groups import spread
from gatecli.frontdoor.options import option
from gatecli.frontdoor.session import GateOptions, begin
from gatecli.model.comma_list import split_list
from gatecli.model.publication import CountTables

_LIST = "COLUMN,..."


class AbsentCells(StrEnum):
    """What a cell that a file does not have is."""

    ZERO = "zero"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True)
class CountsGiven:
    """How tables of counts are written and what they must keep, as it was typed."""

    count: Annotated[
        str, option("--count", panel=given.COLUMNS, metavar="COLUMN", help="The column of the counts.")
    ] = "count"
    dimensions: Annotated[
        list[str] | None,
        option(
            "--dimension",
            panel=given.COLUMNS,
            metavar=_LIST,
            help="The columns that make a cell (default: all but the counts); repeatable.",
        ),
    ] = None
    sensitive: Annotated[
        list[str] | None,
        option(
            "--sensitive",
            panel=given.COLUMNS,
            metavar=_LIST,
            help="Dimensions that nobody may learn of a person: no group has them all alike; repeatable.",
        ),
    ] = None
    totals: Annotated[
        list[str] | None,
        option(
            "--total",
            panel=given.TABLE,
            metavar="LABEL,...",
            help="Labels of totals, beside Total, all, sum, * and an empty one; repeatable.",
        ),
    ] = None
    suppressed: Annotated[
        list[str] | None,
        option(
            "--suppressed",
            panel=given.TABLE,
            metavar="MARK,...",
            help="Marks of suppressed counts, beside x, c, s, d, *, .., : and an empty one; repeatable.",
        ),
    ] = None
    absent: Annotated[
        AbsentCells,
        option("--absent", panel=given.TABLE, help="What a cell is that the file does not have."),
    ] = AbsentCells.ZERO
    hierarchies: given.Hierarchies = None

    def question(self, paths: list[str], **demands: int | None) -> CountTables:
        """The question about the tables of `paths`, the first of which is the one that is published."""
        return CountTables.model_validate(
            {
                "path": paths[0],
                "linked": tuple(paths[1:]),
                "count": self.count,
                "dimensions": split_list(self.dimensions),
                "totals": split_list(self.totals),
                "suppressed": split_list(self.suppressed),
                "absent": self.absent.value,
                "sensitive": split_list(self.sensitive),
                "hierarchies": split_pairs(self.hierarchies, "--hierarchy"),
                **demands,
            }
        )


MinCount = Annotated[
    int | None,
    option(
        "--min-count",
        panel=given.DEMANDS,
        min=1,
        help="The smallest count above 0 that may be known (the threshold rule).",
    ),
]
Protection = Annotated[
    int | None,
    option(
        "--protection",
        panel=given.DEMANDS,
        min=1,
        help="The least width of the interval that a suppressed count can be computed to "
        "(default: the smallest count less 1).",
    ),
]


@spread
def counts(
    data: Annotated[
        list[str],
        typer.Argument(metavar="DATA", help="Tables of counts of one population, published together."),
    ],
    written: CountsGiven,
    opened: TableGiven,
    gate: GateOptions,
    rounded: Annotated[
        int | None,
        option(
            "--rounded",
            panel=given.TABLE,
            min=2,
            metavar="BASE",
            help="The base that all counts were rounded to, to the nearest.",
        ),
    ] = None,
    min_count: MinCount = None,
    protection: Protection = None,
    l: Annotated[  # noqa: E741 - the field's standard name
        int | None,
        option(
            "--l",
            panel=given.DEMANDS,
            min=1,
            help="The fewest permitted categories of a sensitive dimension in a group (default: 2).",
        ),
    ] = None,
    tier: given.TierName = None,
) -> None:
    """Check tables of counts: small counts, those that can be computed, groups that are all alike."""
    session = begin(gate, start_of(data[0]))
    asked = written.question(data, rounded=rounded, min_count=min_count, protection=protection, l=l)
    raise end_with(session, task_of_publication(asked, session, opened.options(None), tier))
