"""The distribution itself: built, installed into an empty environment, run."""

from __future__ import annotations

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    flags = ["--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *flags, str(ROOT)], check=True, timeout=300)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_the_packages_and_what_they_show(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "gatecli/cli/app.py",
        "gatecli/policies/default.yaml",
        "gatecli/shipped/rules.md",
        "gatecli/shipped/schemas/ModelRelease.json",
        "gatecli/cli/templates/privacy.yaml",
        "gatecli/py.typed",
        "admission/deploy/base/webhooks.yaml",
        "admission/deploy/overlays/cert-manager/kustomization.yaml",
    } <= names
    assert not any(name.startswith(("tests/", "benchmarks/")) for name in names)


def test_an_installed_gatecli_explains_and_judges(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env/bin/python"
    pip = [str(python), "-m", "pip", "install", "--quiet"]
    pinned = ["--require-hashes", "--requirement", str(ROOT / "requirements.txt")]
    subprocess.run([*pip, *pinned], check=True, timeout=600)
    subprocess.run([*pip, "--no-deps", str(wheel)], check=True, timeout=600)
    gatecli = tmp_path / "env/bin/gatecli"
    for arguments, code in (
        (["explain", "dp-missing-epsilon"], 0),
        (["schema", "ModelRelease"], 0),
        (["release", "check", str(ROOT / "examples/churn-model")], 1),
        (["release", "check", str(ROOT / "examples/churn-model-mended")], 0),
    ):
        done = subprocess.run(
            [str(gatecli), *arguments], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == code, done.stdout + done.stderr
