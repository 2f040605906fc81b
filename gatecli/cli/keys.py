"""`gatecli keys`: artifacts for several centres. Each command is a function of a module beside."""

from __future__ import annotations

import typer

from gatecli.cli.lazy_group import LazyGroup


class KeyCommands(LazyGroup):
    """The commands of keys, in the order of their use."""

    members = {  # noqa: RUF012 - a ClassVar of the base
        "check": "keys_check:check",
        "show": "keys_check:show",
        "new": "keys_sealing:new",
        "seal": "keys_sealing:seal_artifact",
        "open": "keys_sealing:open_artifact",
        "rotate": "keys_sealing:rotate_artifact",
    }


app = typer.Typer(
    cls=KeyCommands,
    no_args_is_help=True,
    help="Seal artifacts for several centres, and check who may open them.",
)


@app.callback()
def keys() -> None:
    """Seal artifacts for several centres, and check who may open them."""
