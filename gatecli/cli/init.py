"""`gatecli init`: the files of a first gate, commented; what others run for you only if it is asked for."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Annotated

import typer

from gatecli.cli.shipped import template
from gatecli.errors import UsageError
from gatecli.frontdoor.console import err
from gatecli.frontdoor.options import GATE, option
from gatecli.frontdoor.publish import write_together

app = typer.Typer()

FILES = {"privacy.yaml": "privacy.yaml", "gatecli.yaml": "gatecli.yaml"}
"""What is written, and the template it comes from."""

WORKFLOW = (".github/workflows/privacy.yml", "workflow.yml")
PRE_COMMIT = (".pre-commit-config.yaml", "pre-commit.yaml")

_PIN = re.compile(r"(?P<home>[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)@(?P<commit>[0-9a-f]{40})", re.ASCII)
_HOME, _COMMIT = "OWNER/REPO", "0" * 40
_RELEASE = re.compile(r" # v[0-9.]+(?=\n)")


@app.command("init")
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to write into.")] = Path(),
    workflow: Annotated[
        str | None,
        option(
            "--workflow",
            panel=GATE,
            metavar="OWNER/REPO@COMMIT",
            help="Write a GitHub workflow instead, with gatecli's actions pinned to this commit.",
        ),
    ] = None,
    pre_commit: Annotated[
        str | None,
        option(
            "--pre-commit",
            panel=GATE,
            metavar="OWNER/REPO@COMMIT",
            help="Write a configuration of pre-commit instead, with gatecli's hooks pinned to this commit.",
        ),
    ] = None,
    force: Annotated[bool, option("--force", panel=GATE, help="Overwrite files that are there.")] = False,
) -> None:
    """Write a commented privacy.yaml and gatecli.yaml; or a workflow and pre-commit hooks, if asked."""
    asked = [(WORKFLOW, workflow), (PRE_COMMIT, pre_commit)]
    pinned = {folder / file: _pinned_template(name, pin) for (file, name), pin in asked if pin is not None}
    targets = pinned or {folder / file: template(name) for file, name in FILES.items()}
    there = [str(path) for path in targets if path.exists()]
    if there and not force:
        raise UsageError(
            f"already there: {', '.join(there)}",
            advice="nothing was written; gatecli init OTHER writes files to copy from, --force overwrites",
        )
    try:
        for path in targets:
            path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"cannot write to {folder}: {error.strerror}", advice="choose a writable folder"
        ) from None
    write_together(targets)
    err("".join(f"wrote {path}\n" for path in targets))
    err(_next_step(folder, is_pinned=bool(pinned)))


def _pinned_template(name: str, pin: str) -> str:
    """A template with the place of gatecli and its commit in it."""
    match = _PIN.fullmatch(pin)
    if match is None:
        raise UsageError(
            f"{pin} does not name a commit of gatecli", advice="write OWNER/REPO@ and the commit's 40 digits"
        )
    lines = template(name).splitlines(keepends=True)
    return "".join(_pinned_line(line, match["home"], match["commit"]) for line in lines)


def _pinned_line(line: str, home: str, commit: str) -> str:
    if _COMMIT in line:
        line = _RELEASE.sub("", line)  # which release that commit is of, nobody said
    return line.replace(_HOME, home).replace(_COMMIT, commit)


def _next_step(folder: Path, *, is_pinned: bool) -> str:
    if is_pinned:
        return "next: commit it\n"
    where = "" if folder == Path() else f" {shlex.quote(str(folder))}"
    return f"next: fill in {folder / 'privacy.yaml'}, then gatecli release check{where}\n"
