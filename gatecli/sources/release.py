"""Releases with all that a check may know: the declaration, its artifacts' digests, its evidence."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from gatecli.model.decision import DecisionRecord
from gatecli.model.document import Document, Place
from gatecli.model.finding import Finding, make_finding
from gatecli.model.release import (
    Artifact,
    ArtifactState,
    Evidence,
    EvidenceReference,
    ModelRelease,
    ReleaseSubject,
)
from gatecli.sources.decision_record import read_decision
from gatecli.sources.declaration import Declared, read_declarations
from gatecli.sources.evidence.reader import read_evidence
from gatecli.sources.files import MissingFileError, ReadError, sha256_of
from gatecli.sources.interface import Loaded
from gatecli.sources.locations import inside
from gatecli.sources.rules import RELEASE_UNREADABLE
from gatecli.sources.table_schema import schema_digest

SEALED_SUFFIX = ".manifest.json"
"""Of the manifest beside a sealed file: `gatecli.model.sealed_artifact.SUFFIX`."""

ReadEvidence: TypeAlias = Callable[[EvidenceReference, Path, Place, str], Loaded[Evidence]]


def read_releases(
    paths: Sequence[Path], read_evidence: ReadEvidence = read_evidence
) -> Loaded[ReleaseSubject]:
    """Every release that the files at `paths` declare, and a finding for all that cannot be read.

    `read_evidence(reference, base, place, subject)` reads one evidence file beside the declaration.
    """
    return releases_of({path: read_declarations(path) for path in paths}, read_evidence)


def releases_of(
    files: Mapping[Path, Loaded[Declared]], read_evidence: ReadEvidence = read_evidence
) -> Loaded[ReleaseSubject]:
    """The same of declarations that were read, by their files."""
    subjects: list[ReleaseSubject] = []
    findings: list[Finding] = []
    for path, declared in files.items():
        findings.extend(declared.findings)
        for release, document in declared.values:
            subjects.append(_subject(release, document, path.parent, read_evidence, findings))
    return Loaded(tuple(subjects), tuple(findings))


def _subject(
    release: ModelRelease,
    document: Document,
    base: Path,
    read_evidence: ReadEvidence,
    findings: list[Finding],
) -> ReleaseSubject:
    def states(files: Sequence[Artifact], pointer: str) -> tuple[ArtifactState, ...]:
        loaded = _states(files, base, release.subject, lambda at: document.place(f"{pointer}/{at}/path"))
        findings.extend(loaded.findings)
        return loaded.values

    artifacts = states(release.spec.artifacts, "/spec/artifacts")
    evidence: list[Evidence] = []
    for number, reference in enumerate(release.claim.evidence if release.claim else ()):
        pointer = f"/spec/privacy/evidence/{number}"
        loaded = read_evidence(reference, base, document.place(pointer), release.subject)
        code = states(reference.code, f"{pointer}/code")
        evidence.extend(replace(each, code=code) for each in loaded.values)
        findings.extend(loaded.findings)
    schemas = _schemas(release, document, base, findings)
    decision = _decision(release, document, base, findings)
    return ReleaseSubject(release, document, artifacts, tuple(evidence), schemas, decision)


def _decision(
    release: ModelRelease, document: Document, base: Path, findings: list[Finding]
) -> DecisionRecord | None:
    """The decision record that the release names; None where nothing stands there."""
    named = release.spec.decision
    if named is None:
        return None
    try:
        return read_decision(inside(base, named))
    except MissingFileError:
        return None
    except ReadError as error:
        message = f"the decision record {named} {error.problem}"
        place = document.place("/spec/decision")
        findings.append(
            make_finding(RELEASE_UNREADABLE, message, subject=release.subject, place=place, mend=error.mend)
        )
        return None


def _schemas(
    release: ModelRelease, document: Document, base: Path, findings: list[Finding]
) -> tuple[tuple[str, str], ...]:
    """The digest of each schema that a dataset names."""
    read: list[tuple[str, str]] = []
    for number, dataset in enumerate(release.spec.datasets):
        if dataset.table_schema is None:
            continue
        try:
            read.append((dataset.name, schema_digest(inside(base, dataset.table_schema))))
        except ReadError as error:
            place = document.place(f"/spec/datasets/{number}/schema")
            message = f"the schema {dataset.table_schema} {error.problem}"
            findings.append(
                make_finding(
                    RELEASE_UNREADABLE, message, subject=release.subject, place=place, mend=error.mend
                )
            )
    return tuple(read)


def _states(
    files: Sequence[Artifact], base: Path, subject: str, place_of: Callable[[int], Place]
) -> Loaded[ArtifactState]:
    """What stands on disk for declared files; `place_of` says where the declaration names each."""
    states: list[ArtifactState] = []
    findings: list[Finding] = []
    for number, file in enumerate(files):
        try:
            states.append(_state(file, inside(base, file.path)))
        except ReadError as error:
            message = f"the artifact {file.path} {error.problem}"
            findings.append(
                make_finding(
                    RELEASE_UNREADABLE, message, subject=subject, place=place_of(number), mend=error.mend
                )
            )
    return Loaded(tuple(states), tuple(findings))


def _state(artifact: Artifact, path: Path) -> ArtifactState:
    """What stands at `path`; with a manifest beside it, as a sealed file. Raises `ReadError`."""
    if os.path.lexists(path.parent / f"{path.name}{SEALED_SUFFIX}"):
        from gatecli.sources.sealed_artifact import seal_state  # noqa: PLC0415 - few releases are sealed

        seal = seal_state(path)
        return ArtifactState(artifact, seal.found.sha256 if seal.found else None, seal)
    try:
        return ArtifactState(artifact, sha256_of(path))
    except MissingFileError:
        return ArtifactState(artifact, None)
