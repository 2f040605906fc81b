"""Managed jobs that a plan defines, by the checks of the gate of job definitions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gatecli.checks.cloud.interface import JobContext
from gatecli.model.finding import Finding
from gatecli.model.job_definition import PlannedJobs


def find_planned_jobs(planned: Sequence[PlannedJobs], context: JobContext) -> Iterator[Finding]:
    """What is wrong with each job, at the address of the resource that defines it. The plan's texts are
    searched for personal data by themselves.
    """
    if not planned:
        return
    from gatecli.checks.cloud.registry import find_in_job  # noqa: PLC0415 - few plans define a job

    for each in planned:
        found = [*each.findings, *(finding for job in each.jobs for finding in find_in_job(job, context))]
        for finding in found:
            place = replace(finding.place, line=None, column=None)
            message = f"{finding.subject}  {finding.message}"
            yield replace(finding, subject=each.address, place=place, message=message)
