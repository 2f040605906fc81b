"""Parts of a definition that no other check sees: none of them is a pass."""

from __future__ import annotations

from collections.abc import Iterator

from gatecli.checks.cloud.interface import JobContext
from gatecli.checks.cloud.rules import unknown_at
from gatecli.model.finding import Finding
from gatecli.model.job_definition import JobDefinition


def find_unjudged(job: JobDefinition, _context: JobContext) -> Iterator[Finding]:
    """What the reader of the form could not see."""
    for part in job.unjudged:
        yield unknown_at(
            job, part.pointer, f"a part of the job was not judged: {part.why}", "write it into the definition"
        )
