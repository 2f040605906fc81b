"""`gatecli schema NAME`: the JSON Schemas of every file that gatecli reads or writes."""

from __future__ import annotations

from typing import Annotated

import typer

from gatecli.cli.shipped import shipped_text
from gatecli.errors import UsageError
from gatecli.frontdoor.console import out

app = typer.Typer()

SCHEMAS = {
    "ModelRelease": "schemas/ModelRelease.json",
    "PrivacyPolicy": "schemas/PrivacyPolicy.json",
    "PrivacyWaiver": "schemas/PrivacyWaiver.json",
    "TableQuestions": "schemas/TableQuestions.json",
    "PrivateEndpoint": "schemas/PrivateEndpoint.json",
    "KeyPolicy": "schemas/KeyPolicy.json",
    "report": "schemas/report-v1.json",
    "audit": "schemas/audit-v1.json",
    "table-evidence": "schemas/table-evidence-v1.json",
    "sealed": "schemas/sealed-v1.json",
    "privacy-release": "schemas/privacy-release-v1.json",
    "anonymity": "schemas/anonymity-v1.json",
    "scan": "schemas/scan-v1.json",
    "privacy-budget-run-facet": "schemas/privacy-budget-run-facet-v1.json",
}


def _plain(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")


@app.command("schema")
def schema(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="A kind of document, report or audit (default: list the names)."),
    ] = None,
) -> None:
    """Print a JSON Schema, so that an editor can complete the file."""
    if name is None:
        out("".join(f"{known}\n" for known in SCHEMAS))
        return
    files = {_plain(known): file for known, file in SCHEMAS.items()}
    if _plain(name) not in files:
        raise UsageError(f"there is no schema {name!r}", advice=f"there are {', '.join(SCHEMAS)}")
    out(shipped_text(files[_plain(name)]))
