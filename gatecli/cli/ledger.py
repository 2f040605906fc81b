"""`gatecli ledger`: the account of each dataset's budget. Each command is a function of a module beside."""

from __future__ import annotations

import typer

from gatecli.cli.lazy_group import LazyGroup


class LedgerCommands(LazyGroup):
    """The ledger's commands, in the order of its life."""

    members = {  # noqa: RUF012 - a ClassVar of the base
        "init": "ledger_init:init",
        "dataset": "ledger_datasets:app",
        "opening": "ledger_opening:opening",
        "show": "ledger_show:show",
        "plan": "ledger_plan:app",
        "commit": "ledger_reservations:commit",
        "void": "ledger_reservations:void",
        "verify": "ledger_records:verify",
        "checkpoint": "ledger_records:checkpoint",
        "key": "ledger_records:key",
        "prove": "ledger_proofs:prove",
        "check-proof": "ledger_proofs:check",
        "export": "ledger_records:export",
        "import": "ledger_records:import_",
        "diff": "ledger_records:diff",
        "lease": "ledger_leases:app",
        "migrate": "ledger_database:migrate",
        "grants": "ledger_database:grants",
        "serve": "ledger_serve:serve",
        "metrics": "ledger_serve:metrics",
        "mlflow": "ledger_mlflow:app",
    }


app = typer.Typer(
    cls=LedgerCommands,
    no_args_is_help=True,
    help="Keep the privacy budget of each dataset across releases.",
)


@app.callback()
def ledger() -> None:
    """Keep the privacy budget of each dataset across releases."""
