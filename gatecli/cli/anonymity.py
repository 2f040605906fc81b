"""`gatecli anonymity`: how identifiable the rows of a table are, and what mends it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from gatecli.anonymity.tables.interface import TableOptions
from gatecli.checks.column_entities import classifier
from gatecli.checks.personal_data import search_of
from gatecli.cli import table_options as given
from gatecli.cli.anonymity_apply import apply
from gatecli.cli.anonymity_discover import discover
from gatecli.cli.catalogue import RULE_IDS, UNCHECKABLE_IDS
from gatecli.cli.declared_tables import DeclaredTables, declared_tables, is_declaration
from gatecli.cli.demands import MEMORY_LIMIT, Columns, Demands, task_of
from gatecli.cli.numbers import listed
from gatecli.cli.options import (
    GATE,
    BaselineFile,
    Colour,
    ColourMode,
    ExitZero,
    FailOn,
    Format,
    OutputFormat,
    PolicyFile,
    Quiet,
    ReportFiles,
    Verbose,
    WaiverFiles,
    option,
)
from gatecli.cli.progress import progress
from gatecli.cli.publish import publish, report_targets, style_of
from gatecli.cli.tables import Aid, measured_tables
from gatecli.errors import UsageError
from gatecli.gate import judge_anonymity
from gatecli.model.finding import Severity
from gatecli.model.policy import PrivacyPolicy
from gatecli.sources.baseline import read_baseline
from gatecli.sources.policy import read_policy

app = typer.Typer(no_args_is_help=True, help="Judge tables by how identifiable their rows are.")
app.command("discover")(discover)
app.command("apply")(apply)

NO_SUPPRESSION = "0.05"


@app.command("check")
def check(
    data: Annotated[
        list[str],
        typer.Argument(
            metavar="DATA...",
            help="Files, folders or patterns of Parquet files, databases' URLs, or declarations.",
        ),
    ],
    quasi_identifiers: given.QuasiIdentifiers = None,
    sensitive: given.Sensitive = None,
    unit: given.Unit = None,
    numeric: given.Numeric = None,
    scales: given.Scales = None,
    hierarchies: given.Hierarchies = None,
    missing: given.MissingValues = None,
    normalise: given.Normalise = False,
    k: given.K = None,
    l: given.L = None,  # noqa: E741 - the field's standard name
    entropy_l: given.EntropyL = None,
    recursive_c: given.RecursiveC = None,
    recursive_l: given.RecursiveL = None,
    t: given.T = None,
    alpha: given.Alpha = None,
    beta: given.Beta = None,
    enhanced_beta: given.EnhancedBeta = None,
    delta: given.DeltaDisclosure = None,
    max_risk: given.MaxRisk = None,
    average_risk: given.AverageRisk = None,
    k_map: given.KMap = None,
    delta_presence: given.DeltaPresence = None,
    max_population_uniqueness: given.MaxPopulationUniqueness = None,
    tier: given.TierName = None,
    delimiter: given.Delimiter = None,
    encoding: given.Encoding = None,
    table: given.Sheet = None,
    reference: given.Reference = None,
    sampling_fraction: given.SamplingFraction = None,
    suda: Annotated[
        bool, option("--suda", panel=GATE, help="Also score the special uniques (SUDA), for the report.")
    ] = False,
    memory_limit: given.MemoryLimit = MEMORY_LIMIT,
    timeout: given.Timeout = None,
    roles: Annotated[
        bool,
        option(
            "--roles/--no-roles",
            panel=GATE,
            help="Whether columns that identify and are not named are found.",
        ),
    ] = True,
    advice: Annotated[
        bool, option("--advice/--no-advice", panel=GATE, help="Whether what would mend it is searched for.")
    ] = True,
    max_suppression: given.MaxSuppression = NO_SUPPRESSION,
    policy: PolicyFile = None,
    waivers: WaiverFiles = None,
    fail_on: FailOn = Severity.ERROR,
    baseline: BaselineFile = None,
    exit_zero: ExitZero = False,
    output: OutputFormat = Format.TEXT,
    reports: ReportFiles = None,
    color: ColourMode = Colour.AUTO,
    verbose: Verbose = 0,
    quiet: Quiet = False,
) -> None:
    """Check that tables are as anonymous as is demanded: k-anonymity and its relatives."""
    targets = report_targets(reports or ())
    bundle = read_policy(
        policy,
        waiver_files=waivers or (),
        rule_ids=RULE_IDS,
        uncheckable=UNCHECKABLE_IDS,
        start=_start(data[0]),
    )
    columns = Columns(
        quasi_identifiers,
        sensitive,
        unit,
        numeric,
        scales,
        hierarchies,
        missing,
        normalise,
        sampling_fraction,
        reference,
    )
    numbers = {
        "entropy_l": entropy_l,
        "t": t,
        "alpha": alpha,
        "beta": beta,
        "enhanced_beta": enhanced_beta,
        "delta": delta,
        "max_risk": max_risk,
        "average_risk": average_risk,
        "delta_presence": delta_presence,
        "max_population_uniqueness": max_population_uniqueness,
    }
    demands = Demands(k, l, recursive_c, recursive_l, tier, k_map, numbers)
    options = TableOptions(
        delimiter, encoding, listed(numeric), table=table, memory_limit=memory_limit, timeout=timeout
    )
    declared = _tasks(data, columns, demands, bundle.policy, options, max_suppression)
    search = search_of(bundle.policy.spec.pii, time.monotonic)
    draws = Format.HTML in {output, *targets.values()}
    with progress() as tell:
        aid = Aid(classifier(search) if roles else None, advice, suda, draws, tell)
        tables, problems = measured_tables(declared.tasks, aid)
    verdict = judge_anonymity(
        tables,
        [*declared.findings, *problems],
        bundle.policy,
        bundle.waivers,
        today=datetime.now(UTC).date(),
        fail_on=fail_on,
        exit_zero=exit_zero,
        baseline=read_baseline(baseline) if baseline else None,
    )
    raise typer.Exit(publish(verdict, output, targets, style_of(color, verbose=verbose, quiet=quiet)))


def _start(source: str) -> Path:
    """Where the search for a policy begins: beside the data, or here for a database."""
    return Path() if "://" in source else Path(source)


def _tasks(
    data: Sequence[str],
    columns: Columns,
    demands: Demands,
    policy: PrivacyPolicy,
    options: TableOptions,
    max_suppression: str,
) -> DeclaredTables:
    tables = [source for source in data if not is_declaration(source)]
    declarations = [Path(source) for source in data if is_declaration(source)]
    if declarations and (columns != Columns() or demands != Demands(numbers=demands.numbers)):
        raise UsageError(
            f"{declarations[0]} is a declaration: it says itself what is asked and demanded",
            advice="leave the options about columns and demands out, or name a table",
        )
    tasks = [task_of(source, columns, demands, policy, options, max_suppression) for source in tables]
    declared = declared_tables(declarations, policy, options)
    return DeclaredTables((*tasks, *declared.tasks), declared.findings)
