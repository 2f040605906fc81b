"""`gatecli anonymity magnitudes`: cells that tell what a single contributor gave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import ValidationError

from gatecli.cli import table_options as given
from gatecli.cli.publication_arguments import end_with, task_of_publication
from gatecli.cli.table_arguments import TableGiven, start_of
from gatecli.errors import UsageError
from gatecli.frontdoor.option_groups import spread
from gatecli.frontdoor.options import option
from gatecli.frontdoor.session import GateOptions, begin
from gatecli.model.comma_list import split_list
from gatecli.model.publication import MagnitudeTable

_LIST = "COLUMN,..."


@dataclass(frozen=True, slots=True)
class MagnitudesGiven:
    """A table of magnitudes and the rules for it, as they were typed."""

    value: Annotated[
        str,
        option(
            "--value",
            panel=given.COLUMNS,
            metavar="COLUMN",
            help="What is added up; with --largest, the total.",
        ),
    ]
    dimensions: Annotated[
        list[str] | None,
        option("--dimension", panel=given.COLUMNS, metavar=_LIST, help="The columns that make a cell."),
    ] = None
    contributor: Annotated[
        str | None,
        option(
            "--contributor",
            panel=given.COLUMNS,
            metavar="COLUMN",
            help="The column that says whose a row is (default: each row is somebody's own).",
        ),
    ] = None
    largest: Annotated[
        list[str] | None,
        option(
            "--largest",
            panel=given.COLUMNS,
            metavar=_LIST,
            help="Columns of the largest contributions, where each row is a cell.",
        ),
    ] = None
    p: Annotated[
        str | None,
        option("--p", panel=given.DEMANDS, metavar="PERCENT", help="The p of the p % rule, or of pq."),
    ] = None
    q: Annotated[
        str | None, option("--q", panel=given.DEMANDS, metavar="PERCENT", help="The q of the pq rule.")
    ] = None
    dominance: Annotated[
        str | None,
        option("--dominance", panel=given.DEMANDS, metavar="N,K", help="(n, k)-dominance: for example 2,85."),
    ] = None
    min_contributors: Annotated[
        int | None,
        option("--min-contributors", panel=given.DEMANDS, min=1, help="The fewest permitted contributors."),
    ] = None

    def table(self, path: str) -> MagnitudeTable:
        """What is asked about a file. Raises UsageError for options that do not fit together."""
        asked = {
            "path": path,
            "value": self.value,
            "dimensions": split_list(self.dimensions),
            "contributor": self.contributor,
            "largest": split_list(self.largest),
            "p": self.p,
            "q": self.q,
            "dominance": _dominance(self.dominance),
            "minContributors": self.min_contributors,
        }
        try:
            return MagnitudeTable.from_file({key: each for key, each in asked.items() if each is not None})
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise UsageError(f"{where or 'the rules'}: {first['msg']}", advice="see --help") from None


@spread
def magnitudes(data: given.Data, opened: TableGiven, gate: GateOptions, asked: MagnitudesGiven) -> None:
    """Check tables of magnitudes: dominance, the p % rule, and the number of contributors."""
    session = begin(gate, start_of(data))
    raise end_with(session, task_of_publication(asked.table(data), session, opened.options(None), None))


def _dominance(text: str | None) -> dict[str, object] | None:
    if text is None:
        return None
    n, comma, k = text.partition(",")
    if not comma or not n.strip().isdecimal():
        raise UsageError(f"--dominance {text}: not N,K", advice="write for example 2,85")
    return {"n": int(n), "k": k.strip()}
