"""`gatecli cloud azureml`: steps of Azure ML's pipelines. Each command has its module."""

from __future__ import annotations

import typer

from gatecli.cli.lazy_group import LazyGroup


class AzuremlCommands(LazyGroup):
    """What runs in a step, and what speaks to Azure's catalogue."""

    members = {  # noqa: RUF012 - a ClassVar of the base
        "transform": "cloud_azureml_transform:transform",
    }


app = typer.Typer(cls=AzuremlCommands, no_args_is_help=True, help="Run privacy steps of Azure ML pipelines.")


@app.callback()
def azureml() -> None:
    """Run privacy steps of Azure ML pipelines."""
