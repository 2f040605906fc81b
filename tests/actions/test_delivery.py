"""The shell lines of the workflow that build the image and the chart, run here as far as they can be."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.support import helm
from tests.support.actions import ROOT

JOBS: dict[str, Any] = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text("utf-8"))["jobs"]
DOCKER = """\
#!/usr/bin/env bash
printf '%s\\n' "$*" >>"$RECORD"
case "$*" in
  *imagetools*) echo '{"digest": "sha256:0123"}' ;;
  "run "*) ! grep --quiet "$FAILS" <<<"$*" ;;
esac
"""
JQ = "#!/usr/bin/env bash\nsed 's/.*: \"\\(.*\\)\".*/\\1/'\n"


def script(job: str) -> str:
    (step,) = (step for step in JOBS[job]["steps"] if "name" in step)
    return str(step["run"])


def program(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, "utf-8")
    (folder / name).chmod(0o755)


def run(text: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    given = {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}", "HOME": str(folder), **variables}
    return subprocess.run(
        ["bash", "-c", text], cwd=ROOT, env=given, capture_output=True, text=True, check=False
    )


def test_the_chart_is_linted_rendered_and_packaged(tmp_path: Path) -> None:
    program(tmp_path, "helm", f'#!/bin/sh\nexec {helm.program()} "$@"\n')
    done = run(script("chart").replace("build/chart", str(tmp_path / "built")), tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    sets = len(list((ROOT / "admission/chart/ci").iterdir()))
    assert done.stdout.count("0 chart(s) failed") == sets >= 3
    (archive,) = (tmp_path / "built").iterdir()
    assert archive.name.startswith("gatecli-admission-")
    assert archive.suffix == ".tgz"
    listed = subprocess.run(["tar", "-tzf", archive], capture_output=True, text=True, check=True).stdout
    assert "gatecli-admission/crds/crds.yaml" in listed
    assert "/ci/" not in listed


def test_the_image_is_built_on_a_digest_and_run_without_rights(tmp_path: Path) -> None:
    program(tmp_path, "docker", DOCKER)
    program(tmp_path, "jq", JQ)
    base, record = JOBS["image"]["steps"][-1]["env"]["BASE"], tmp_path / "record"
    variables = {"BASE": base, "RECORD": str(record), "GITHUB_SHA": "89ab", "FAILS": "never"}
    done = run(script("image"), tmp_path, **variables)
    assert done.returncode == 0, done.stderr
    _, build, *runs = record.read_text("utf-8").splitlines()
    assert f"--build-arg PYTHON={base}@sha256:0123" in build
    assert "--push" not in build
    assert [each.split()[-1] for each in runs] == ["--version", "manifests"]
    for each in runs:
        assert "--read-only --network none --cap-drop ALL" in each
        assert "--user 65532:65532" in each


def test_an_image_that_does_not_start_fails_the_build(tmp_path: Path) -> None:
    program(tmp_path, "docker", DOCKER)
    program(tmp_path, "jq", JQ)
    variables = {"BASE": "b", "RECORD": str(tmp_path / "record"), "GITHUB_SHA": "89ab", "FAILS": "manifests"}
    assert run(script("image"), tmp_path, **variables).returncode != 0


def test_the_wheel_is_made_before_the_image_that_holds_it() -> None:
    steps = [step.get("run", "") for step in JOBS["image"]["steps"]]
    assert [step.startswith(".venv/bin/hatchling build") for step in steps].index(True) < len(steps) - 1
