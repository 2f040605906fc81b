"""Runs of `gatecli check` inside this process, with and without a cache."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator
from pathlib import Path

from gatecli.cli.app import main

Told = tuple[int, str]
"""An exit code, and the JSON report."""


def check(root: Path, *arguments: str | Path) -> Told:
    """As a user would, without a cache unless `arguments` name one."""
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown), contextlib.redirect_stderr(io.StringIO()), caching(arguments):
        code = main(["check", str(root), "--format", "json", *map(str, arguments)])
    return code, shown.getvalue()


@contextlib.contextmanager
def caching(arguments: tuple[str | Path, ...]) -> Iterator[None]:
    """Tests keep nothing unless they ask for it."""
    before = os.environ.pop("GATECLI_NO_CACHE", None)
    if "--cache-dir" not in arguments:
        os.environ["GATECLI_NO_CACHE"] = "1"
    try:
        yield
    finally:
        os.environ["GATECLI_NO_CACHE"] = before or "1"
