"""Which declaration of the repository is the one that a job's image holds."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from gatecli.checks.cloud.interface import PlacedRelease
from gatecli.checks.cloud.run_call import RunCall
from gatecli.model.job_definition import JobDefinition

_USUAL = "privacy.yaml"


def declaration_of(
    job: JobDefinition, call: RunCall, declared: Sequence[PlacedRelease]
) -> PlacedRelease | None:
    """The declaration of the file that the job names, in the folder of its definition, else nearest above it.

    A name in the image is compared by its last part. None where there is none, or where several stand in the
    nearest file.
    """
    named = call.value("--declaration")
    if named is not None and not named.is_known:
        return None
    name = posixpath.basename(named.text if named is not None else _USUAL)
    folder = posixpath.dirname(posixpath.normpath(job.document.path))
    while True:
        path = posixpath.join(folder, name) if folder else name
        found = [each for each in declared if posixpath.normpath(each.path) == path]
        if found:
            return found[0] if len(found) == 1 else None
        if folder in {"", "/", ".."}:
            return None
        folder = posixpath.dirname(folder)
