"""Runs workflows with act, on this machine and without containers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
GATE = "acme/gatecli"
SHA = "1" * 40
ATTEST = "actions/attest@1e69f48acb82d1966a394da916b4c1698aa569d6"
STUBBED = (
    ATTEST,
    "github/codeql-action@f443b600d91635bebf5b0d9ebc620189c0d6fba5",
    "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02",
    "actions/setup-python@a26af69be951a213d495a4c3e4e4022e16d87065",
    "actions/cache@0057852bfaa89a56745cba8c7296529d2fc39830",
    "hashicorp/setup-terraform@b9cd54a3c349d3f38e8881555d616ced269862dd",
)
STUB = """\
name: stub
description: Stands in for a remote action
runs:
  using: composite
  steps:
    - shell: bash
      run: echo "stub reached"
"""
WORKFLOW = """\
on: [push, pull_request]
jobs:
  gate:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683
{setup}      - id: gate
        uses: {gate}/github_actions/gate@{sha}
        with: {inputs}
      - if: always()
        shell: bash
        env:
          VERDICT: ${{{{ steps.gate.outputs.verdict }}}}
          FINDINGS: ${{{{ steps.gate.outputs.findings }}}}
          CODE: ${{{{ steps.gate.outputs.exit-code }}}}
          REPORT: ${{{{ steps.gate.outputs.report-path }}}}
          ATTESTATION: ${{{{ steps.gate.outputs.attestation }}}}
        run: |
          echo "saw=$VERDICT,$FINDINGS,$CODE,${{REPORT##*/}}"
          echo "attested=${{ATTESTATION##*/}}"
"""
# The runner drops what a failing step printed last: it ends before its terminal is read to the end.
SHELL = """\
#!{bash}
if [ -n "${{TOLD:-}}" ]; then exec {bash} "$@"; fi
set -o pipefail
TOLD=1 {bash} "$@" 2>&1 | tee -a "{log}"
"""
SETUP = """\
      - uses: {gate}/github_actions/setup@{sha}
        with: {inputs}
"""


@dataclass(frozen=True)
class Ran:
    """What a workflow left: its exit code, what its steps printed, and what the runner said of them."""

    code: int
    log: str
    runner: str

    @property
    def saw(self) -> list[str]:
        """Verdict, findings, exit code and report, as a later step read them."""
        line = next((line for line in self.log.splitlines() if line.startswith("saw=")), None)
        assert line, self.runner
        return line.removeprefix("saw=").split(",")


def act(
    folder: Path,
    inputs: dict[str, Any],
    event: dict[str, Any] | None = None,
    *,
    api: str = "",
    path: str = f"{BIN}{os.pathsep}{os.environ['PATH']}",
    setup: dict[str, Any] | None = None,
) -> Ran:
    """Run the gate action with these inputs in `folder`, by `event` if given, else by a push.

    With inputs for `setup` that action runs first; its environments are in `tool_cache(home)`.
    """
    first = "" if setup is None else SETUP.format(gate=GATE, sha=SHA, inputs=json.dumps(setup))
    text = WORKFLOW.format(gate=GATE, sha=SHA, inputs=json.dumps(inputs), setup=first)
    ours = copy_of_actions(folder.parent / "home")
    return _run(folder, text, ours, "pull_request" if event else "push", event or {}, api=api, path=path)


def run_workflow(folder: Path, text: str, **variables: str) -> Ran:
    """Run a whole workflow, as it stands in an example or a document, in `folder` by a pull request.

    Where gatecli lives, and its commit, are filled in. That it is installed is left to the machine.
    """
    filled = text.replace("OWNER/REPO", GATE).replace("0" * 40, SHA).replace("<sha>", SHA)
    ours = copy_of_actions(folder.parent / "home")
    (ours / "github_actions/setup/action.yml").write_text(STUB)
    return _run(folder, filled, ours, "pull_request", {}, variables=variables)


def _run(
    folder: Path,
    text: str,
    ours: Path,
    event_name: str,
    event: dict[str, Any],
    *,
    api: str = "",
    path: str = f"{BIN}{os.pathsep}{os.environ['PATH']}",
    variables: Mapping[str, str] = MappingProxyType({}),
) -> Ran:
    home = folder.parent / "home"
    for stub in STUBBED:
        for place in (home / "stubs" / stub, home / "stubs" / stub / "upload-sarif"):
            place.mkdir(parents=True, exist_ok=True)
            (place / "action.yml").write_text(STUB)
    (home / "workflow.yml").write_text(text)
    (home / "event.json").write_text(json.dumps(event))
    _commit(folder)
    said = _told(home)
    local = {f"{GATE}@{SHA}": ours} | {stub: home / "stubs" / stub for stub in STUBBED}
    done = subprocess.run(
        [
            BIN / "act",
            event_name,
            *("--workflows", home / "workflow.yml", "--eventpath", home / "event.json"),
            *("--platform", "ubuntu-latest=-self-hosted", "--pull=false", "--json"),
            *(part for name, path in local.items() for part in ("--local-repository", f"{name}={path}")),
            *(("--env", f"GITHUB_API_URL={api}") if api else ()),
            *("--env", "PIP_NO_INDEX=1"),
            *(part for name, value in variables.items() for part in ("--env", f"{name}={value}")),
            *("--secret", "GITHUB_TOKEN=loopback"),
        ],
        cwd=folder,
        env={"PATH": f"{home / 'shell'}{os.pathsep}{path}", "HOME": str(home), "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    messages = (_message(line) for line in (done.stdout + done.stderr).splitlines())
    return Ran(done.returncode, said.read_text("utf-8"), "\n".join(messages))


def tool_cache(home: Path) -> Path:
    """Where the runner keeps its tools."""
    return home / ".cache/act/tool_cache"


def copy_of_actions(home: Path) -> Path:
    """A small copy of this repository: the runner copies what it is given."""
    ours = home / "ours"
    if not ours.exists():
        for folder in ("github_actions", "tools"):
            shutil.copytree(ROOT / folder, ours / folder)
        for name in ("requirements.txt", "requirements-ledger.txt", "pyproject.toml"):
            shutil.copy(ROOT / name, ours)
    return ours


def without_gatecli(folder: Path) -> str:
    """A PATH with the tools of a runner, but gatecli, whatever this machine has."""
    folders = [BIN, *map(Path, os.get_exec_path())]
    for at, place in enumerate(folders):
        if (place / "gatecli").exists():
            folders[at] = folder / f"tools-{at}"
            folders[at].mkdir()
            for tool in place.iterdir():
                if tool.name != "gatecli":
                    (folders[at] / tool.name).symlink_to(tool)
    return os.pathsep.join(map(str, folders))


def _told(home: Path) -> Path:
    """Put a shell into `home` that keeps what it prints in the file that is returned, empty now."""
    log, shell = home / "said.log", home / "shell/bash"
    log.write_text("")
    shell.parent.mkdir(exist_ok=True)
    shell.write_text(SHELL.format(bash=shutil.which("bash"), log=log))
    shell.chmod(0o755)
    return log


def _commit(folder: Path) -> None:
    """The runner wants a repository with a commit, and names it by its remote."""
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
    for command in (
        ["init", "--quiet"],
        ["config", "remote.origin.url", "https://github.com/acme/model.git"],
        ["add", "--all"],
        ["commit", "--quiet", "--allow-empty", "-m", "a"],
    ):
        subprocess.run([*git, *command], cwd=folder, check=True)


def _message(line: str) -> str:
    try:
        return str(json.loads(line)["msg"]).rstrip()
    except (ValueError, KeyError, TypeError):
        return line
