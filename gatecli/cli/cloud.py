"""`gatecli cloud`: managed jobs of clouds, before they run and while they do. Each command has its module."""

from __future__ import annotations

import typer

from gatecli.cli.lazy_group import LazyGroup


class CloudCommands(LazyGroup):
    """The gate of job definitions, and the entry points of each platform."""

    members = {  # noqa: RUF012 - a ClassVar of the base
        "check": "cloud_check:check",
        "sagemaker": "cloud_sagemaker:app",
        "azureml": "cloud_azureml:app",
        "flower": "cloud_flower:app",
    }


app = typer.Typer(
    cls=CloudCommands,
    no_args_is_help=True,
    help="Judge training jobs before they run, and run them within a budget.",
)


@app.callback()
def cloud() -> None:
    """Judge training jobs before they run, and run them within a budget."""
