"""`gatecli-admission scan`: what a cluster holds already, judged by the rules of the webhook."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from admission.cluster.access import Access, from_usual
from admission.cluster.attestations import attestations_of
from admission.cluster.client import (
    Client,
    ClusterError,
    ForbiddenError,
    MissingError,
    UnreachableError,
)
from admission.cluster.custom_resources import POLICIES, WAIVERS
from admission.cluster.informer import list_objects
from admission.cluster.policies import Compiling, read
from admission.logs import LOGGER, configure
from admission.policy_loader import rulebook_of_files
from admission.review.rulebook import Rulebook, warm
from admission.scan.listing import Pace
from admission.scan.policy_report import COMPLETED, DIGEST
from admission.scan.scanner import Scanner, ScanPass, ScanScope, all_found
from admission.scan.writer import ABSENT, Writer
from admission.server.workers import Workers
from admission.settings import WebhookSettings, read_settings
from gatecli.errors import ConfigurationError
from gatecli.frontdoor.console import err, show_error
from gatecli.frontdoor.option_groups import spread
from gatecli.frontdoor.options import (
    GATE,
    Colour,
    ColourMode,
    ExitZero,
    FailOn,
    OutputFormat,
    Quiet,
    ReportFiles,
    ReportFormat,
    Verbose,
    WaiverFiles,
    option,
)
from gatecli.frontdoor.publish import publish, report_targets, style_of
from gatecli.gates import PII
from gatecli.gates.policies import read_key
from gatecli.model.finding import Severity
from gatecli.model.verdict import Checked, ExitCode, decide

app = typer.Typer(add_completion=False)

RETRIES = (0.5, 1.0, 2.0)


@dataclass(frozen=True, slots=True)
class ScanArguments:
    """What is scanned and by what, as it was typed."""

    namespace: Annotated[
        str, option("--namespace", "-n", panel=GATE, metavar="NAME", help="One namespace alone.")
    ] = ""
    kubeconfig: Annotated[
        Path | None,
        typer.Option(
            "--kubeconfig",
            metavar="FILE",
            envvar="GATECLI_ADMISSION_KUBECONFIG",
            help="How to reach the cluster (default: as kubectl does, else as a pod).",
            rich_help_panel=GATE,
        ),
    ] = None
    policy: Annotated[
        Path | None,
        option(
            "--policy",
            panel=GATE,
            metavar="FILE",
            help="The policy (default: the cluster's own; where it knows none, the nearest gatecli.yaml).",
        ),
    ] = None
    waivers: WaiverFiles = None
    write_reports: Annotated[
        bool, option("--write-reports", panel=GATE, help="Also write PolicyReports into the cluster.")
    ] = False


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """How the verdict is decided and shown, as it was typed."""

    fail_on: FailOn = Severity.ERROR
    exit_zero: ExitZero = False
    output: OutputFormat = ReportFormat.TEXT
    reports: ReportFiles = None
    color: ColourMode = Colour.AUTO
    verbose: Verbose = 0
    quiet: Quiet = False


@app.command("scan")
@spread
def scan(
    *,
    once: Annotated[  # noqa: ARG001 - it says what happens; the scan that goes on is a part of `run`
        bool, option("--once", panel=GATE, help="Scan once. The command has no other mode.")
    ] = True,
    wanted: ScanArguments,
    shown: ReportOptions,
) -> None:
    """Find personal data in a cluster's objects; exit code 0 none, 1 some, 3 nothing read, 4 not all read."""
    targets = report_targets(shown.reports or ())
    settings = read_settings()
    # Its own log is for what a report cannot say: bugs.
    configure("error")
    access = from_usual(wanted.kubeconfig or settings.kubeconfig)
    file = wanted.policy or settings.policy
    seen, problems = asyncio.run(
        _scan_cluster(
            settings,
            access,
            file,
            tuple(wanted.waivers or ()),
            wanted.namespace,
            writes=wanted.write_reports,
        )
    )
    verdict = decide(
        PII.name,
        seen.rulebook.stamp,
        tuple(_checked_objects(seen)),
        tuple(all_found(seen)),
        fail_on=shown.fail_on,
        exit_zero=shown.exit_zero,
        families=PII.families,
    )
    code = publish(
        verdict, shown.output, targets, style_of(shown.color, verbose=shown.verbose, quiet=shown.quiet)
    )
    if not shown.quiet:
        err("".join(f"{line}\n" for line in _notes(seen, shown.verbose)))
    for problem in problems:
        show_error(ClusterError(f"the policy reports are not up to date: {problem}"))
    raise typer.Exit(ExitCode.UNCHECKABLE if problems else code)


