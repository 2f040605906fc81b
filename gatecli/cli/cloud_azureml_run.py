"""`gatecli cloud azureml run`: the entry point of a job in Azure Machine Learning."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from gatecli.cli.cloud_run import Command, JobOptions
from gatecli.cli.cloud_run import run as run_within_budget
from gatecli.cloud.azureml import RUN, read_job
from gatecli.cloud.metrics import remaining_share
from gatecli.cloud.mlflow import log_metrics
from gatecli.frontdoor.option_groups import spread
from gatecli.frontdoor.options import whole_environment
from gatecli.frontdoor.session import GateOptions
from gatecli.model.ledger import Account


@spread
def run(command: Command, job: JobOptions, gate: GateOptions) -> None:
    """Run a command as a job: its budget is taken first, its release judged and committed after.

    What remains of the budget is a metric of the run in MLflow, where its server is named.
    """
    environment = whole_environment()
    publish = (
        partial(_publish, environment.get(RUN, "")) if environment.get("MLFLOW_TRACKING_URI") else _nowhere
    )
    run_within_budget(job, gate, command, partial(read_job, environment, Path.cwd()), publish)


def _publish(run_id: str, accounts: Sequence[Account]) -> None:
    shares = {each.terms.name: float(remaining_share(each)) for each in accounts}
    log_metrics(run_id, {f"gatecli.budget_remaining.{name}": share for name, share in shares.items()})


def _nowhere(_accounts: Sequence[Account]) -> None:
    """The ledger's own page and metrics show it."""
