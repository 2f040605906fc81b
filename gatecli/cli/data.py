"""`gatecli data`: tables behind a budget. Each command is a function of a module beside."""

from __future__ import annotations

import typer

from gatecli.cli.lazy_group import LazyGroup


class DataCommands(LazyGroup):
    """What can be done with tables."""

    members = {  # noqa: RUF012 - a ClassVar of the base
        "compare": "data_compare:compare",
        "query": "data_query:query",
        "fake": "data_fake:fake",
        "pseudonymise": "data_pseudonymise:pseudonymise",
    }


app = typer.Typer(cls=DataCommands, no_args_is_help=True, help="Ask tables within a budget.")


@app.callback()
def data() -> None:
    """Ask tables within a budget."""
