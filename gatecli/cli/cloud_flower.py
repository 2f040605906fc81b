"""`gatecli cloud flower`: the entry point of a federated run, or of another job on machines of one's own."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from gatecli.cli.cloud_run import JOB, Command, JobOptions
from gatecli.cli.cloud_run import run as run_within_budget
from gatecli.cloud.flower import named_job
from gatecli.cloud.running import JobEnd
from gatecli.frontdoor.option_groups import spread
from gatecli.frontdoor.options import option
from gatecli.frontdoor.session import GateOptions

app = typer.Typer(no_args_is_help=True, help="Run federated training within a budget.")


@app.callback()
def flower() -> None:
    """Run federated training within a budget."""


@app.command("run")
@spread
def run(
    command: Command,
    job: JobOptions,
    gate: GateOptions,
    name: Annotated[
        str,
        option(
            "--run",
            panel=JOB,
            variable="JOB_RUN",
            metavar="ID",
            help="What this run is called, and no other: it is refused a second time.",
        ),
    ],
) -> None:
    """Run a command as a federated run: its budget is taken first, its release judged and committed after."""
    run_within_budget(job, gate, command, partial(named_job, name), _nowhere)


def _nowhere(_end: JobEnd) -> None:
    """The ledger's own page and metrics show it."""
