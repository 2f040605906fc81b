"""`gatecli audit`: attacks on what claims to be private. Each command is a function of a module beside."""

from __future__ import annotations

import typer

from gatecli.cli.lazy_group import LazyGroup


class AuditCommands(LazyGroup):
    """What can be attacked."""

    members = {  # noqa: RUF012 - a ClassVar of the base
        "mechanism": "audit_mechanism:mechanism",
        "engines": "audit_engines:engines",
        "scores": "audit_scores:scores",
        "code": "audit_code:code",
    }


app = typer.Typer(
    cls=AuditCommands,
    no_args_is_help=True,
    help="Attack mechanisms, engines, models and code that claim to be private.",
)


@app.callback()
def audit() -> None:
    """Attack mechanisms, engines, models and code that claim to be private."""
