"""What reaches a person: stdout for reports, stderr for everything else."""

from __future__ import annotations

import io
import os
import platform
import sys
import traceback
from pathlib import Path
from typing import Any, TextIO

import typer

from gatecli.errors import GatecliError
from gatecli.package import VERSION
from gatecli.pii.concealing import conceal_values
from gatecli.reports.escaping import inert, visible

USAGE_ERROR: type[Exception] = getattr(typer, "TyperException", typer.BadParameter.__mro__[2])
"""A bad option or argument: typer's own error, or click's `ClickException` before typer had one (0.26)."""


def out(text: str) -> None:
    """Write to stdout as UTF-8; a reader that closed early (`| head`) is not an error."""
    _write(sys.stdout, text)


def err(text: str) -> None:
    """Write to stderr, personal data masked: paths, names and options are a stranger's."""
    _write(sys.stderr, conceal_values(text))


def _write(target: TextIO, text: str) -> None:
    try:
        if isinstance(target, io.TextIOWrapper):
            target.reconfigure(encoding="utf-8", errors="backslashreplace")
        target.write(text)
        target.flush()
    except BrokenPipeError:
        # Python would complain again when it flushes at exit.
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, target.fileno())


def show_error(error: GatecliError) -> None:
    """One sentence on what and where, one on how to fix it."""
    advice = f"\n  fix: {error.advice}" if error.advice else ""
    lines = f"gatecli: {error.message}{advice}".split("\n")
    err("".join(f"{inert(visible(line))}\n" for line in lines))


def show_usage(error: Any, program: str) -> None:
    """What typer says of a bad option or argument (a `USAGE_ERROR`), which quotes it."""
    said, show = io.StringIO(), getattr(error, "show", None)
    if show is None:
        said.write(f"{program}: {error.format_message()}\n")
    else:
        show(file=said)
    err(said.getvalue())


def show_bug(error: BaseException) -> None:
    """A paste-ready report: where it broke, and no value of any kind."""
    frames = traceback.extract_tb(error.__traceback__)
    where = "\n".join(f"  {_short(frame.filename)}:{frame.lineno} in {frame.name}" for frame in frames)
    _write(
        sys.stderr,
        "gatecli: this is a bug in gatecli, not in your input. Nothing was judged.\n"
        "Please report it with these lines (they hold no value from your files):\n\n"
        f"gatecli {VERSION}, Python {platform.python_version()}, {platform.platform(terse=True)}\n"
        f"{type(error).__module__}.{type(error).__qualname__}\n{where}\n",
    )


def _short(filename: str) -> str:
    """The path from its package on: the folders above name a person's machine."""
    parts = Path(filename).parts
    known = [index for index, part in enumerate(parts) if part in ("gatecli", "site-packages")]
    return "/".join(parts[known[-1] :]) if known else parts[-1]
