"""`gatecli document`: what people sign about a release. Each command is a function of a module beside."""

from __future__ import annotations

import typer

from gatecli.cli.lazy_group import LazyGroup


class DocumentCommands(LazyGroup):
    """What can be written, and whether it is still true."""

    members = {  # noqa: RUF012 - a ClassVar of the base
        "adr": "document_adr:adr",
        "check": "document_check:check",
        "croissant": "document_croissant:croissant",
        "lineage": "document_lineage:lineage",
        "ml-bom": "document_ml_bom:ml_bom",
        "model-card": "document_model_card:model_card",
        "pia": "document_pia:pia",
        "registry": "document_registry:registry",
    }


app = typer.Typer(
    cls=DocumentCommands, no_args_is_help=True, help="Write the documents of a release, and check them."
)


@app.callback()
def document() -> None:
    """Write the documents of a release, and check that they are still true."""
