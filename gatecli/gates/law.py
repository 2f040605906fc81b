"""The law of a run, as it stands here or in a revision of git, and the terms that it sets."""

from __future__ import annotations

from datetime import date

from gatecli.gates.judgement import JudgementTerms
from gatecli.gates.policies import Law, LawFiles, read_known
from gatecli.model.finding import Severity


def read_law(files: LawFiles, revision: str | None = None) -> Law:
    """The law as it stands here, or in a revision of git.

    Raises UsageError for a revision that there is not, ConfigurationError for law that cannot be used,
    UncheckableError where git does not answer.
    """
    if revision is None:
        return Law(files.read_bundle(), read_known(files.baseline))
    from gatecli.gates.revision_law import read_law_of_revision  # noqa: PLC0415 - few runs name a revision

    return read_law_of_revision(files, revision)


def terms_of(law: Law, today: date, fail_on: Severity, *, exit_zero: bool = False) -> JudgementTerms:
    """What a verdict by this law depends on."""
    return JudgementTerms(
        law.bundle.policy,
        law.bundle.waivers,
        today,
        fail_on,
        exit_zero,
        law.baseline,
        law.target,
        law.bundle.path,
    )
