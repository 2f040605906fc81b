"""The setup action: what it installs, where it keeps it, and that a later step finds it.

The installation itself needs the package index (45 s and 0.9 GB from an empty cache), which no test may
ask: here the programs that it would call are recorded. `tests/wheel` installs for real, by the same lock.
"""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.actions import BIN, ROOT, act, copy_of_actions, tool_cache, without_gatecli

SETUP = ROOT / "github_actions/setup"
HASHED = f"--require-hashes --requirement {SETUP}/../../requirements.txt"
BUILD = f"--require-hashes --requirement {SETUP}/build-requirements.txt"

_PIN = re.compile(r"^([\w.-]+==[\w.]+)", re.MULTILINE)
# Stands in for python3: `-m venv --clear FOLDER` makes a folder of programs that write down their arguments.
_PYTHON = """\
#!/usr/bin/env bash
set -euo pipefail
mkdir -p "$4/bin"
for name in python gatecli; do
  printf '#!/usr/bin/env bash\\necho "$@" >>"%s"\\nexit "${FAILING:-0}"\\n' "$RECORD" >"$4/bin/$name"
  chmod +x "$4/bin/$name"
done
"""
Install = Callable[..., "subprocess.CompletedProcess[str]"]


def test_the_build_s_requirements_are_cut_from_the_constraints() -> None:
    build = (SETUP / "build-requirements.txt").read_text("utf-8")
    constraints = (ROOT / "constraints.txt").read_text("utf-8")
    assert set(_PIN.findall(build)) <= set(_PIN.findall(constraints))
    assert set(re.findall(r"sha256:\w+", build)) <= set(re.findall(r"sha256:\w+", constraints))
    assert {pin.partition("==")[0] for pin in _PIN.findall(build)} >= {"hatchling", "tomlkit", "pluggy"}


@pytest.fixture
def install(tmp_path: Path) -> Install:
    """Run the installation with programs that only write down what they were asked."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "python3").write_text(_PYTHON, "utf-8")
    (tools / "python3").chmod(0o755)
    (tmp_path / "path").touch()

    def run(**variables: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "RECORD": str(tmp_path / "record"),
            "ENVIRONMENT": str(tmp_path / "environment"),
            "GITHUB_ACTION_PATH": str(SETUP),
            "GITHUB_PATH": str(tmp_path / "path"),
            "INPUT_PACKAGE": "",
            "INPUT_VERSION": "",
            **variables,
        }
        return subprocess.run(
            ["bash", SETUP / "run.sh"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return run


def recorded(folder: Path) -> list[str]:
    lines = (folder / "record").read_text("utf-8").splitlines()
    return [line.removeprefix("-m pip install --quiet --disable-pip-version-check ") for line in lines]


@pytest.mark.parametrize(
    ("inputs", "last"),
    [
        ({}, [BUILD, f"--no-deps --no-build-isolation {SETUP}/../.."]),
        ({"INPUT_VERSION": "1.2.3"}, ["--no-deps gatecli==1.2.3"]),
        ({"INPUT_PACKAGE": "a b.whl"}, ["--no-deps a b.whl"]),
    ],
    ids=["this commit", "a release", "a wheel"],
)
def test_every_dependency_is_held_to_its_hash(
    install: Install, tmp_path: Path, inputs: dict[str, str], last: list[str]
) -> None:
    assert install(**inputs).returncode == 0
    assert recorded(tmp_path) == [HASHED, *last, "--version"]
    assert (tmp_path / "path").read_text("utf-8") == f"{tmp_path}/environment/bin\n"


def test_what_is_installed_is_not_installed_again(install: Install, tmp_path: Path) -> None:
    install()
    (tmp_path / "record").unlink()
    assert install().returncode == 0
    assert recorded(tmp_path) == ["--version"]


def test_half_an_installation_is_begun_anew(install: Install, tmp_path: Path) -> None:
    assert install(FAILING="1").returncode != 0
    assert (tmp_path / "path").read_bytes() == b""
    (tmp_path / "record").unlink()
    assert install().returncode == 0
    assert recorded(tmp_path)[0] == HASHED


def test_another_lock_or_another_version_is_another_environment() -> None:
    key = runpy.run_path(str(SETUP / "place.py"))["key"]
    names = {key("", ""), key("", "1.2.3"), key("", "1.2.4"), key(str(ROOT / "LICENSE"), "")}
    assert len(names) == 4
    assert key("", "") == key("", "")


def test_a_cached_environment_is_found_by_the_steps_after_it(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples/churn-model-mended", tmp_path / "repository/good")
    home, path = tmp_path / "home", without_gatecli(tmp_path)
    environment = place(copy_of_actions(home), tool_cache(home), path)
    (environment / "bin").mkdir(parents=True)
    (environment / ".installed").touch()
    (environment / "bin/gatecli").symlink_to(BIN / "gatecli")
    inputs, setup = {"gate": "release", "path": "good"}, {"python-version": "", "cache": "false"}
    ran = act(tmp_path / "repository", inputs, path=path, setup=setup)
    assert (ran.code, ran.saw) == (0, ["pass", "0", "0", "report.json"]), ran.log


def place(actions: Path, cache: Path, path: str) -> Path:
    """Where the setup action would keep its environment."""
    output = actions.with_name("output")
    variables = {"RUNNER_TOOL_CACHE": str(cache), "INPUT_PACKAGE": "", "INPUT_VERSION": ""}
    subprocess.run(
        ["python3", "-I", actions / "github_actions/setup/place.py"],
        env={"PATH": path, "GITHUB_OUTPUT": str(output), **variables},
        check=True,
    )
    return Path(dict(line.split("=", 1) for line in output.read_text("utf-8").splitlines())["path"])
