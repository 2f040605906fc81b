"""The gate action signs a pass: by a key, or by what it hands to GitHub's action."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from gatecli.model.attestation import PRIVACY_RELEASE
from tests.support.actions import ATTEST, BIN, ROOT, Ran, act
from tests.support.attestations import ed25519_pem, write_keys

ACTION = ROOT / "github_actions/gate/action.yml"
INPUTS_OF_ATTEST = {
    "create-storage-record",
    "github-token",
    "predicate",
    "predicate-path",
    "predicate-type",
    "push-to-registry",
    "sbom-path",
    "show-summary",
    "subject-checksums",
    "subject-digest",
    "subject-name",
    "subject-path",
    "subject-version",
}
"""Of github.com/actions/attest, action.yml at v4.2.2; its output is bundle-path."""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    shutil.copytree(ROOT / "examples/churn-model-mended", folder / "good")
    shutil.copytree(ROOT / "examples/churn-model", folder / "bad")
    return folder


def attest(repository: Path, reports: Path, **inputs: str) -> Ran:
    return act(repository, {"gate": "release", "path": "good", "report-dir": str(reports), **inputs})


def test_a_pass_is_signed_by_a_key_and_verifies(repository: Path, tmp_path: Path) -> None:
    private, public = write_keys(tmp_path, ed25519_pem())
    ran = attest(repository, tmp_path / "r", attest="key", **{"attest-key": private.read_text()})
    assert (ran.code, ran.saw) == (0, ["pass", "0", "0", "report.json"]), ran.log
    assert "attested=attestation.sigstore.json" in ran.log
    bundle = tmp_path / "r" / "attestation.sigstore.json"
    command = [str(BIN / "gatecli"), "verify", str(bundle), "--artifact", "good", "--key", str(public)]
    assert subprocess.run(command, cwd=repository, check=False, capture_output=True).returncode == 0
    assert "PRIVATE KEY" not in ran.log + ran.runner


def test_what_did_not_pass_is_not_signed(repository: Path, tmp_path: Path) -> None:
    private, _ = write_keys(tmp_path, ed25519_pem())
    ran = attest(repository, tmp_path / "r", path="bad", attest="key", **{"attest-key": private.read_text()})
    assert (ran.code, ran.saw[0]) == (1, "fail")
    assert not (tmp_path / "r" / "attestation.sigstore.json").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"attest": "key"},
        {"attest": "nobody"},
        {"attest": "key", "attest-key": "no key"},
        {"attest": "key", "attest-key": "k", "path": "good\nbad"},
    ],
)
def test_what_cannot_be_signed_fails_the_job(repository: Path, tmp_path: Path, wrong: dict[str, str]) -> None:
    ran = attest(repository, tmp_path / "r", **wrong)
    assert ran.code != 0
    assert not (tmp_path / "r" / "attestation.sigstore.json").exists()


def test_github_gets_what_it_signs(repository: Path, tmp_path: Path) -> None:
    ran = attest(repository, tmp_path / "r", attest="github")
    assert (ran.code, ran.log.count("stub reached")) == (0, 1), ran.log
    assert (tmp_path / "r/unsigned/predicate-type.txt").read_text() == PRIVACY_RELEASE
    assert "model" in (tmp_path / "r/unsigned/subjects.sha256").read_text()


def test_the_inputs_are_those_that_githubs_action_has() -> None:
    (step,) = [
        each for each in yaml.safe_load(ACTION.read_text())["runs"]["steps"] if each.get("uses") == ATTEST
    ]
    assert set(step["with"]) <= INPUTS_OF_ATTEST
    assert {"predicate-type", "predicate-path", "subject-checksums"} <= set(step["with"])
    assert re.fullmatch("[0-9a-f]{40}", ATTEST.partition("@")[2])
