"""`gatecli cloud sagemaker`: the entry point of a processing job in SageMaker."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from gatecli.cli.cloud_run import JOB, Command, JobOptions, reasons_told
from gatecli.cli.cloud_run import run as run_within_budget
from gatecli.cloud.metrics import embedded_metrics
from gatecli.cloud.running import JobEnd
from gatecli.cloud.sagemaker import MESSAGE, read_job
from gatecli.frontdoor.console import err
from gatecli.frontdoor.option_groups import spread
from gatecli.frontdoor.options import option
from gatecli.frontdoor.session import GateOptions

app = typer.Typer(no_args_is_help=True, help="Run processing jobs of SageMaker within a budget.")

LONGEST = 1024
"""Characters of an `ExitMessage`."""


@app.callback()
def sagemaker() -> None:
    """Run processing jobs of SageMaker within a budget."""


@app.command("run")
@spread
def run(
    command: Command,
    job: JobOptions,
    gate: GateOptions,
    root: Annotated[
        Path,
        option(
            "--root",
            panel=JOB,
            variable="JOB_ROOT",
            metavar="DIR",
            help="The root of the container's files: to try the entry point outside of one.",
        ),
    ] = Path("/"),
) -> None:
    """Run a command as a processing job: its budget is taken first, its release judged and committed after.

    The reason of a failure is the job's ExitMessage. What remains of the budget is a metric of CloudWatch.
    """
    with reasons_told(partial(_write_message, root / MESSAGE)):
        run_within_budget(job, gate, command, partial(read_job, root), _publish)


def _write_message(path: Path, text: str) -> None:
    """What SageMaker shows as the reason. Where it cannot be written the log has it, too."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text[:LONGEST], "utf-8")


def _publish(end: JobEnd) -> None:
    for line in embedded_metrics(end.accounts, datetime.now(UTC)):
        err(f"{line}\n")
