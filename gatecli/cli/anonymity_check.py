"""`gatecli anonymity check`: how identifiable the rows of tables are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from gatecli.anonymity.tables.fake_marks import is_fake_table
from gatecli.checks.personal_data import search_of
from gatecli.checks.tables.column_entities import classifier
from gatecli.cli.notices import listening
from gatecli.cli.table_arguments import (
    Columns,
    Demands,
    Population,
    SearchGiven,
    TableGiven,
    start_of,
    task_of,
)
from gatecli.errors import UsageError
from gatecli.frontdoor.console import err
from gatecli.frontdoor.option_groups import spread
from gatecli.frontdoor.options import GATE, option
from gatecli.frontdoor.session import GateOptions, begin
from gatecli.gates.anonymity import check_tables, request_for
from gatecli.gates.declared_tables import is_declaration
from gatecli.gates.table_task import MeasurementOptions


@dataclass(frozen=True, slots=True)
class Extras:
    """What to report beside the measures, as it was typed."""

    suda: Annotated[
        bool, option("--suda", panel=GATE, help="Also score the special uniques (SUDA), for the report.")
    ] = False
    attributes: Annotated[
        bool,
        option(
            "--attributes",
            panel=GATE,
            help="Also measure how well each quasi-identifier tells rows apart, for the report.",
        ),
    ] = False
    roles: Annotated[
        bool,
        option(
            "--roles/--no-roles",
            panel=GATE,
            help="Whether to report columns that identify rows and are not named.",
        ),
    ] = True
    advice: Annotated[
        bool | None,
        option(
            "--advice/--no-advice",
            panel=GATE,
            help="Whether to search for a generalisation that passes (default: in up to 1,000,000 classes).",
        ),
    ] = None


@spread
def check(
    data: Annotated[
        list[str],
        typer.Argument(
            metavar="DATA",
            help="Files, folders or patterns of Parquet files, databases' URLs, or declarations.",
        ),
    ],
    columns: Columns,
    demands: Demands,
    population: Population,
    opened: TableGiven,
    gate: GateOptions,
    extras: Extras,
    search: SearchGiven,
) -> None:
    """Check tables against thresholds of anonymity: k-anonymity and its relatives."""
    session = begin(gate, start_of(data[0]))
    options = opened.options(columns.numeric)
    tables = [source for source in data if not is_declaration(source)]
    declarations = [Path(source) for source in data if is_declaration(source)]
    for source in filter(is_fake_table, tables):
        err(f"{source}: a fake table (gatecli data fake), so that this says nothing about the real one\n")
    if declarations and (columns, demands, population) != (Columns(), Demands(), Population()):
        raise _says_itself(declarations[0])
    policy = session.policy
    tasks = [task_of(source, columns, demands, population, policy, options, search) for source in tables]
    wanted = MeasurementOptions(
        classifier(search_of(policy.spec.pii)) if extras.roles else None,
        extras.advice,
        extras.suda,
        extras.attributes,
        session.draws,
    )
    with listening() as notify:
        request = request_for(tasks, declarations, session.terms, wanted, options, notify)
        verdict = check_tables(request)
    raise session.end(verdict)


def _says_itself(declaration: Path) -> UsageError:
    return UsageError(
        f"{declaration} is a declaration, which names columns and thresholds itself",
        advice="leave out the options about columns and thresholds, or name a table",
    )
