"""`gatecli-admission doctor`: what is installed, armed and expiring. It changes nothing."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal

import typer

from admission.cluster.access import Access
from admission.cluster.client import Client
from admission.commands.options import SECONDS, Context, Kubeconfig, OwnNamespace, Server, access_of
from admission.deploy.rendering import NAMESPACE, resources_asked_about
from admission.doctor import probes, webhook_probes
from admission.doctor.cluster_snapshot import look_around
from admission.doctor.diagnosis import STATES, DiagnosisLine, Scene, diagnose, exit_code
from admission.settings import read_settings
from gatecli.frontdoor.console import out

app = typer.Typer(add_completion=False)

PROBES = (*probes.FIRST, *webhook_probes.PROBES, *probes.LAST)
_WIDTH = max(len(probe.name) for probe in PROBES)

Format = Literal["text", "json"]


@app.command("doctor")
def doctor(
    kubeconfig: Kubeconfig = None,
    context: Context = "",
    server: Server = "",
    namespace: OwnNamespace = NAMESPACE,
    form: Annotated[
        Format, typer.Option("--format", envvar="GATECLI_FORMAT", help="The output format.")
    ] = "text",
) -> None:
    """Diagnose an installation; exit code 0 nothing fails, 1 something fails, 4 could not check all."""
    lines = asyncio.run(_lines(access_of(kubeconfig, context, server), namespace))
    out(as_json(lines) if form == "json" else as_text(lines))
    raise typer.Exit(exit_code(lines))


async def _lines(access: Access, namespace: str) -> tuple[DiagnosisLine, ...]:
    async with Client(access, seconds=SECONDS) as client:
        subject, seen = await look_around(client, namespace, read_settings().name)
    return diagnose(PROBES, Scene(subject, seen, datetime.now(UTC), resources_asked_about()))


def as_text(lines: Sequence[DiagnosisLine]) -> str:
    """One line each, and a second one on how to fix it; text from the cluster cannot control a terminal."""
    shown = [f"{line.state:<7}  {line.probe:<{_WIDTH}}  {_printable(line.text)}" for line in lines]
    mends = [f"{'':<7}  {'':<{_WIDTH}}  fix: {_printable(line.mend)}" if line.mend else "" for line in lines]
    rows = [row for pair in zip(shown, mends, strict=True) for row in pair if row]
    return "\n".join([*rows, _summary(lines), ""])


def as_json(lines: Sequence[DiagnosisLine]) -> str:
    counted = Counter(line.state for line in lines)
    content = {
        "schema": "gatecli/doctor/v1",
        "exit_code": int(exit_code(lines)),
        "lines": [
            {"state": line.state, "probe": line.probe, "message": line.text, "remediation": line.mend}
            for line in lines
        ],
        "summary": {state: counted[state] for state in STATES},
    }
    return json.dumps(content, indent=2) + "\n"


def _summary(lines: Sequence[DiagnosisLine]) -> str:
    counted = Counter(line.state for line in lines)
    return " · ".join(f"{counted[state]} {state}" for state in STATES)


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)
