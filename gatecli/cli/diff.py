"""`gatecli diff`: what changed between two reports of one gate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import typer

from gatecli.frontdoor.console import out
from gatecli.frontdoor.options import OUTPUT, Changes, Colour, ColourMode, FailOn, Verbose, option
from gatecli.frontdoor.publish import style_of
from gatecli.gates.catalogue import UNCHECKABLE_IDS
from gatecli.gates.concealment import without_values
from gatecli.model.comparison import Comparison, compare
from gatecli.model.finding import Severity
from gatecli.reports.changes import as_json, as_markdown, as_text
from gatecli.reports.interface import Style
from gatecli.sources.report import read_report

app = typer.Typer()

_SHOWN: Mapping[Changes, Callable[[Comparison, Style], str]] = MappingProxyType(
    {Changes.TEXT: as_text, Changes.JSON: as_json, Changes.MARKDOWN: as_markdown}
)


@app.command("diff")
def diff(
    before: Annotated[Path, typer.Argument(metavar="A.json", help="The earlier JSON report.")],
    after: Annotated[Path, typer.Argument(metavar="B.json", help="The later JSON report, of the same gate.")],
    fail_on: FailOn = Severity.ERROR,
    shown: Annotated[
        Changes, option("--format", "-f", panel=OUTPUT, variable="CHANGES", help="The output format.")
    ] = Changes.TEXT,
    color: ColourMode = Colour.AUTO,
    verbose: Verbose = 0,
) -> None:
    """Show what is new, fixed and unchanged between two reports; new findings close the gate."""
    comparison = compare(
        read_report(before, UNCHECKABLE_IDS), read_report(after, UNCHECKABLE_IDS), fail_on=fail_on
    )
    out(_SHOWN[shown](without_values(comparison), style_of(color, verbose=verbose)))
    raise typer.Exit(comparison.exit_code)
