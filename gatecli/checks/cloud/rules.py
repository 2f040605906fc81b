"""The rule that several checks report, and paths in a container as they compare them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from gatecli.checks.cloud.interface import finding_at
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.job_definition import JobDefinition

UNKNOWN_VALUE = Rule(
    "cloud-unknown-value", Severity.ERROR, "A value that decides is known only when the job starts"
)


def unknown_at(job: JobDefinition, pointer: str, message: str, mend: str) -> Finding:
    """The finding that a value is not known, so that nothing can be said of it."""
    return finding_at(UNKNOWN_VALUE, job, pointer, message, mend, about=message)


def is_below(path: str, folders: Iterable[str]) -> bool:
    """Whether a path of the container is one of the folders, or stands below one."""
    plain = posixpath.normpath(path)
    normal = (posixpath.normpath(folder) for folder in folders if folder)
    return any(plain == folder or plain.startswith(folder.rstrip("/") + "/") for folder in normal)
