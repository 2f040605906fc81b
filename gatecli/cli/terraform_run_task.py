"""`gatecli terraform run-task`: the run task of HCP Terraform, served until it is told to stop."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from gatecli.cli.json_log import log
from gatecli.errors import MissingExtraError, UsageError
from gatecli.frontdoor.option_groups import spread
from gatecli.frontdoor.options import (
    GATE,
    BaselineFile,
    FailOn,
    PolicyFile,
    WaiverFiles,
    option,
    run_task_key,
    whole_environment,
)
from gatecli.gates.policies import read_policy
from gatecli.listening import certificate_files, listen_of
from gatecli.model.finding import Severity
from gatecli.run_tasks.settings import (
    HCP_TERRAFORM,
    LONGEST_DEADLINE,
    MEBIBYTE,
    RunTaskSettings,
    host_of,
    key_of,
    network_of,
)
from gatecli.sources.baseline import read_baseline
from gatecli.sources.files import ReadError, read_bytes

SERVICE = "Service"
REACH = "Reach"
_KEY = "GATECLI_RUN_TASK_HMAC_KEY"


@dataclass(frozen=True, slots=True)
class ServiceOptions:
    """How it is served, as it was typed."""

    listen: Annotated[
        str,
        option(
            "--listen",
            panel=SERVICE,
            variable="RUN_TASK_LISTEN",
            metavar="ADDRESS:PORT",
            help="The address to listen on.",
        ),
    ] = "127.0.0.1:8080"
    tls_cert: Annotated[
        Path | None,
        option(
            "--tls-cert",
            panel=SERVICE,
            variable="RUN_TASK_TLS_CERT",
            metavar="FILE",
            help="The certificate chain for HTTPS, PEM.",
        ),
    ] = None
    tls_key: Annotated[
        Path | None,
        option(
            "--tls-key",
            panel=SERVICE,
            variable="RUN_TASK_TLS_KEY",
            metavar="FILE",
            help="The certificate's private key, PEM.",
        ),
    ] = None
    hmac_key_file: Annotated[
        Path | None,
        option(
            "--hmac-key-file",
            panel=SERVICE,
            variable="RUN_TASK_HMAC_KEY_FILE",
            metavar="FILE",
            help=f"The key shared with HCP Terraform; else the variable {_KEY} holds it.",
        ),
    ] = None
    deadline: Annotated[
        int,
        option(
            "--deadline",
            panel=SERVICE,
            variable="RUN_TASK_DEADLINE",
            min=3,
            max=LONGEST_DEADLINE,
            metavar="SECONDS",
            help="The longest time from a task to its result; then the result is failed.",
        ),
    ] = 540
    max_plan: Annotated[
        int,
        option(
            "--max-plan",
            panel=SERVICE,
            variable="RUN_TASK_MAX_PLAN",
            min=1,
            max=1024,
            metavar="MIB",
            help="The largest plan that is checked.",
        ),
    ] = 100
    workers: Annotated[
        int,
        option(
            "--workers",
            panel=SERVICE,
            variable="RUN_TASK_WORKERS",
            min=1,
            max=64,
            help="The number of plans that are checked at once.",
        ),
    ] = 2
    queue: Annotated[
        int,
        option(
            "--queue",
            panel=SERVICE,
            variable="RUN_TASK_QUEUE",
            min=0,
            max=1000,
            help="The number of tasks that may wait; more are refused as busy.",
        ),
    ] = 32
    drain: Annotated[
        int,
        option(
            "--drain",
            panel=SERVICE,
            variable="RUN_TASK_DRAIN",
            min=0,
            max=600,
            metavar="SECONDS",
            help="The time for running tasks after SIGTERM.",
        ),
    ] = 20


@dataclass(frozen=True, slots=True)
class Reach:
    """Whom it may speak to, as it was typed."""

    allow_host: Annotated[
        list[str] | None,
        option(
            "--allow-host",
            panel=REACH,
            variable="RUN_TASK_ALLOW_HOST",
            metavar="HOST[:PORT]",
            help="A host that plans may come from and results go to; repeatable (default: HCP Terraform's).",
        ),
    ] = None
    allow_network: Annotated[
        list[str] | None,
        option(
            "--allow-network",
            panel=REACH,
            variable="RUN_TASK_ALLOW_NETWORK",
            metavar="CIDR",
            help="A network of addresses that are not public but may be reached; repeatable.",
        ),
    ] = None
    ca_file: Annotated[
        Path | None,
        option(
            "--ca-file",
            panel=REACH,
            variable="RUN_TASK_CA_FILE",
            metavar="FILE",
            help="Further certificate authorities to trust, PEM.",
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class Judging:
    """What every plan is judged by, as it was typed."""

    evidence: Annotated[
        list[Path] | None,
        option(
            "--evidence",
            panel=GATE,
            metavar="FILE",
            help="A report or an attestation, as for gatecli terraform check; repeatable.",
        ),
    ] = None
    policy: PolicyFile = None
    waivers: WaiverFiles = None
    fail_on: FailOn = Severity.ERROR
    baseline: BaselineFile = None


@spread
def run_task(service: ServiceOptions, reach: Reach, judging: Judging) -> None:
    """Serve a run task for HCP Terraform: check every plan that it announces, and report back."""
    _serve(_settings(service, reach), _options(judging))


def _settings(service: ServiceOptions, reach: Reach) -> RunTaskSettings:
    address, port = listen_of(service.listen)
    return RunTaskSettings(
        _key(service.hmac_key_file),
        address,
        port,
        *certificate_files(service.tls_cert, service.tls_key),
        frozenset(map(host_of, reach.allow_host)) if reach.allow_host else HCP_TERRAFORM,
        tuple(map(network_of, reach.allow_network or ())),
        reach.ca_file,
        service.deadline,
        service.max_plan * MEBIBYTE,
        service.workers,
        service.queue,
        service.drain,
    )


def _options(judging: Judging) -> list[str]:
    """What every check is given; what each would stumble over is said now."""
    bundle = read_policy(judging.policy, Path(), judging.waivers or ())
    if judging.baseline:
        read_baseline(judging.baseline)
    return [
        *_read_names("--policy", [bundle.path] if bundle.path else []),
        *_read_names("--waivers", judging.waivers or ()),
        *_read_names("--baseline", [judging.baseline] if judging.baseline else []),
        *_read_names("--evidence", judging.evidence or ()),
        f"--fail-on={judging.fail_on.value}",
    ]


def _serve(settings: RunTaskSettings, options: Sequence[str]) -> None:
    try:
        from gatecli.run_tasks.server import run  # noqa: PLC0415 - aiohttp is an extra, and heavy
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"the run task needs {error.name}, which is not installed",
            advice="pip install 'gatecli[run-task]'",
        ) from None
    run(settings, options, whole_environment(), log)


def _read_names(name: str, paths: Iterable[Path]) -> list[str]:
    return [f"{name}={path}" for path in paths]


def _key(file: Path | None) -> bytes:
    text = run_task_key()
    if file is not None and text:
        raise UsageError(f"both --hmac-key-file and {_KEY} are given", advice="give one of them")
    if file is not None:
        try:
            return key_of(read_bytes(file), str(file))
        except ReadError as error:
            raise UsageError(f"{file} {error.problem}", advice=error.mend) from None
    if not text:
        raise UsageError(
            "there is no HMAC key, without which anybody could send tasks",
            advice=f"give --hmac-key-file FILE, or set {_KEY}",
        )
    return key_of(text, _KEY)
