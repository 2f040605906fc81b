"""The distribution itself: built, installed into an empty environment, run."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.support.reviews import manifest, review_of

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
    assert not names & {"admission/Dockerfile", "admission/requirements.txt"}
    # A release has the chart as an archive: nobody installs a Python package to get it.
    assert not any(name.startswith("admission/chart/") for name in names)


def test_an_installed_gatecli_explains_and_judges(wheel: Path, tmp_path: Path) -> None:
    lock = ["--lock", str(ROOT / "requirements.txt"), "--package", str(wheel)]
    install = [sys.executable, str(ROOT / "tools/install.py"), str(tmp_path / "env"), *lock]
    subprocess.run(install, check=True, timeout=600)
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


def test_the_image_s_packages_run_the_webhook_with_nothing_writable(wheel: Path, tmp_path: Path) -> None:
    """The Dockerfile's steps without docker: its lock, the wheel, no pip; no home, no folder to write to."""
    environment = tmp_path / "env"
    venv.create(environment, with_pip=False)
    python = environment / "bin/python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-compile"]
    pinned = [
        "--only-binary",
        ":all:",
        "--no-deps",
        "--require-hashes",
        "--requirement",
        str(ROOT / "admission/requirements.txt"),
    ]
    subprocess.run([*pip, *pinned], check=True, timeout=600)
    subprocess.run([*pip, "--no-index", "--no-deps", str(wheel)], check=True, timeout=600)
    bytecode = ["-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", str(environment / "lib")]
    subprocess.run([python, *bytecode], check=True, timeout=600)
    review = tmp_path / "review.json"
    review.write_text(json.dumps(review_of(manifest("Job"))))
    for arguments, code in (
        (["--help"], 0),
        (["manifests"], 0),
        (["review", str(review)], 1),
        (["run", "--help"], 0),
    ):
        done = subprocess.run(
            [environment / "bin/gatecli-admission", *arguments],
            cwd="/",
            env={"PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": str(tmp_path / "absent")},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == code, done.stdout + done.stderr
    assert not (environment / "bin/pip").exists()
