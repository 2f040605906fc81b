"""A run of a federation, or of any other job on machines of one's own: it is called what its caller says."""

from __future__ import annotations

import re

from gatecli.cloud.jobs import Job
from gatecli.errors import UsageError

PLATFORM = "flower"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]{0,254}", re.ASCII)


def named_job(run: str) -> Job:
    """The job of that name. Raises UsageError for what cannot be a name."""
    if not _NAME.fullmatch(run):
        raise UsageError(
            "--run is not the name of a run",
            advice="use letters, digits and . _ : / - alone, as in the id that flwr run prints",
        )
    return Job(PLATFORM, run, run)
