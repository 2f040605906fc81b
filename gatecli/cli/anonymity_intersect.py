"""`gatecli anonymity intersect`: what two releases of one table disclose together."""

from __future__ import annotations

from typing import Annotated

import typer

from gatecli.cli import table_options as given
from gatecli.cli.numbers import split_pairs
from gatecli.cli.publication_arguments import end_with, task_of_publication
from gatecli.cli.table_arguments import TableGiven, start_of
from gatecli.errors import UsageError
from gatecli.frontdoor.option_groups import spread
from gatecli.frontdoor.session import GateOptions, begin
from gatecli.model.comma_list import split_list
from gatecli.model.publication import SecondRelease


@spread
def intersect(
    releases: Annotated[
        list[str],
        typer.Argument(
            metavar="EARLIER... LATER",
            help="The releases that are already out, and at last the one that is to follow.",
        ),
    ],
    opened: TableGiven,
    gate: GateOptions,
    quasi_identifiers: given.QuasiIdentifiers = None,
    sensitive: given.Sensitive = None,
    hierarchies: given.Hierarchies = None,
    k: given.K = None,
    l: given.L = None,  # noqa: E741 - the field's standard name
    tier: given.TierName = None,
) -> None:
    """Check what releases of one table disclose together, each pair and all: the intersection attack."""
    *earlier, later = releases
    if not earlier:
        raise UsageError("a single release is named", advice="name the earlier releases before it")
    session = begin(gate, start_of(later))
    columns = split_list(quasi_identifiers)
    if not columns:
        raise UsageError("no quasi-identifier is named", advice="--quasi-identifier age,zip,…")
    asked = SecondRelease(
        path=later,
        earlier=tuple(earlier),
        quasi_identifiers=columns,
        sensitive=split_list(sensitive),
        hierarchies=split_pairs(hierarchies, "--hierarchy"),
        k=k,
        l=l,
    )
    raise end_with(session, task_of_publication(asked, session, opened.options(None), tier))
