"""`gatecli audit code`: known wrong patterns in source code."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gatecli.frontdoor.option_groups import spread
from gatecli.frontdoor.options import GATE, option
from gatecli.frontdoor.session import GateOptions, begin
from gatecli.gates.audit_code import check_code, request_for
from gatecli.gates.release import require_existing


@spread
def code(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", help="Python files, notebooks, folders.")],
    gate: GateOptions,
    exclude: Annotated[
        list[str] | None,
        option(
            "--exclude",
            panel=GATE,
            metavar="PATTERN",
            help="A pattern of files to skip, as in .gitignore; repeatable.",
        ),
    ] = None,
    all_files: Annotated[
        bool, option("--all-files", panel=GATE, help="Also search files that .gitignore leaves out.")
    ] = False,
) -> None:
    """Find patterns in privacy code that are wrong, or that need a word. Nothing of it is run."""
    require_existing(paths)
    session = begin(gate, paths[0])
    request = request_for(paths, session.terms, exclude=exclude or (), respect_gitignore=not all_files)
    raise session.end(check_code(request))
