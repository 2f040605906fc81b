"""The shell lines of the release workflow, run with programs that only write down what they were asked."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.actions import ROOT

JOBS: dict[str, Any] = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text("utf-8"))["jobs"]
CHANGELOG = """\
# Changelog
## [Unreleased]
- not yet
## [11.2.3] - 2027-01-01
- eleven
## [1.2.3] - 2026-12-01
### Added
- `$(touch owned)` one
## [1.2.3-rc.1] - 2026-11-01
- candidate
## [1.2.0] - 2026-10-01
"""
# Writes its arguments down; `docker buildx build` also leaves the digest that a build reports, and
# `docker login` reads the password: else who writes it may find nobody that reads.
PROGRAM = """\
#!/usr/bin/env bash
printf '%s\\n' "${0##*/} $*" >>record
case "$*" in
  "buildx build "*) echo '{"containerimage.digest": "sha256:0123"}' >image.json ;;
  *--password-stdin*) cat >/dev/null ;;
esac
"""
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def script(job: str, name: str) -> str:
    (step,) = (step for step in JOBS[job]["steps"] if step.get("name") == name)
    return str(step["run"])


@pytest.fixture
def run(tmp_path: Path) -> Run:
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("docker", "gh", "helm"):
        (tools / tool).write_text(PROGRAM, "utf-8")
        (tools / tool).chmod(0o755)
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG, "utf-8")
    (tmp_path / "modules").mkdir()
    (tmp_path / "chart").mkdir()
    (tmp_path / "chart" / "gatecli-admission-1.2.3.tgz").touch()
    for name in ("evidence", "pii_gate"):
        (tmp_path / "modules" / f"{name}.zip").touch()

    def start(text: str, **variables: str) -> subprocess.CompletedProcess[str]:
        given = {"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}", "GITHUB_OUTPUT": "output", **variables}
        return subprocess.run(
            ["bash", "-c", text], cwd=tmp_path, env=given, capture_output=True, text=True, check=False
        )

    return start


def notes(run: Run, tag: str) -> int:
    return run(script("notes", "Release with the changelog's section"), TAG=tag).returncode


def test_the_notes_are_the_changelog_s_section_of_that_version(run: Run, tmp_path: Path) -> None:
    assert notes(run, "v1.2.3") == 0
    assert (tmp_path / "notes.md").read_text("utf-8") == "### Added\n- `$(touch owned)` one\n"
    said = (tmp_path / "record").read_text("utf-8")
    files = "modules/evidence.zip modules/pii_gate.zip chart/gatecli-admission-1.2.3.tgz"
    assert said == f"gh release create v1.2.3 --verify-tag --title v1.2.3 --notes-file notes.md {files}\n"
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("tag", ["v1.2", "v2.0.0", "v1.2.0", "v.2.3"])
def test_a_version_without_a_word_of_its_own_is_not_released(run: Run, tmp_path: Path, tag: str) -> None:
    assert notes(run, tag) != 0
    assert not (tmp_path / "record").exists()


def test_the_image_is_built_with_sbom_and_provenance(run: Run, tmp_path: Path) -> None:
    done = run(
        script("image", "Build and push the image with its SBOM and provenance"),
        BASE_IMAGE="python:3@sha256:4567",
        REGISTRY="registry.example",
        TAG="v1.2.3",
        TOKEN="secret",  # noqa: S106 - of nobody
        GITHUB_ACTOR="jane",
        GITHUB_REPOSITORY="Acme/Gatecli",
        GITHUB_SHA="89ab",
    )
    assert done.returncode == 0, done.stderr
    *_, build = (tmp_path / "record").read_text("utf-8").splitlines()
    assert "--sbom=true --provenance=mode=max" in build
    assert "--file admission/Dockerfile --push" in build
    assert "--build-arg PYTHON=python:3@sha256:4567 --build-arg VERSION=1.2.3" in build
    assert "secret" not in (tmp_path / "record").read_text("utf-8")
    name = "registry.example/acme/gatecli/gatecli-admission"
    assert (tmp_path / "output").read_text("utf-8") == f"name={name}\ndigest=sha256:0123\n"


def test_nothing_is_published_that_was_not_built_and_tested() -> None:
    assert {job: JOBS[job].get("needs") for job in JOBS} == {
        "build": None,
        "chart": "image",
        "image": "build",
        "notes": "publish",
        "publish": "build",
    }
    steps = json.dumps(JOBS["build"]["steps"])
    assert steps.index("tests/wheel") < steps.index("hatchling")


def test_the_chart_is_pushed_beside_the_image(run: Run, tmp_path: Path) -> None:
    done = run(
        script("chart", "Push the chart beside the image"),
        REGISTRY="registry.example",
        TOKEN="secret",  # noqa: S106 - of nobody
        GITHUB_ACTOR="jane",
        GITHUB_REPOSITORY="Acme/Gatecli",
    )
    assert done.returncode == 0, done.stderr
    login, push = (tmp_path / "record").read_text("utf-8").splitlines()
    assert login == "helm registry login registry.example --username jane --password-stdin"
    assert push == "helm push chart/gatecli-admission-1.2.3.tgz oci://registry.example/acme/gatecli/charts"


def test_the_chart_is_packaged_and_attested_with_the_rest() -> None:
    steps = json.dumps(JOBS["build"]["steps"])
    archive = "build/chart/*.tgz"
    assert steps.index("helm package admission/chart") < steps.index(archive) < steps.rindex(archive)
    [attested] = [step for step in JOBS["build"]["steps"] if "attest" in step.get("uses", "")]
    assert archive in attested["with"]["subject-path"].splitlines()


def test_the_terraform_modules_are_made_attested_and_released() -> None:
    """Each alone: an archive holds one folder."""
    steps = json.dumps(JOBS["build"]["steps"])
    archives = "build/terraform_modules/*.zip"
    assert steps.index("make modules") < steps.index(archives) < steps.rindex(archives)
    [attested] = [step for step in JOBS["build"]["steps"] if "attest" in step.get("uses", "")]
    assert archives in attested["with"]["subject-path"].splitlines()
    names = [
        step["with"]["name"]
        for job in ("build", "notes")
        for step in JOBS[job]["steps"]
        if "terraform" in json.dumps(step.get("with", {})) and "artifact@" in step["uses"]
    ]
    assert names == ["terraform-modules", "terraform-modules"]
