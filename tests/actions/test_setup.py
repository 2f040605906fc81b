"""The setup action: what it asks for, where it keeps it, and that a later step finds it.

What the installer makes of it is tested in `tests/install`, and installed for real in `tests/wheel`: here a
program that writes its arguments down stands in for Python.
"""

from __future__ import annotations

import json
import os
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.actions import BIN, ROOT, act, copy_of_actions, tool_cache, without_gatecli

SETUP = ROOT / "github_actions/setup"
INSTALL = f"-I {SETUP}/../../tools/install.py"
LOCK = f"--lock {SETUP}/../../requirements.txt"

_PYTHON = """\
#!/usr/bin/env bash
set -euo pipefail
echo "$@" >>"$RECORD"
mkdir -p "$3/bin"
printf '#!/usr/bin/env bash\\necho "gatecli $*" >>"%s"\\n' "$RECORD" >"$3/bin/gatecli"
chmod +x "$3/bin/gatecli"
exit "${FAILING:-0}"
"""
Install = Callable[..., "subprocess.CompletedProcess[str]"]


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


@pytest.mark.parametrize(
    ("inputs", "project"),
    [
        ({}, ""),
        ({"INPUT_VERSION": "1.2.3"}, " --package gatecli==1.2.3"),
        ({"INPUT_PACKAGE": "a b.whl"}, " --package a b.whl"),
    ],
    ids=["this commit", "a release", "a wheel"],
)
def test_the_lock_is_installed_and_gatecli_stands_on_the_path(
    install: Install, tmp_path: Path, inputs: dict[str, str], project: str
) -> None:
    assert install(**inputs).returncode == 0
    recorded = (tmp_path / "record").read_text("utf-8").splitlines()
    assert recorded == [f"{INSTALL} {tmp_path}/environment {LOCK}{project}", "gatecli --version"]
    assert (tmp_path / "path").read_text("utf-8") == f"{tmp_path}/environment/bin\n"


def test_what_could_not_be_installed_is_not_on_the_path(install: Install, tmp_path: Path) -> None:
    assert install(FAILING="2").returncode == 2
    assert (tmp_path / "path").read_bytes() == b""


def test_another_lock_or_another_version_is_another_environment() -> None:
    key = runpy.run_path(str(SETUP / "place.py"))["key"]
    names = {key("", ""), key("", "1.2.3"), key("", "1.2.4"), key(str(ROOT / "LICENSE"), "")}
    assert len(names) == 4
    assert key("", "") == key("", "")


def test_a_cached_environment_is_found_by_the_steps_after_it(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples/churn-model-mended", tmp_path / "repository/good")
    home, path = tmp_path / "home", without_gatecli(tmp_path)
    environment = place(copy_of_actions(home), tool_cache(home), path)
    pretend_installed(environment)
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


def pretend_installed(environment: Path) -> None:
    """What the installer finds when the environment is whole; its gatecli is this one."""
    names = runpy.run_path(str(ROOT / "tools/install.py"))
    asked = names["parse"]([str(environment), "--lock", str(ROOT / "requirements.txt")])
    record = {"python": sys.version, "locks": names["locks"](asked), "project": names["project"](asked)}
    (environment / "bin").mkdir(parents=True)
    (environment / ".installed.json").write_text(json.dumps(record), "utf-8")
    (environment / "bin/python").symlink_to(sys.executable)
    (environment / "bin/gatecli").symlink_to(BIN / "gatecli")
