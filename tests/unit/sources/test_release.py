"""A release is gathered with its artifacts' digests and its evidence; what cannot be read is found."""

from __future__ import annotations

import hashlib
import json
from fractions import Fraction
from pathlib import Path

import pytest

from gatecli.model.audit import AuditClaim, AuditOutcome, AuditResult, audit_document
from gatecli.model.document import Place
from gatecli.model.finding import Finding, make_finding
from gatecli.model.release import Evidence, EvidenceReference, ReleaseSubject
from gatecli.sources.interface import Loaded
from gatecli.sources.release import read_releases
from gatecli.sources.rules import RELEASE_UNREADABLE
from tests.support.declarations import GOOD, write

AUDIT = AuditResult("a", "betting", AuditOutcome.NOTHING_FOUND, AuditClaim(Fraction(1)), Fraction(9, 10))
DIGEST = hashlib.sha256(b"weights").hexdigest()


def read(folder: Path, artifact: str) -> Loaded[ReleaseSubject]:
    text = GOOD.replace("spec:\n", f"spec:\n  artifacts: [{{path: {artifact}, sha256: {DIGEST}}}]\n")
    return read_releases([write(folder, text)])


def digest(folder: Path, artifact: str) -> str | None:
    loaded = read(folder, artifact)
    assert loaded.findings == ()
    (subject,) = loaded.values
    (state,) = subject.artifacts
    return state.sha256


def refusal(folder: Path, artifact: str) -> Finding:
    loaded = read(folder, artifact)
    (subject,), (only,) = loaded.values, loaded.findings
    assert subject.artifacts == ()
    assert (only.rule, only.place.pointer) == (RELEASE_UNREADABLE, "/spec/artifacts/0/path")
    return only


def test_an_artifact_is_digested(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"weights")
    assert digest(tmp_path, "model.onnx") == DIGEST


def test_a_link_is_digested_as_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "cache").write_bytes(b"weights")
    (tmp_path / "release").mkdir()
    (tmp_path / "release" / "model.onnx").symlink_to("../cache")
    assert digest(tmp_path / "release", "model.onnx") == DIGEST


def test_an_artifact_elsewhere_in_the_repository_is_digested(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "model.onnx").write_bytes(b"weights")
    assert digest(tmp_path / "a" / "b", "../../model.onnx") == DIGEST


def test_a_missing_artifact_has_no_digest(tmp_path: Path) -> None:
    assert digest(tmp_path, "model.onnx") is None


@pytest.mark.parametrize(
    ("artifact", "problem"),
    [
        ("../model.onnx", "leaves the repository"),
        ("a/../../model.onnx", "leaves the repository"),
        ("/etc/passwd", "absolute path"),
        ('"a\\0b"', "NUL"),
        (".", "is a directory"),
        ("loop", "loop of symbolic links"),
    ],
)
def test_an_artifact_that_cannot_be_judged_is_found(tmp_path: Path, artifact: str, problem: str) -> None:
    folder = tmp_path / "release"
    folder.mkdir()
    (folder / "loop").symlink_to("loop")
    assert problem in refusal(folder, artifact).message


def test_an_artifact_may_not_leave_the_repository(tmp_path: Path) -> None:
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    assert "leaves the repository" in refusal(tmp_path / "repository" / "a", "../../model.onnx").message


def test_evidence_is_read_beside_the_declaration(tmp_path: Path) -> None:
    asked: list[tuple[str, Path, str | None, str]] = []

    def read_evidence(
        reference: EvidenceReference, base: Path, place: Place, subject: str
    ) -> Loaded[Evidence]:
        asked.append((reference.path, base, place.pointer, subject))
        lost = make_finding(RELEASE_UNREADABLE, "lost", subject=subject, place=place, mend="find it")
        return Loaded((Evidence(reference, place, ()),), (lost,))

    path = write(tmp_path, GOOD + "    evidence: [{format: opacus, path: a.json}]\n")
    loaded = read_releases([path], read_evidence)
    assert asked == [("a.json", tmp_path, "/spec/privacy/evidence/0", "good 1.0")]
    assert len(loaded.values[0].evidence) == len(loaded.findings) == 1


def test_what_cannot_be_read_does_not_hide_the_rest(tmp_path: Path) -> None:
    broken = write(tmp_path, "{", "broken.yaml")
    loaded = read_releases([broken, write(tmp_path), tmp_path / "missing.yaml"])
    assert (len(loaded.values), len(loaded.findings)) == (1, 2)


def with_code(folder: Path, files: str) -> Loaded[ReleaseSubject]:
    """A release whose audit is of these files."""
    (folder / "audit.json").write_text(json.dumps(audit_document([AUDIT])), "utf-8")
    entry = f"{{format: audit, path: audit.json, code: [{files}]}}"
    return read_releases([write(folder, GOOD + f"    evidence: [{entry}]\n")])


def test_the_code_of_an_audit_is_digested(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"weights")
    loaded = with_code(tmp_path, f"{{path: a.py, sha256: {DIGEST}}}, {{path: gone.py, sha256: {DIGEST}}}")
    (evidence,) = loaded.values[0].evidence
    assert [state.sha256 for state in evidence.code] == [DIGEST, None]


def test_code_that_cannot_be_judged_is_found(tmp_path: Path) -> None:
    loaded = with_code(tmp_path, f"{{path: ../../a.py, sha256: {DIGEST}}}")
    (found,) = loaded.findings
    assert (found.rule, found.place.pointer) == (RELEASE_UNREADABLE, "/spec/privacy/evidence/0/code/0/path")


@pytest.mark.parametrize("code", [f'"{DIGEST}"', "a.py", f"{{sha256: {DIGEST}}}", "{path: a.py}"])
def test_a_digest_alone_is_not_code(tmp_path: Path, code: str) -> None:
    (found,) = with_code(tmp_path, code).findings
    assert found.rule.id == "release-invalid"
