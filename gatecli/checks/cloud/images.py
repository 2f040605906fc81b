"""The image of a job: what its digest pins is what was reviewed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gatecli.checks.cloud.interface import JobContext, finding_at
from gatecli.checks.cloud.rules import unknown_at
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.job_definition import HOLE, JobDefinition

UNPINNED = Rule("cloud-unpinned-image", Severity.ERROR, "The image of a job is not pinned by its digest")

_PINNED = re.compile(r".+@sha256:[0-9a-f]{64}", re.DOTALL)
_MEND = "name the image by its digest: REPOSITORY@sha256:DIGEST, as the registry shows it after the push"


def find_unpinned(job: JobDefinition, _context: JobContext) -> Iterator[Finding]:
    """Of an address, the registry may be known later; the digest may not."""
    image = job.image
    if image is None:
        message = "the job names no image, so which program runs is the platform's choice"
        yield finding_at(UNPINNED, job, job.pointer, message, _MEND)
    elif _PINNED.fullmatch(image.text) is not None:
        return
    elif HOLE in image.text.rpartition("/")[2]:
        message = "the digest of the image is known only when the job starts, so any image may run"
        yield unknown_at(job, image.pointer, message, _MEND)
    else:
        message = "the image is not pinned by its digest: what a tag means may change after the review"
        yield finding_at(UNPINNED, job, image.pointer, message, _MEND, about=image.text)
