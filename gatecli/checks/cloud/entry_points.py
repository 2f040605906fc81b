"""What a job starts: the entry point that takes a lease before the data is read, and nothing beside it."""

from __future__ import annotations

from collections.abc import Iterator

from gatecli.checks.cloud.interface import JobContext, finding_at
from gatecli.checks.cloud.rules import unknown_at
from gatecli.checks.cloud.run_call import CallFault, read_call
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.job_definition import JobDefinition

UNSEEN = Rule(
    "cloud-unseen-entry-point", Severity.ERROR, "A job does not say what it starts: the image decides"
)
OTHER = Rule("cloud-other-entry-point", Severity.ERROR, "A job starts something else than the entry point")
RULES = (UNSEEN, OTHER)


def find_entry_point_faults(job: JobDefinition, _context: JobContext) -> Iterator[Finding]:
    """Whether the definition shows that a lease is taken before anything is read."""
    call = read_call(job)
    mend = (
        f"start the job by: gatecli cloud {job.platform.value} run --dataset NAME --epsilon NUMBER "
        "--delta NUMBER --output DIR -- COMMAND"
    )
    if call is None:
        message = "the definition says no entry point, so the image's own runs, which nobody sees here"
        yield finding_at(UNSEEN, job, job.pointer, message, mend)
    elif isinstance(call, CallFault) and call.is_unknown:
        yield unknown_at(job, call.pointer, f"whether the job takes a lease is not known: {call.why}", mend)
    elif isinstance(call, CallFault):
        message = f"the job may read data without a lease: {call.why}"
        yield finding_at(OTHER, job, call.pointer, message, mend, about=call.why)
