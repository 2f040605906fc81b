"""examples/opacus-digits: a training within its budget passes, one that spends too much does not."""

from __future__ import annotations

import json
import re
import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import gatecli
from tests.support.environments import ROOT
from tests.support.training import run

EXAMPLE = ROOT / "examples" / "opacus-digits"
POLICY = EXAMPLE / "gatecli.yaml"


@pytest.fixture(scope="module", name="release")
def a_release_of_a_training_within_its_budget(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("within") / "release"
    done = run(EXAMPLE / "train.py", folder, folder=folder.parent)
    assert (done.returncode, done.stdout) == (0, "the gate is open\n"), done.stderr
    return folder


def test_a_training_within_its_budget_passes(release: Path) -> None:
    written = sorted(path.name for path in release.iterdir())
    assert written == ["MODEL_CARD.md", "accountant.json", "model.safetensors", "privacy.yaml"]
    verdict = gatecli.check_release(release, policy=POLICY)
    assert verdict.passed
    (epsilon,) = (checked.measures["epsilonUpper"] for checked in verdict.checked)
    assert isinstance(epsilon, Fraction)
    assert 1.5 < epsilon <= 2


def test_the_model_card_says_how_good_the_model_is(release: Path) -> None:
    found = re.search(r"Right on ([0-9]+)%", (release / "MODEL_CARD.md").read_text("utf-8"))
    assert found is not None
    assert int(found[1]) > 70


def test_weights_that_are_changed_afterwards_are_refused(release: Path, tmp_path: Path) -> None:
    changed = shutil.copytree(release, tmp_path / "changed")
    weights = changed / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x00")
    rules = {finding.rule.id for finding in gatecli.check_release(changed, policy=POLICY).findings}
    assert rules == {"release-artifact-digest-mismatch"}


def audit_of(folder: Path) -> dict[str, Any]:
    """The one result of the audit beside a release."""
    (result,) = json.loads((folder / "audit.json").read_text("utf-8"))["results"]
    assert isinstance(result, dict)
    return result


def test_a_training_that_audits_itself_passes_where_nothing_is_found(tmp_path: Path) -> None:
    done = run(EXAMPLE / "audited.py", tmp_path, folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, "the gate is open\n"), done.stderr
    result = audit_of(tmp_path)
    assert result["outcome"] == "nothing-found"
    assert result["claim"] == {"epsilon": "2", "delta": "1e-5", "neighbouring": "add-remove"}
    assert Fraction(result["power"]["epsilon"]) < 3


def test_a_training_that_ignores_its_noise_is_refuted(tmp_path: Path) -> None:
    done = run(EXAMPLE / "noiseless.py", tmp_path, folder=tmp_path)
    assert done.returncode == 1, done.stderr
    assert [line.split(": ")[1] for line in done.stdout.splitlines()[1:]] == ["dp-refuted-by-audit"]
    assert Fraction(audit_of(tmp_path)["lower"]) > Fraction(5, 2)
    history = json.loads((tmp_path / "accountant.json").read_text("utf-8"))["history"]
    assert all(noise > 1 for noise, _, _ in history)


def test_a_training_that_spends_too_much_is_refused(tmp_path: Path) -> None:
    done = run(EXAMPLE / "overspend.py", tmp_path, folder=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "dp-understated-epsilon" in done.stdout
    ((_, _, steps),) = json.loads((tmp_path / "accountant.json").read_text("utf-8"))["history"]
    assert steps == 540
