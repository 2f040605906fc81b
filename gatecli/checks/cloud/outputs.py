"""What leaves a job beside its release: data about people as it was read."""

from __future__ import annotations

from collections.abc import Iterator

from gatecli.checks.cloud.interface import JobContext, finding_at
from gatecli.checks.cloud.rules import is_below
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.job_definition import JobDefinition

RAW_OUTPUT = Rule(
    "cloud-raw-output", Severity.ERROR, "Data about people is kept under a name or a path as it was read"
)


def find_copied_inputs(job: JobDefinition, _context: JobContext) -> Iterator[Finding]:
    """Outputs of a job of SageMaker that bring out what its inputs bring in."""
    inputs = [each.path.text for each in job.inputs if each.path is not None and each.path.is_known]
    for output in job.outputs:
        path = output.path
        if path is None or not path.is_known:
            continue
        if is_below(path.text, inputs) or any(is_below(each, [path.text]) for each in inputs):
            message = (
                "an output holds the folder of an input or stands in it, so data is uploaded as it was read"
            )
            mend = "give each input and output of the job a folder of its own"
            yield finding_at(RAW_OUTPUT, job, path.pointer, message, mend, about=path.text)
