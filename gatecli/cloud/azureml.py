"""Azure Machine Learning inside the container of a job: the variables that name the run.

Source: the variables that the azureml SDK reads in a job to find its own run: `AZUREML_RUN_ID`,
`AZUREML_ARM_SUBSCRIPTION`, `AZUREML_ARM_RESOURCEGROUP`, `AZUREML_ARM_WORKSPACE_NAME`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from gatecli.cloud.jobs import Job
from gatecli.errors import UncheckableError

PLATFORM = "azureml"
RUN = "AZUREML_RUN_ID"
WORKSPACE = ("AZUREML_ARM_SUBSCRIPTION", "AZUREML_ARM_RESOURCEGROUP", "AZUREML_ARM_WORKSPACE_NAME")
UPLOADED = ("outputs", "logs")
"""Folders below that in which a job starts, of which the platform uploads every file while the job runs."""
RANKS = ("WORLD_SIZE", "OMPI_COMM_WORLD_SIZE", "AZUREML_NODE_COUNT")

_RUN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,254}", re.ASCII)
_PART = re.compile(r"[\w.()-]{1,260}")


def read_job(environment: Mapping[str, str], here: Path) -> Job:
    """The job that these variables describe, started in `here`. Raises UncheckableError where they do not."""
    run = environment.get(RUN, "")
    if not _RUN.fullmatch(run):
        raise UncheckableError(
            f"{RUN} does not name a run, so this is not a job of Azure Machine Learning",
            advice="start the command in a job (az ml job create); elsewhere, with gatecli cloud flower run",
        )
    places = [environment.get(name, "") for name in WORKSPACE]
    missing = next(
        (name for name, value in zip(WORKSPACE, places, strict=True) if not _PART.fullmatch(value)), None
    )
    if missing is not None:
        raise UncheckableError(
            f"{missing} is not set, so the workspace of the run {run} is not known",
            advice="Azure Machine Learning sets it: do not clear the environment of the job",
        )
    for name in RANKS:
        if environment.get(name, "1").strip() not in {"", "1"}:
            raise UncheckableError(
                f"{name} says that the job runs in several processes, each of which would train by itself, "
                "and a budget is taken for one run",
                advice="set instance_count and process_count_per_instance to 1",
            )
    return Job(PLATFORM, run, "/".join((*places, run)), uploaded=tuple(here / name for name in UPLOADED))
