"""`gatecli ledger`: the account of each dataset's budget. Each command is a function of a module beside."""

from __future__ import annotations

import typer

from gatecli.cli.ledger_mlflow import app as mlflow
from gatecli.cli.ledger_opening import opening

app = typer.Typer(no_args_is_help=True, help="Keep the privacy budget of each dataset across releases.")

app.command("opening")(opening)
app.add_typer(mlflow, name="mlflow")
