"""`gatecli`: from arguments to an exit code. A command's module is imported when it is called."""

from __future__ import annotations

import signal
import sys
from collections.abc import Mapping, Sequence
from types import FrameType, MappingProxyType
from typing import Annotated

import typer

from gatecli.cli.lazy_group import LazyGroup
from gatecli.errors import GatecliError
from gatecli.frontdoor.console import USAGE_ERROR, err, show_bug, show_error, show_usage
from gatecli.gates import CHECK, GATES
from gatecli.model.verdict import ExitCode
from gatecli.package import VERSION

JUDGE, ACCOUNT, ATTACK, PROVE, BETWEEN = "Gates", "Budgets", "Attacks", "Proof", "Between two runs"
LOOK, START = "Rules and formats", "Start"

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        **{gate.name: JUDGE for gate in (CHECK, *GATES.values())},
        "ledger": ACCOUNT,
        "data": ACCOUNT,
        "audit": ATTACK,
        "attest": PROVE,
        "verify": PROVE,
        "document": PROVE,
        "baseline": BETWEEN,
        "diff": BETWEEN,
        "rules": LOOK,
        "explain": LOOK,
        "schema": LOOK,
        "init": START,
    }
)
"""Each command, a module of this package by the same name, and its panel in the help."""


class Commands(LazyGroup):
    """Every command."""

    members = {name: f"{name}:app" for name in COMMANDS}  # noqa: RUF012 - a ClassVar of the base
    panels = COMMANDS


app = typer.Typer(
    name="gatecli",
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 open, 1 closed, 2 usage, 3 nothing to check, 4 could not check, 70 bug.",
)


def _show_version(value: bool) -> None:
    if value:
        sys.stdout.write(f"gatecli {VERSION}\n")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", "-V", callback=_show_version, is_eager=True, metavar="", help="Show the version."
        ),
    ] = False,
) -> None:
    """Privacy gates for machine-learning delivery: no release ships a promise it does not keep."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code (docs/exit-codes.md)."""
    try:
        given = None if arguments is None else list(arguments)
        code: object = app(args=given, prog_name="gatecli", standalone_mode=False)
    except USAGE_ERROR as error:
        return _usage(error)
    except (KeyboardInterrupt, typer.Abort) as error:
        if isinstance(error.__cause__, EOFError):  # typer takes the end of any file for the user's
            show_bug(error.__cause__)
            return ExitCode.BUG
        code = ExitCode.INTERRUPTED
    except GatecliError as error:
        show_error(error)
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - the one place that turns a bug into a report without values
        show_bug(error)
        return ExitCode.BUG
    # Outside its standalone mode typer returns the code of an Exit, also of an interruption.
    if code == ExitCode.INTERRUPTED:
        err("gatecli: interrupted; nothing was judged\n")
    return code if isinstance(code, int) else ExitCode.OPEN


def _usage(error: Exception) -> int:
    show_usage(error, "gatecli")
    return ExitCode.USAGE


def run() -> None:
    """The console script. A request to end is an interruption, after which no copy of an input is left; so is
    a terminal that closes.
    """
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # only POSIX knows of a terminal that closes
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _interrupt)
    sys.exit(main())


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    if not callable(
        signal.getsignal(signal.SIGINT)
    ):  # a shell that starts a job in the background ignores it
        raise KeyboardInterrupt
    signal.raise_signal(signal.SIGINT)
