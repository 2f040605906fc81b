"""What a reader of job definitions is: a document in, the jobs that it defines out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gatecli.model.document import Document
from gatecli.model.finding import Finding, Rule, Severity, make_finding
from gatecli.model.job_definition import JobDefinition
from gatecli.sources.interface import Loaded

UNREADABLE = Rule(
    "cloud-unreadable", Severity.ERROR, "A file of job definitions cannot be read", uncheckable=True
)
INVALID = Rule(
    "cloud-invalid", Severity.ERROR, "A job definition does not have the form of one", uncheckable=True
)
UNSUPPORTED = Rule("cloud-unsupported-job", Severity.ERROR, "A job is of a kind that no rule judges")
BINDING = Rule(
    "cloud-unknown-binding", Severity.ERROR, "A step is bound to an input or an output that there is not"
)
RULES: tuple[Rule, ...] = (UNREADABLE, INVALID, UNSUPPORTED, BINDING)


@dataclass(frozen=True, slots=True)
class JobReader:
    """One form of job definitions.

    A file holds one only if it holds all words of one of `marks`, whatever their case. `read` gives None for
    a document of another form.
    """

    marks: tuple[tuple[bytes, ...], ...]
    read: Callable[[Document], Loaded[JobDefinition] | None]


def invalid(document: Document, pointer: str, problem: str, mend: str, *, subject: str = "") -> Finding:
    """The finding that a part of a document is not what a job definition has there."""
    return _finding(INVALID, document, pointer, problem, mend, subject)


def unsupported_job(
    document: Document, pointer: str, problem: str, mend: str, *, subject: str = ""
) -> Finding:
    """The finding that a job was seen, and that nothing here can judge it."""
    return _finding(UNSUPPORTED, document, pointer, problem, mend, subject)


def unbound(document: Document, pointer: str, problem: str, mend: str, *, subject: str = "") -> Finding:
    """The finding that an expression names what is not there."""
    return _finding(BINDING, document, pointer, problem, mend, subject)


def _finding(rule: Rule, document: Document, pointer: str, problem: str, mend: str, subject: str) -> Finding:
    return make_finding(
        rule, problem, subject=subject or document.path, place=document.place(pointer), mend=mend
    )


def together(parts: Iterable[Loaded[JobDefinition]]) -> Loaded[JobDefinition]:
    """What was read in several places."""
    read = tuple(parts)
    return Loaded(
        tuple(job for each in read for job in each.values),
        tuple(finding for each in read for finding in each.findings),
    )
