"""Personal data in what everybody reads who may describe a job: its command, its environment, its tags."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gatecli.checks.cloud.interface import JobContext
from gatecli.checks.personal_data import find_hidden
from gatecli.model.finding import Finding
from gatecli.model.job_definition import HOLE, JobDefinition, JobText
from gatecli.model.text import Leaf, RawText


def find_personal_data_of_job(job: JobDefinition, context: JobContext) -> Iterator[Finding]:
    """By the search of the policy. A text keeps its name in the search: a variable says what it holds."""
    if context.search is None:
        return
    texts = tuple(_public_texts(job))
    leaves = tuple(
        Leaf(text.text.replace(HOLE, " "), (str(number), name)) for number, (name, text) in enumerate(texts)
    )
    for finding, seen in find_hidden(RawText(job.name, "", "json"), leaves, context.search):
        pointer = job.pointer
        if seen is not None:
            pointer = texts[int(seen.leaf.keys[0])][1].pointer
        message = finding.message.partition("  ")[2] or finding.message
        yield replace(finding, subject=job.name, place=job.document.place(pointer), message=message)


def _public_texts(job: JobDefinition) -> Iterator[tuple[str, JobText]]:
    """Each text, and the name that says what it holds."""
    for part in (job.entry_point, job.arguments):
        words = part.words if part is not None else ()
        for before, word in zip((None, *words), words, strict=False):
            named = before.text.lstrip("-") if before is not None and before.text.startswith("--") else ""
            yield named, word
    for variable in job.environment:
        yield variable.name, variable.value
    yield from (("", text) for text in job.texts)
