"""`gatecli verify`: whether an attestation holds, without a network."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gatecli.attestation.certificates import CertifiedIdentity
from gatecli.attestation.verification import TrustedKey
from gatecli.errors import UsageError
from gatecli.frontdoor.console import out
from gatecli.frontdoor.option_groups import spread
from gatecli.frontdoor.options import (
    GATE,
    Colour,
    OutputFormat,
    PolicyFile,
    Quiet,
    ReportFiles,
    ReportFormat,
    option,
)
from gatecli.gates.attestation_keys import trusted_key_in
from gatecli.gates.attestation_verification import verify_alone
from gatecli.gates.attested_files import read_artifact
from gatecli.gates.verification_requests import (
    StatementKind,
    VerificationRequest,
    VerifierDemands,
    read_bundle_file,
    trust_alone,
)
from gatecli.model.verdict import Checked
from gatecli.pii.concealing import conceal_values

if TYPE_CHECKING:
    from gatecli.ledger.notes import Checkpoint

app = typer.Typer(help="Verify an attestation: who signed it, about what, by which policy.")

TRUST = "Trust"


@dataclass(frozen=True, slots=True)
class TrustOptions:
    """Who and what is trusted."""

    keys: Annotated[
        list[Path] | None,
        option(
            "--key",
            panel=TRUST,
            variable="VERIFY_KEY",
            metavar="FILE",
            help="A public key in PEM whose signature counts; repeatable.",
        ),
    ] = None
    identity: Annotated[
        str | None,
        option(
            "--identity",
            panel=TRUST,
            metavar="TEXT",
            help="Whose certificate of Sigstore counts, letter for letter: a workflow, an address.",
        ),
    ] = None
    issuer: Annotated[
        str | None,
        option(
            "--issuer",
            panel=TRUST,
            metavar="URL",
            help="With --identity: who says so (https://token.actions.githubusercontent.com).",
        ),
    ] = None
    trust_root: Annotated[
        Path | None,
        option(
            "--trust-root",
            panel=TRUST,
            metavar="FILE",
            help="Sigstore's trusted_root.json (default: the public one, as sigstore-python keeps it).",
        ),
    ] = None
    policy: PolicyFile = None
    threshold: Annotated[
        int | None,
        option(
            "--threshold", panel=TRUST, min=1, help="How many distinct keys must have signed (default: 1)."
        ),
    ] = None
    valid_days: Annotated[
        int | None,
        option(
            "--valid-days", panel=TRUST, min=1, help="The greatest age (default: the policy's, else any)."
        ),
    ] = None
    policies: Annotated[
        list[str] | None,
        option(
            "--accept-policy",
            panel=TRUST,
            metavar="SHA256",
            help="A policy whose verdicts are accepted; repeatable (default: that of --policy, else any).",
        ),
    ] = None
    checkpoint: Annotated[
        Path | None,
        option(
            "--ledger-checkpoint",
            panel=TRUST,
            metavar="FILE",
            help="A checkpoint of a ledger, which must hold what is stated of it.",
        ),
    ] = None
    ledger_from: Annotated[
        str | None,
        option(
            "--ledger-from",
            panel=TRUST,
            metavar="KEY",
            help="The ledger's key (gatecli ledger key show), which must have signed the checkpoint.",
        ),
    ] = None

    def demands(self, kind: StatementKind) -> VerifierDemands:
        """What the command line says."""
        keys = (*map(trusted_key_in, self.keys or ()), *self._identities)
        return VerifierDemands(kind, keys, self.threshold, self.valid_days, frozenset(self.policies or ()))

    @property
    def _identities(self) -> tuple[TrustedKey, ...]:
        if self.identity is None and self.issuer is None:
            return ()
        if not self.identity or not self.issuer:
            raise UsageError("an identity is one of an issuer", advice="give both --identity and --issuer")
        return (TrustedKey(self.identity, CertifiedIdentity(self.issuer, self.identity)),)


@app.command("verify")
@spread
def verify(
    bundles: Annotated[
        list[Path],
        typer.Argument(
            metavar="BUNDLE...",
            help="What gatecli attest wrote; several of one statement, each by another key.",
        ),
    ],
    trust: TrustOptions,
    artifacts: Annotated[
        list[str] | None,
        option(
            "--artifact",
            panel=GATE,
            metavar="PATH",
            help="What must be attested: a file, a folder, or an image (NAME@sha256:…); repeatable.",
        ),
    ] = None,
    kind: Annotated[
        StatementKind, option("--type", panel=GATE, help="The kind of attestation that is asked for.")
    ] = StatementKind.RELEASE,
    output: OutputFormat = ReportFormat.TEXT,
    reports: ReportFiles = None,
    quiet: Quiet = False,
) -> None:
    """Verify an attestation offline. Ends with 1 where it does not hold, with 4 where it cannot be read."""
    now = datetime.now(UTC)
    request = VerificationRequest(
        tuple((each.as_posix(), read_bundle_file(each)) for each in bundles),
        tuple(read_artifact(each, bundles) for each in artifacts or ()),
        trust_alone(trust.demands(kind)),
        now,
        _head(trust),
        trust.trust_root,
    )
    if trust.policy is None:
        verdict = verify_alone(request)
    else:
        from gatecli.gates.trust_policy import verify_by_policy  # noqa: PLC0415 - it imports the policy's models

        verdict = verify_by_policy(request, trust.policy, trust.demands(kind))
    if verdict.passed and output is ReportFormat.TEXT and not reports:
        if not quiet:
            out(conceal_values("".join(f"{line}\n" for line in map(_verified_line, verdict.checked))))
        return
    from gatecli.frontdoor.publish import publish, report_targets, style_of  # noqa: PLC0415 - half of the start

    style = style_of(Colour.AUTO, quiet=quiet)
    raise typer.Exit(publish(verdict, output, report_targets(reports or ()), style))


def _verified_line(checked: Checked) -> str:
    measures = checked.measures
    signers, epsilon = measures.get("signedBy"), measures.get("epsilon")
    by = ", ".join(map(str, signers)) if isinstance(signers, list) else ""
    claim = f" · ε = {epsilon}, δ = {measures['delta']}" if epsilon is not None else ""
    made = f" · {measures['time']}" if "time" in measures else ""
    statement = f"statement sha256:{checked.inputs['sha256']}"
    root = f" · certified by the trust root {measures['trustRoot']}" if "trustRoot" in measures else ""
    return f"verified · {checked.name}{claim} · signed by {by}{root}{made} · {statement}"


def _head(trust: TrustOptions) -> Checkpoint | None:
    if trust.checkpoint is None:
        if trust.ledger_from is not None:
            raise UsageError("--ledger-from needs a checkpoint", advice="--ledger-checkpoint FILE")
        return None
    from gatecli.gates.ledger_positions import read_given_head  # noqa: PLC0415 - few runs have a checkpoint

    return read_given_head(trust.checkpoint, trust.ledger_from)
