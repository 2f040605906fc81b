"""`gatecli ledger`: the account of each dataset's budget. Each command is a function of a module beside."""

from __future__ import annotations

import typer

from gatecli.cli import ledger_datasets, ledger_reservations, ledger_show

app = typer.Typer(no_args_is_help=True, help="Keep the privacy budget of each dataset across releases.")
app.command("init")(ledger_datasets.init)
app.command("show")(ledger_show.show)
app.command("commit")(ledger_reservations.commit)
app.command("void")(ledger_reservations.void)
app.add_typer(ledger_datasets.app, name="dataset")
app.add_typer(ledger_reservations.plans, name="plan")
