"""A job of another file, as findings tell it: where that file is named."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from gatecli.model.job_definition import JobCount, JobDefinition, JobFlag, JobText

Placed = TypeVar("Placed", JobCount, JobFlag)


def moved_job(job: JobDefinition, at: str) -> JobDefinition:
    """A job of a pipeline in another file, told where that file is named."""
    words = job.entry_point
    return replace(
        job,
        pointer=at,
        image=None if job.image is None else JobText(job.image.text, at),
        entry_point=None
        if words is None
        else replace(words, pointer=at, words=tuple(JobText(word.text, at) for word in words.words)),
        environment=tuple(replace(each, value=JobText(each.value.text, at)) for each in job.environment),
        code=tuple(JobText(each.text, at) for each in job.code),
        settings=tuple(JobText(each.text, at) for each in job.settings),
        texts=tuple(JobText(each.text, at) for each in job.texts),
        component=None if job.component is None else JobText(job.component.text, at),
        identity=None if job.identity is None else JobText(job.identity.text, at),
        inputs=tuple(replace(each, pointer=at) for each in job.inputs),
        outputs=tuple(replace(each, pointer=at) for each in job.outputs),
        unjudged=tuple(replace(each, pointer=at) for each in job.unjudged),
        machines=replace(
            job.machines,
            count=_part_at(job.machines.count, at),
            shell=_part_at(job.machines.shell, at),
            processes=_part_at(job.machines.processes, at),
        ),
    )


def _part_at(part: Placed | None, at: str) -> Placed | None:
    return None if part is None else replace(part, pointer=at)
