from __future__ import annotations

from dataclasses import replace

import pytest

from gatecli.checks.release.artifact import find_artifacts, find_duplicate_version
from gatecli.checks.release.interface import ReleaseContext
from gatecli.model.document import Place
from gatecli.model.release import Artifact, ArtifactState, Evidence, EvidenceFormat, EvidenceReference
from tests.support.releases import claiming, context_of, data_of, ids, policy, subject_of

DIGEST, OTHER = "ab" * 32, "cd" * 32


@pytest.mark.parametrize(
    ("on_disk", "found"),
    [
        (DIGEST, []),
        (DIGEST.upper(), []),
        (OTHER, ["release-artifact-digest-mismatch"]),
        (None, ["release-artifact-missing"]),
    ],
)
def test_an_artifact_must_be_the_declared_file(on_disk: str | None, found: list[str]) -> None:
    subject = claiming()
    state = ArtifactState(Artifact(path="model.bin", sha256=DIGEST), on_disk)
    changed = replace(subject, artifacts=(state,))
    assert ids(find_artifacts(changed, context_of(subject))) == found


def test_the_code_of_an_audit_must_be_the_declared_files() -> None:
    state = ArtifactState(Artifact(path="noise.py", sha256=DIGEST), OTHER)
    reference = EvidenceReference(format=EvidenceFormat.AUDIT, path="audit.json", code=(state.artifact,))
    audited = Evidence(reference, Place("audit.json"), (), code=(state, replace(state, sha256=None)))
    entry = {"format": "audit", "path": "audit.json", "code": [{"path": "noise.py", "sha256": DIGEST}]}
    subject = claiming(audited, evidence=[entry])
    changed, missing = find_artifacts(subject, context_of(subject))
    assert (changed.rule.id, changed.place.pointer) == (
        "release-artifact-digest-mismatch",
        "/spec/privacy/evidence/0/code/0/sha256",
    )
    assert (missing.rule.id, missing.place.pointer) == (
        "release-artifact-missing",
        "/spec/privacy/evidence/0/code/1/path",
    )
    assert missing.remediation.endswith("remove it from spec.privacy.evidence.0.code")


def test_a_mismatch_shows_both_digests() -> None:
    subject = claiming()
    state = ArtifactState(Artifact(path="model.bin", sha256=DIGEST), OTHER)
    (finding,) = find_artifacts(replace(subject, artifacts=(state,)), context_of(subject))
    assert DIGEST in finding.message
    assert OTHER in finding.message


def test_two_declarations_of_one_version_name_each_other() -> None:
    first = subject_of(data_of({}), path="a.yaml")
    second = subject_of(data_of({}), path="b.yaml")
    (finding,) = find_duplicate_version(second, ReleaseContext(policy(), namesakes=(first,)))
    assert finding.rule.id == "release-duplicate-version"
    assert (finding.place.path, "a.yaml" in finding.message) == ("b.yaml", True)


def test_a_version_declared_once_is_no_duplicate() -> None:
    subject = claiming()
    assert not list(find_duplicate_version(subject, context_of(subject)))
