"""The options that commands about the webhook's own installation share."""

from __future__ import annotations

from typing import Annotated

import typer

OwnNamespace = Annotated[
    str,
    typer.Option(
        "--namespace", "-n", envvar="GATECLI_ADMISSION_NAMESPACE", help="The namespace of the webhook itself."
    ),
]
