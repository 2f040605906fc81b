"""The files of a release, and its identity."""

from __future__ import annotations

from collections.abc import Iterator

from gatecli.checks.release.interface import ReleaseContext, finding_at
from gatecli.model.finding import Finding, Rule, Severity, make_finding
from gatecli.model.release import ReleaseSubject

ARTIFACT_MISSING = Rule("release-artifact-missing", Severity.ERROR, "A declared artifact is missing")
DIGEST_MISMATCH = Rule(
    "release-artifact-digest-mismatch",
    Severity.ERROR,
    "A file of a release is not the one that was declared",
    falsehood=True,
)
DUPLICATE_VERSION = Rule(
    "release-duplicate-version", Severity.ERROR, "Two declarations describe the same version"
)


def find_artifacts(subject: ReleaseSubject, _context: ReleaseContext) -> Iterator[Finding]:
    """A declaration speaks for the files it lists, by their SHA-256."""
    for number, state in enumerate(subject.artifacts):
        pointer = f"/spec/artifacts/{number}"
        declared, path = state.artifact.sha256.lower(), state.artifact.path
        if state.sha256 is None:
            yield finding_at(
                ARTIFACT_MISSING,
                subject,
                f"{pointer}/path",
                f"{path} is declared but does not exist",
                f"put {path} beside the declaration, or remove it from spec.artifacts",
                about=path,
            )
        elif state.sha256.lower() != declared:
            yield finding_at(
                DIGEST_MISMATCH,
                subject,
                f"{pointer}/sha256",
                f"{path} has sha256 {state.sha256.lower()}, not the declared {declared}",
                f"release the file that was declared, or declare {state.sha256.lower()} "
                "if this file is the one that was trained as described",
                about=f"{path}\0{declared}",
            )


def find_duplicate_version(subject: ReleaseSubject, context: ReleaseContext) -> Iterator[Finding]:
    """Of two declarations for one version only one can be what shipped."""
    for namesake in context.namesakes:
        yield make_finding(
            DUPLICATE_VERSION,
            f"{subject.release.subject} is also declared in {namesake.document.place()}",
            subject=subject.release.subject,
            place=subject.document.place("/metadata/version"),
            mend="give one of the two another version, or delete the one that did not ship",
            identity=f"{subject.release.subject}\0{subject.document.path}\0{namesake.document.path}",
        )
