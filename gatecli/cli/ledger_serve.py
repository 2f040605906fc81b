"""`gatecli ledger serve` and `gatecli ledger metrics`: the page, and what Prometheus reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

from gatecli.dashboard.figures import read_figures
from gatecli.dashboard.settings import PageSettings, check_exposure, proxy_network, token_of
from gatecli.errors import MissingExtraError, UsageError
from gatecli.frontdoor.console import err, out, show_bug
from gatecli.frontdoor.option_groups import spread
from gatecli.frontdoor.options import OUTPUT, LedgerUrl, ledger_token, option
from gatecli.frontdoor.publish import write_together
from gatecli.gates.ledger_access import DEFAULT, open_ledger
from gatecli.ledger.opening import open_store
from gatecli.listening import certificate_files, listen_of
from gatecli.sources.files import ReadError, read_bytes

SERVICE, ACCESS = "Service", "Access"
_TOKEN = "GATECLI_LEDGER_TOKEN"  # noqa: S105 - the name of a variable


@dataclass(frozen=True, slots=True)
class PortOptions:
    """Where it listens, as it was typed."""

    listen: Annotated[
        str,
        option(
            "--listen",
            panel=SERVICE,
            variable="LEDGER_LISTEN",
            metavar="ADDRESS:PORT",
            help="The address to listen on.",
        ),
    ] = "127.0.0.1:9464"
    tls_cert: Annotated[
        Path | None,
        option(
            "--tls-cert",
            panel=SERVICE,
            variable="LEDGER_TLS_CERT",
            metavar="FILE",
            help="The certificate chain for HTTPS, PEM.",
        ),
    ] = None
    tls_key: Annotated[
        Path | None,
        option(
            "--tls-key",
            panel=SERVICE,
            variable="LEDGER_TLS_KEY",
            metavar="FILE",
            help="The certificate's private key, PEM.",
        ),
    ] = None
    insecure_listen: Annotated[
        bool,
        option(
            "--insecure-listen",
            panel=SERVICE,
            variable="LEDGER_INSECURE_LISTEN",
            help="Listen for other machines without HTTPS: where a proxy before it encrypts.",
        ),
    ] = False
    verify_every: Annotated[
        int,
        option(
            "--verify-every",
            panel=SERVICE,
            variable="LEDGER_VERIFY_EVERY",
            min=0,
            max=10_080,
            metavar="MINUTES",
            help="The time from one verification of the ledger to the next; 0 for none.",
        ),
    ] = 60


@dataclass(frozen=True, slots=True)
class AccessOptions:
    """Who may read it, as it was typed."""

    token_file: Annotated[
        Path | None,
        option(
            "--token-file",
            panel=ACCESS,
            variable="LEDGER_TOKEN_FILE",
            metavar="FILE",
            help=f"The token that readers show; else the variable {_TOKEN} holds it.",
        ),
    ] = None
    trusted_proxy: Annotated[
        list[str] | None,
        option(
            "--trusted-proxy",
            panel=ACCESS,
            variable="LEDGER_TRUSTED_PROXY",
            metavar="CIDR",
            help="The addresses of a proxy that says who the user is; repeatable.",
        ),
    ] = None
    proxy_header: Annotated[
        str,
        option(
            "--proxy-header",
            panel=ACCESS,
            variable="LEDGER_PROXY_HEADER",
            metavar="NAME",
            help="The header in which that proxy, and nobody else, says who the user is.",
        ),
    ] = ""
    allow_host: Annotated[
        list[str] | None,
        option(
            "--allow-host",
            panel=ACCESS,
            variable="LEDGER_ALLOW_HOST",
            metavar="NAME",
            help="A name that the page is known by, besides addresses and localhost; repeatable.",
        ),
    ] = None


@spread
def serve(port: PortOptions, access: AccessOptions, url: LedgerUrl = None) -> None:
    """Serve a page and Prometheus metrics of the ledger, read only."""
    settings = _settings(port, access)
    check_exposure(settings, insecure=port.insecure_listen)
    try:
        from gatecli.dashboard.server import Surroundings, run  # noqa: PLC0415 - aiohttp is an extra, and heavy
    except ModuleNotFoundError as error:
        raise _missing(error) from None
    run(
        settings,
        Surroundings(
            partial(open_store, url or DEFAULT, read_only=True),
            _now,
            lambda address: err(f"the ledger is at {address} (Ctrl-C ends)\n"),
            show_bug,
        ),
    )


def metrics(
    output: Annotated[
        Path | None,
        option(
            "--output",
            panel=OUTPUT,
            variable="LEDGER_METRICS_OUTPUT",
            metavar="FILE",
            help="A file for node_exporter's textfile collector, written atomically (default: stdout).",
        ),
    ] = None,
    verifies: Annotated[
        bool,
        option(
            "--verify/--no-verify",
            panel=SERVICE,
            variable="LEDGER_METRICS_VERIFY",
            help="Verify the whole ledger first, and say what came of it.",
        ),
    ] = True,
    url: LedgerUrl = None,
) -> None:
    """Write the ledger's metrics once, in the text format of Prometheus."""
    try:
        from gatecli.dashboard.metrics import exposition  # noqa: PLC0415 - prometheus_client is an extra
        from gatecli.dashboard.verifying import verify_ledger  # noqa: PLC0415 - cryptography is an extra
    except ModuleNotFoundError as error:
        raise _missing(error) from None
    with open_ledger(url, read_only=True) as store:
        verification = verify_ledger(store, _now) if verifies else None
        text = exposition(read_figures(store, _now(), verification))
    if output is None:
        out(text.decode())
    else:
        write_together({output: text})


def _settings(port: PortOptions, access: AccessOptions) -> PageSettings:
    address, number = listen_of(port.listen)
    return PageSettings(
        address,
        number,
        *certificate_files(port.tls_cert, port.tls_key),
        _token(access.token_file),
        tuple(map(proxy_network, access.trusted_proxy or ())),
        access.proxy_header.strip(),
        frozenset(name.lower().rstrip(".") for name in access.allow_host or ()),
        port.verify_every * 60,
    )


def _token(file: Path | None) -> bytes:
    """The token of the file or the variable; nothing without either."""
    text = ledger_token()
    if file is not None and text:
        raise UsageError(f"both --token-file and {_TOKEN} are given", advice="give one of them")
    if file is not None:
        try:
            return token_of(read_bytes(file), str(file))
        except ReadError as error:
            raise UsageError(f"{file} {error.problem}", advice=error.mend) from None
    return token_of(text, _TOKEN) if text else b""


def _missing(error: ModuleNotFoundError) -> MissingExtraError:
    return MissingExtraError(
        f"the ledger's page needs {error.name}, which is not installed",
        advice="pip install 'gatecli[ledger]'",
    )


def _now() -> datetime:
    return datetime.now(UTC)
