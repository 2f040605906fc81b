"""What a check of a job is: its definition and a context in, findings out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gatecli.checks.personal_data import Search
from gatecli.model.finding import Finding, Rule, finding_in
from gatecli.model.job_definition import JobDefinition, JobPlatform
from gatecli.model.policy import PrivacyPolicy
from gatecli.model.release import ModelRelease


@dataclass(frozen=True, slots=True)
class PlacedRelease:
    """A declaration of the repository, and its file."""

    release: ModelRelease
    path: str


@dataclass(frozen=True, slots=True)
class JobContext:
    """What a check knows besides the job.

    `declared` are the declarations in the folder of the definition and above it, the nearest first. `search`
    finds personal data; None where somebody else searches the same text.
    """

    policy: PrivacyPolicy
    declared: tuple[PlacedRelease, ...] = ()
    search: Search | None = None


@dataclass(frozen=True, slots=True)
class JobCheck:
    """A pure function, every rule that it may report, and the platforms whose jobs it is about."""

    rules: tuple[Rule, ...]
    find: Callable[[JobDefinition, JobContext], Iterable[Finding]]
    platforms: frozenset[JobPlatform] = frozenset(JobPlatform)


def finding_at(
    rule: Rule, job: JobDefinition, pointer: str, message: str, mend: str, *, about: str = ""
) -> Finding:
    """A finding at `pointer` of the job's document; `about` is the content that it judges."""
    return finding_in(rule, job.document, job.name, pointer, message, mend, about=about)
