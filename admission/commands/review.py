"""`gatecli-admission review`: one AdmissionReview in, the webhook's response out; for tests and debugging."""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from admission.policy_loader import rulebook_of_files
from admission.review.admission_review import parse
from admission.review.judging import Decision, Phase, answer, judge
from admission.settings import read_settings
from gatecli.errors import UncheckableError
from gatecli.frontdoor.console import err, out
from gatecli.model.verdict import ExitCode
from gatecli.sources.files import ReadError, read_bytes

app = typer.Typer(add_completion=False)

STDIN = Path("-")


@app.command("review")
def review(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="An AdmissionReview as JSON; - for stdin.")],
    policy: Annotated[
        Path | None,
        typer.Option(
            "--policy",
            metavar="FILE",
            envvar="GATECLI_POLICY",
            help="The policy (default: the nearest gatecli.yaml upward, else the shipped one).",
        ),
    ] = None,
    waivers: Annotated[
        list[Path] | None,
        typer.Option(
            "--waivers", metavar="FILE", envvar="GATECLI_WAIVERS", help="More PrivacyWaivers; repeatable."
        ),
    ] = None,
    phase: Annotated[
        Phase, typer.Option("--phase", envvar="GATECLI_PHASE", help="The webhook whose response is printed.")
    ] = Phase.VALIDATING,
) -> None:
    """Print the response to one AdmissionReview; exit code 0 allowed, 1 denied, 4 could not check."""
    settings = read_settings()
    rulebook = rulebook_of_files(
        policy or settings.policy,
        waivers or (),
        Path() if file == STDIN else file,
        seconds=settings.scan_seconds,
        fingerprint_key=settings.fingerprint_key,
    )
    request = parse(_body(file))
    today = datetime.now(UTC).date()
    decision = judge(request, rulebook, today=today, clock=time.monotonic, phase=phase)
    out(json.dumps(answer(request, decision, rulebook), indent=2) + "\n")
    if decision.owner is not None:
        err(f"the webhook would read the {decision.owner.kind} that owns this object, and may admit it\n")
    for source in decision.sources:
        err(f"the webhook would read {source}, and may admit it\n")
    raise typer.Exit(_exit_code(decision))


def _body(file: Path) -> bytes:
    if file == STDIN:
        return sys.stdin.buffer.read()
    try:
        return read_bytes(file)
    except ReadError as error:
        raise UncheckableError(f"{file} {error.problem}", advice=error.mend) from None


def _exit_code(decision: Decision) -> ExitCode:
    if decision.incomplete:
        return ExitCode.UNCHECKABLE
    return ExitCode.OPEN if decision.allowed else ExitCode.CLOSED
