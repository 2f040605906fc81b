"""The options that commands about the webhook's own installation share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from admission.cluster.access import Access, from_usual

SECONDS = 10.0
"""What one request to the API server may take."""

OwnNamespace = Annotated[
    str,
    typer.Option(
        "--namespace", "-n", envvar="GATECLI_ADMISSION_NAMESPACE", help="The namespace of the webhook itself."
    ),
]
Kubeconfig = Annotated[
    Path | None,
    typer.Option(
        "--kubeconfig",
        metavar="FILE",
        envvar="GATECLI_ADMISSION_KUBECONFIG",
        help="How to reach the API server (default: as kubectl does, or as a pod).",
    ),
]
Context = Annotated[
    str,
    typer.Option("--context", metavar="NAME", envvar="GATECLI_CONTEXT", help="A context of the kubeconfig."),
]
Server = Annotated[
    str,
    typer.Option(
        "--server",
        metavar="URL",
        envvar="GATECLI_SERVER",
        help="An API server that asks for no credentials, such as `kubectl proxy`.",
    ),
]


def access_of(kubeconfig: Path | None, context: str, server: str) -> Access:
    """How to reach the API server that these options name. Raises ConfigurationError."""
    return Access(server.rstrip("/")) if server else from_usual(kubeconfig, context)
