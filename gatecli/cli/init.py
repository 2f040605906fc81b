"""`gatecli init`: the files of a first gate, commented."""

from __future__ import annotations

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

FILES = {
    "privacy.yaml": "privacy.yaml",
    "gatecli.yaml": "gatecli.yaml",
    ".pre-commit-config.yaml": "pre-commit.yaml",
    ".github/workflows/privacy.yml": "workflow.yml",
}
"""What is written, and the template it comes from."""


@app.command("init")
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to write into.")] = Path(),
    force: Annotated[bool, option("--force", panel=GATE, help="Overwrite files that are there.")] = False,
) -> None:
    """Write a commented privacy.yaml, gatecli.yaml, pre-commit entry and workflow."""
    targets = {folder / file: template(name) for file, name in FILES.items()}
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
    where = "" if folder == Path() else f" {shlex.quote(str(folder))}"
    err(f"next: fill in {folder / 'privacy.yaml'}, then gatecli release check{where}\n")
