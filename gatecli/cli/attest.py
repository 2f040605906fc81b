"""`gatecli attest`: check, then sign what the verdict was."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from gatecli.attestation.envelopes import bundle_text, read_bundle
from gatecli.attestation.statements import statement_bytes
from gatecli.cli.ledger_records import write_given
from gatecli.cli.target_files import make_folder
from gatecli.errors import UsageError
from gatecli.frontdoor.console import err
from gatecli.frontdoor.option_groups import spread
from gatecli.frontdoor.options import (
    GATE,
    OUTPUT,
    LedgerUrl,
    PolicyFile,
    PolicyFrom,
    WaiverFiles,
    key_passphrase,
    named_variable,
    option,
    source_date_epoch,
)
from gatecli.frontdoor.publish import write_together
from gatecli.frontdoor.session import GateOptions, Session, begin
from gatecli.gates.attestation_keys import (
    IdentitySource,
    KeySource,
    open_keyless_signer,
    open_signing_key,
    sign_keyless,
)
from gatecli.gates.attesting import AttestRequest, make_statement, payload_to_countersign, sign_statement
from gatecli.gates.judged_reports import JudgedRun, judged_run, read_judged_report
from gatecli.gates.ledger_access import moment, open_ledger
from gatecli.gates.ledger_positions import ledger_position
from gatecli.gates.release import check_releases, request_for, require_existing
from gatecli.gates.unsigned_statements import unsigned_parts
from gatecli.gates.used_ledger import used_ledger
from gatecli.gates.verification_requests import read_bundle_file

app = typer.Typer(help="Sign a verdict that passed, so that others can verify it.")

SIGNING = "Signing"


@dataclass(frozen=True, slots=True)
class SigningOptions:
    """Which key signs."""

    key: Annotated[
        str | None,
        option(
            "--key",
            panel=SIGNING,
            variable="ATTEST_KEY",
            metavar="KEY",
            help="A private key in PEM: FILE, env:NAME, or kms://URI. GATECLI_KEY_PASSPHRASE opens it.",
        ),
    ] = None
    public_key: Annotated[
        Path | None,
        option(
            "--public-key", panel=SIGNING, metavar="FILE", help="With kms://: the public half of the key."
        ),
    ] = None

    keyless: Annotated[
        bool,
        option(
            "--keyless",
            panel=SIGNING,
            help="Sign by a certificate of Sigstore instead of a key. The certificate is published.",
        ),
    ] = False
    identity_token: Annotated[
        str | None,
        option(
            "--identity-token",
            panel=SIGNING,
            metavar="env:NAME",
            help="With --keyless: an OpenID Connect token (default: that of the CI service).",
        ),
    ] = None
    trust_config: Annotated[
        Path | None,
        option(
            "--trust-config",
            panel=SIGNING,
            metavar="FILE",
            help="With --keyless: Sigstore's client trust configuration (default: the public instance's).",
        ),
    ] = None

    unsigned: Annotated[
        Path | None,
        option(
            "--unsigned",
            panel=SIGNING,
            metavar="FOLDER",
            help="Sign nothing: write statement, predicate and subjects for another signer.",
        ),
    ] = None

    def signing(self) -> Callable[[bytes], str]:
        """What makes the file of a statement. Raises UsageError unless one way to sign is named."""
        if [self.key is not None, self.keyless, self.unsigned is not None].count(True) != 1:
            raise UsageError(
                "one key or one identity signs", advice="give one of --key, --keyless and --unsigned"
            )
        if self.unsigned is not None:
            return bytes.decode
        if self.key is None:
            source = IdentitySource(self.identity_token, named_variable, self.trust_config)
            return partial(sign_keyless, signer=open_keyless_signer(source))
        signer = open_signing_key(KeySource(self.key, named_variable, key_passphrase(), self.public_key))
        return lambda payload: bundle_text(sign_statement(payload, signer))


@dataclass(frozen=True, slots=True)
class AttestedOptions:
    """What is attested."""

    report: Annotated[
        Path | None,
        option(
            "--report",
            panel=GATE,
            variable="ATTESTED_REPORT",
            metavar="FILE",
            help="A JSON report that passed, of release, anonymity or pii (default: check now).",
        ),
    ] = None
    images: Annotated[
        list[str] | None,
        option(
            "--image", panel=GATE, metavar="NAME@sha256:…", help="An image that holds the model; repeatable."
        ),
    ] = None
    countersign: Annotated[
        Path | None,
        option(
            "--countersign",
            panel=GATE,
            metavar="FILE",
            help="Sign the statement of another attestation too, once what it is about passes here.",
        ),
    ] = None
    policy: PolicyFile = None
    policy_from: PolicyFrom = None
    waivers: WaiverFiles = None
    ledger: LedgerUrl = None


@app.command("attest")
@spread
def attest(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="A model's folder, a declaration, a table or files.")
    ],
    signing: SigningOptions,
    given: AttestedOptions,
    output: Annotated[
        Path | None,
        option(
            "--output", "-o", panel=OUTPUT, variable="ATTESTATION", metavar="FILE", help="Instead of stdout."
        ),
    ] = None,
) -> None:
    """Check a release as `gatecli release check` does, then sign what was found. Only a pass is signed."""
    require_existing([path])
    session = begin(GateOptions(given.policy, given.policy_from, given.waivers), path)
    judged = read_judged_report(given.report) if given.report else _check(path, given, session)
    sign = signing.signing()
    with ExitStack() as stack:
        position = None
        if given.ledger is not None:
            position = partial(
                ledger_position, stack.enter_context(open_ledger(given.ledger, read_only=True))
            )
        request = AttestRequest(
            path,
            judged,
            _moment(session.now),
            given.images or (),
            [each for each in (output, given.countersign) if each is not None],
            position,
        )
        statement = make_statement(request)
    if given.countersign is None:
        payload = statement_bytes(statement)
    else:
        payload = payload_to_countersign(read_bundle(read_bundle_file(given.countersign)), statement)
    if signing.unsigned is not None:
        parts = unsigned_parts(payload)
        make_folder(signing.unsigned)
        write_together({signing.unsigned / name: text for name, text in parts.items()})
        err(f"not signed: {signing.unsigned}\n")
        return
    write_given(sign(payload), output)
    if output is not None:
        err(f"signed: {output}\n")


def _check(path: Path, given: AttestedOptions, session: Session) -> JudgedRun:
    """The verdict of the release gate. If it is not a pass, its report is shown and the run ends."""
    with used_ledger(given.ledger, session.now) as ledger:
        verdict = check_releases(request_for([path], session.terms, ledger))
    if not verdict.passed:
        raise session.end(verdict)
    return judged_run(verdict)


def _moment(now: datetime) -> str:
    """What a statement is dated; a reproducible build fixes it."""
    fixed = source_date_epoch()
    return moment(now if fixed is None else datetime.fromtimestamp(fixed, UTC))
