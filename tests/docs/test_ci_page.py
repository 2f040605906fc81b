"""The snippets for other services: valid by their published schemas, and their shell lines run for real."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
PAGE = (ROOT / "docs/ci.md").read_text("utf-8")
SCHEMAS = {"GitLab CI": "vendor.gitlab-ci", "Azure Pipelines": "vendor.azure-pipelines"}


def snippet(heading: str) -> str:
    """The first block of code under a heading."""
    found = re.search(rf"^## {heading}\n.*?^```\w+\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def loaded(heading: str) -> Any:
    return yaml.safe_load(snippet(heading))


def script(heading: str) -> str:
    """What the service hands to a shell, with the shell's options that it sets."""
    if heading == "GitLab CI":
        return "set -eo pipefail\n" + "\n".join(loaded(heading)["privacy"]["script"])
    if heading == "Azure Pipelines":
        return str(loaded(heading)["steps"][1]["script"])
    found = re.search(r"sh '([^']*)'", snippet(heading))
    assert found is not None
    return f"set -e\n{found[1]}"


def kept(heading: str) -> list[str]:
    """The files that the service keeps."""
    return sorted(set(re.findall(r"gatecli\.(?:xml|json)", snippet(heading))))


@pytest.mark.parametrize("heading", SCHEMAS)
def test_a_snippet_keeps_the_published_schema(heading: str, tmp_path: Path) -> None:
    (tmp_path / "ci.yml").write_text(snippet(heading), "utf-8")
    command = [str(BIN / "check-jsonschema"), "--builtin-schema", SCHEMAS[heading], str(tmp_path / "ci.yml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("heading", [*SCHEMAS, "Jenkins"])
@pytest.mark.parametrize(("example", "code"), [("churn-model-mended", 0), ("churn-model", 1)])
def test_the_shell_lines_run_and_leave_the_reports_that_are_kept(
    heading: str, example: str, code: int, tmp_path: Path
) -> None:
    shutil.copytree(ROOT / "examples" / example, tmp_path / "project")
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "pip").write_text('#!/bin/sh\ntest "$*" = "install gatecli"\n', "utf-8")
    (tools / "pip").chmod(0o755)
    done = subprocess.run(
        ["bash", "-c", script(heading)],
        cwd=tmp_path / "project",
        env={"PATH": f"{tools}{os.pathsep}{BIN}{os.pathsep}{os.environ['PATH']}", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert kept(heading)
    assert all((tmp_path / "project" / name).stat().st_size for name in kept(heading))


def test_the_hooks_of_the_page_are_those_that_are_offered() -> None:
    offered = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))}
    assert offered == set(re.findall(r"^\| `(gatecli-[\w-]+)` \|", PAGE, re.MULTILINE))
    assert {hook["id"] for hook in loaded("pre-commit")["repos"][0]["hooks"]} <= offered
