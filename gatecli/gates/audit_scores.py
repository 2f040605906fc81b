"""The audit of a model by scores in a file, against the claim of a declaration or of two numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from gatecli.audit.scores import Scores, ScoresSubject, ScoresTerms, audit_scores
from gatecli.errors import UncheckableError, UsageError
from gatecli.model.audit import AuditClaim, AuditResult
from gatecli.model.release import ModelRelease
from gatecli.sources.declaration import read_declarations
from gatecli.sources.files import ReadError, sha256_of
from gatecli.sources.scores import read_scores

Content = TypeVar("Content")


def claimed_by(declaration: Path) -> tuple[str, AuditClaim]:
    """The release of a declaration and its claim.

    Raises UncheckableError for a file that is no declaration, UsageError for one without exactly one claim.
    """
    read = read_declarations(declaration)
    if read.findings:
        first = read.findings[0]
        raise UncheckableError(f"{first.place}: {first.message}", advice=first.remediation)
    releases: list[ModelRelease] = [release for release, _ in read.values]
    if len(releases) != 1:
        raise UsageError(f"{declaration} holds {len(releases)} releases", advice="name a file that holds one")
    claim, subject = releases[0].claim, releases[0].subject
    if claim is None or claim.budget is None:
        raise UsageError(
            f"{declaration} claims no epsilon and delta", advice="declare both, or give --epsilon and --delta"
        )
    return subject, AuditClaim(claim.budget.epsilon, claim.budget.delta, claim.neighbouring)


def audit_file(
    scores: Path, subject: str, claim: AuditClaim, terms: ScoresTerms, model: Path | None = None
) -> AuditResult:
    """The audit of the scores in a file, bound to the digest of `model`. Raises UncheckableError."""
    inside, outside = _read(scores, read_scores)
    digest = "" if model is None else _read(model, sha256_of)
    return audit_scores(Scores(inside, outside), ScoresSubject(subject, claim, digest), terms)


def _read(path: Path, reader: Callable[[Path], Content]) -> Content:
    try:
        return reader(path)
    except ReadError as error:
        raise UncheckableError(f"{path} {error.problem}", advice=error.mend) from None
