"""`gatecli-admission`: from arguments to an exit code. A command's module is imported when it is called."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping, Sequence
from types import MappingProxyType, ModuleType
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from gatecli.errors import GatecliError, MissingExtraError
from gatecli.frontdoor.console import USAGE_ERROR, show_bug, show_error, show_usage
from gatecli.model.verdict import ExitCode
from gatecli.package import VERSION

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "run": "admission.commands.run",
        "review": "admission.commands.review",
        "manifests": "admission.commands.manifests",
        "doctor": "admission.commands.doctor",
        "scan": "admission.commands.scan",
        "disarm": "admission.commands.disarm",
    }
)
"""Each command, and the module that holds its `app`."""


class LazyCommands(TyperGroup):
    """Imports a command's module only when it is asked for (ADR 4)."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - the base's signature
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - the base's signature
        if cmd_name not in COMMANDS:
            return None
        command = typer.main.get_command(_import_command(COMMANDS[cmd_name]).app)
        command.name = cmd_name
        return command


def _import_command(name: str) -> ModuleType:
    """The module of a command. Raises MissingExtraError where a package of the extra is not installed."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] in {"admission", "gatecli"}:
            raise
        raise MissingExtraError(
            f"the webhook needs {error.name}, which is not installed",
            advice="pip install 'gatecli[admission]'",
        ) from None


app = typer.Typer(
    name="gatecli-admission",
    cls=LazyCommands,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 allowed or well, 1 denied or failing, 2 usage, 4 could not check, 70 bug.",
)


def _show_version(value: bool) -> None:  # noqa: FBT001 - typer declares a flag as a boolean parameter
    if value:
        sys.stdout.write(f"gatecli-admission {VERSION}\n")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[  # noqa: FBT002 - typer declares a flag with its default
        bool, typer.Option("--version", "-V", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """An admission webhook that keeps plaintext personal data out of a cluster."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code (docs/exit-codes.md)."""
    try:
        given = None if arguments is None else list(arguments)
        code: object = app(args=given, prog_name="gatecli-admission", standalone_mode=False)
    except USAGE_ERROR as error:
        return _usage(error)
    except (KeyboardInterrupt, typer.Abort):
        return ExitCode.INTERRUPTED
    except GatecliError as error:
        show_error(error)
        return error.exit_code
    except Exception as error:  # noqa: BLE001 - the one place that turns a bug into a report without values
        show_bug(error)
        return ExitCode.BUG
    return code if isinstance(code, int) else ExitCode.OPEN


def _usage(error: Exception) -> int:
    show_usage(error, "gatecli-admission")
    return ExitCode.USAGE


def run() -> None:
    """The console script."""
    sys.exit(main())
