"""The files of a release, and its identity."""

from __future__ import annotations

from collections.abc import Iterator

from gatecli.checks.release.evidence import entry_pointer
from gatecli.checks.release.interface import ReleaseContext, finding_at
from gatecli.model.finding import Finding, Rule, Severity, make_finding
from gatecli.model.release import ArtifactState, ReleaseSubject

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
    """A declaration speaks for the files it lists, by their SHA-256: what ships, and audited code."""
    for pointer, state in _listed_files(subject):
        declared, path = state.artifact.sha256.lower(), state.artifact.path
        if state.sha256 is None:
            yield finding_at(
                ARTIFACT_MISSING,
                subject,
                f"{pointer}/path",
                f"{path} is declared but does not exist",
                f"put {path} beside the declaration, or remove it from {_list_of(pointer)}",
                about=path,
            )
        elif not state.is_as_declared:
            yield finding_at(
                DIGEST_MISMATCH,
                subject,
                f"{pointer}/sha256",
                f"{path} has sha256 {state.sha256.lower()}, not the declared {declared}",
                f"release the file that was declared, or declare {state.sha256.lower()} "
                "if this file is the one that was trained as described",
                about=f"{path}\0{declared}",
            )


def _listed_files(subject: ReleaseSubject) -> Iterator[tuple[str, ArtifactState]]:
    for number, state in enumerate(subject.artifacts):
        yield f"/spec/artifacts/{number}", state
    for evidence in subject.evidence:
        for number, state in enumerate(evidence.code):
            yield f"{entry_pointer(subject, evidence)}/code/{number}", state


def _list_of(pointer: str) -> str:
    """`spec.artifacts` for `/spec/artifacts/0`."""
    return ".".join(pointer.split("/")[1:-1])


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
