"""`gatecli cloud azureml`: jobs of Azure Machine Learning. Each command has its module."""

from __future__ import annotations

import typer

from gatecli.cli.lazy_group import LazyGroup


class AzuremlCommands(LazyGroup):
    """What runs in a job, and what is written for Azure's catalogue of data."""

    members = {  # noqa: RUF012 - a ClassVar of the base
        "run": "cloud_azureml_run:run",
        "transform": "cloud_azureml_transform:transform",
        "labels": "cloud_azureml_labels:labels",
    }


app = typer.Typer(
    cls=AzuremlCommands,
    no_args_is_help=True,
    help="Run jobs of Azure Machine Learning within a budget, and make tables for them.",
)


@app.callback()
def azureml() -> None:
    """Run jobs of Azure Machine Learning within a budget, and make tables for them."""
