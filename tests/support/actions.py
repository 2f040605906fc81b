"""Runs workflows with act, on this machine and without containers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
GATE = "acme/gatecli"
SHA = "1" * 40
STUBBED = (
    "github/codeql-action@f443b600d91635bebf5b0d9ebc620189c0d6fba5",
    "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02",
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
      - id: gate
        uses: {gate}/github_actions/gate@{sha}
        with: {inputs}
      - if: always()
        shell: bash
        env:
          VERDICT: ${{{{ steps.gate.outputs.verdict }}}}
          FINDINGS: ${{{{ steps.gate.outputs.findings }}}}
          CODE: ${{{{ steps.gate.outputs.exit-code }}}}
          REPORT: ${{{{ steps.gate.outputs.report-path }}}}
        run: echo "saw=$VERDICT,$FINDINGS,$CODE,${{REPORT##*/}}"
"""


@dataclass(frozen=True)
class Ran:
    """What a workflow left: its exit code, its log and the requests that reached the stub of the API."""

    code: int
    log: str

    @property
    def saw(self) -> list[str]:
        """Verdict, findings, exit code and report, as a later step read them."""
        line = next(line for line in self.log.splitlines() if line.startswith("saw="))
        return line.removeprefix("saw=").split(",")


def act(folder: Path, inputs: dict[str, Any], event: dict[str, Any] | None = None, api: str = "") -> Ran:
    """Run the gate action with these inputs in `folder`, by `event` if given, else by a push."""
    home = folder.parent / "home"
    for stub in STUBBED:
        for place in (home / "stubs" / stub, home / "stubs" / stub / "upload-sarif"):
            place.mkdir(parents=True, exist_ok=True)
            (place / "action.yml").write_text(STUB)
    (home / "workflow.yml").write_text(WORKFLOW.format(gate=GATE, sha=SHA, inputs=json.dumps(inputs)))
    (home / "event.json").write_text(json.dumps(event or {}))
    _commit(folder)
    ours = home / "ours"
    if not ours.exists():  # a small copy: the runner copies what it is given
        shutil.copytree(ROOT / "github_actions", ours / "github_actions")
    local = {f"{GATE}@{SHA}": ours} | {stub: home / "stubs" / stub for stub in STUBBED}
    done = subprocess.run(
        [
            BIN / "act",
            "pull_request" if event else "push",
            *("--workflows", home / "workflow.yml", "--eventpath", home / "event.json"),
            *("--platform", "ubuntu-latest=-self-hosted", "--pull=false", "--json"),
            *(part for name, path in local.items() for part in ("--local-repository", f"{name}={path}")),
            *(("--env", f"GITHUB_API_URL={api}") if api else ()),
            *("--secret", "GITHUB_TOKEN=loopback"),
        ],
        cwd=folder,
        env={"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "HOME": str(home), "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return Ran(
        done.returncode, "\n".join(_message(line) for line in (done.stdout + done.stderr).splitlines())
    )


def _commit(folder: Path) -> None:
    """The runner wants a repository with a commit."""
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--allow-empty", "-m", "a"]):
        subprocess.run([*git, *command], cwd=folder, check=True)


def _message(line: str) -> str:
    try:
        return str(json.loads(line)["msg"]).rstrip()
    except (ValueError, KeyError, TypeError):
        return line