async def _scan_cluster(
    settings: WebhookSettings,
    access: Access,
    policy: Path | None,
    waivers: Sequence[Path],
    namespace: str,
    *,
    writes: bool,
) -> tuple[ScanPass, Sequence[str]]:
    """What the cluster holds, and what kept its reports from being written."""
    workers = Workers(1, time.monotonic)
    pace = Pace(retries=RETRIES)
    try:
        async with Client(access) as client:
            await _check_reachable(client)
            rulebook = await _rulebook(client, settings, policy, waivers)
            scope = ScanScope(settings.name, is_webhook=False, namespace=namespace)
            begun = _now()
            async with attestations_of(settings, client) as read:
                scanner = Scanner(client, workers, time.monotonic, pace, scope, read)
                seen = await scanner.scan(rulebook, begun.date())
            if not writes:
                return seen, ()
            writer = Writer(client, workers, pace, _now)
            marks = {COMPLETED: begun.isoformat(), DIGEST: rulebook.digest} if seen.is_complete else {}
            written = await writer.write(seen, None, marks or await writer.completed_marks(), namespace)
            return seen, written.problems if written.is_served else (ABSENT,)
    finally:
        workers.close()


async def _check_reachable(client: Client) -> None:
    """Raises UnreachableError at once, where each kind would be tried several times."""
    try:
        await client.get("/version")
    except UnreachableError:
        raise
    except ClusterError as error:
        LOGGER.debug("the API server did not report its version: %s", error.message)


async def _rulebook(
    client: Client, settings: WebhookSettings, policy: Path | None, waivers: Sequence[Path]
) -> Rulebook:
    """That of a file; else that which the webhook takes from the cluster; else that of the command line."""
    seconds, file = settings.scan_seconds, settings.fingerprint_key
    if policy is None and (made := await _cluster_rulebook(client, settings)) is not None:
        if waivers:
            raise ConfigurationError(
                "waivers from files need a policy from a file",
                advice="give --policy FILE, or apply PrivacyWaivers to the cluster",
            )
        return made
    rulebook = rulebook_of_files(policy, waivers, Path(), seconds=seconds, fingerprint_key=file)
    warm(rulebook)
    return rulebook


async def _cluster_rulebook(client: Client, settings: WebhookSettings) -> Rulebook | None:
    """None where the cluster knows no PrivacyPolicies. Raises ClusterError, ConfigurationError."""
    try:
        policies, waivers = [await list_objects(client, each.path()) for each in (POLICIES, WAIVERS)]
    except MissingError:
        return None
    except ForbiddenError as error:
        raise ForbiddenError(
            f"the policy in force is not known: {error.message}", advice="give --policy FILE, or grant list"
        ) from None
    own = read_key(settings.fingerprint_key) if settings.fingerprint_key else b""
    compiling = Compiling(secrets.token_bytes(32), settings.scan_seconds, own)
    made = read(policies, waivers, settings.policy_name, compiling)
    if made.rulebook is None:
        raise ConfigurationError(
            made.policies["", settings.policy_name].message, advice="fix the policy, or give --policy FILE"
        )
    return made.rulebook


def _checked_objects(seen: ScanPass) -> Iterator[Checked]:
    for each in seen.kinds:
        if each.objects:
            copies = sum(tally.copies for tally in each.namespaces.values())
            measures: dict[str, object] = {"objects": each.objects, "copies": copies}
            yield Checked("kind", each.kind.name, str(each.kind), measures)


def _notes(seen: ScanPass, verbose: int) -> Iterator[str]:
    yield from seen.notes
    exempt = sum(tally.exempt for each in seen.kinds for tally in each.namespaces.values())
    if exempt:
        yield f"{exempt} object{'s' * (exempt != 1)} in namespaces that the policy exempts were not scanned"
    for each in seen.kinds:
        if each.skipped:
            yield f"{each.kind} were not scanned: {each.skipped}"
        elif not each.is_served and verbose:
            yield f"{each.kind} are not served by this cluster"


def _now() -> datetime:
    return datetime.now(UTC)
