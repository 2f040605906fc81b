"""`gatecli cloud sagemaker`: the entry point of a processing job in SageMaker."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from gatecli.cli.cloud_run import JOB, Command, JobOptions, reasons_told
from gatecli.cli.cloud_run import run as run_within_budget
from gatecli.cloud.metrics import embedded_metrics
from gatecli.cloud.sagemaker import message_file, read_job
from gatecli.errors import UsageError
from gatecli.frontdoor.console import err
from gatecli.frontdoor.option_groups import spread
from gatecli.frontdoor.options import option, whole_environment
from gatecli.frontdoor.publish import write_together
from gatecli.frontdoor.session import GateOptions
from gatecli.gates.concealment import without_values
from gatecli.model.ledger import Account

app = typer.Typer(no_args_is_help=True, help="Run processing jobs of SageMaker within a budget.")

LONGEST = 1024
"""Bytes of an `ExitMessage`."""


class TellingCommand(TyperCommand):
    """A command whose bad options are told to the platform, too."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        given = list(args)
        try:
            return super().parse_args(ctx, args)
        except typer.TyperException as error:
            said = without_values(error.format_message())
            _write_message(_root_among(given), f"gatecli: {said}")
            raise


def _root_among(arguments: list[str]) -> Path:
    """What --root says, where the arguments cannot be read."""
    own = arguments[: arguments.index("--")] if "--" in arguments else arguments
    told = [each.partition("=")[2] for each in own if each.startswith("--root=")]
    told += [after for each, after in pairwise(own) if each == "--root"]
    return Path(told[-1] if told else whole_environment().get("GATECLI_JOB_ROOT") or "/")


@app.callback()
def sagemaker() -> None:
    """Run processing jobs of SageMaker within a budget."""


@app.command("run", cls=TellingCommand)
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
    with reasons_told(partial(_write_message, root)):
        run_within_budget(job, gate, command, partial(read_job, root), _publish)


def _write_message(root: Path, text: str) -> None:
    """What SageMaker shows as the reason. Where it cannot be written the log has it, too."""
    path = message_file(root)
    if path is None:
        return
    content = text.encode("utf-8", "backslashreplace")[:LONGEST].decode("utf-8", "ignore")
    try:
        path.parent.mkdir(exist_ok=True)
        write_together({path: content})
    except (OSError, UsageError):
        err("gatecli: the reason could not be written for the platform\n")


def _publish(accounts: Sequence[Account]) -> None:
    for line in embedded_metrics(accounts, datetime.now(UTC)):
        err(f"{line}\n")
