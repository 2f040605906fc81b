"""`gatecli keys new`, `seal`, `open` and `rotate`: the gate first, then files in and files out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from gatecli import package
from gatecli.cli.keys_check import one_key_policy
from gatecli.errors import MissingExtraError, UsageError
from gatecli.frontdoor.console import err, out
from gatecli.frontdoor.option_groups import spread
from gatecli.frontdoor.options import GATE, OUTPUT, option
from gatecli.frontdoor.session import GateOptions, begin
from gatecli.gates.keys import KeyRequest, check_keys
from gatecli.model.key_policy import KeyPolicy
from gatecli.model.sealed_artifact import SealedManifest

KeyPolicyOption = Annotated[
    Path,
    option("--key-policy", panel=GATE, metavar="FILE", help="Who may open it: a document of kind KeyPolicy."),
]
IdentityOption = Annotated[
    Path,
    option(
        "--identity",
        "-i",
        panel=GATE,
        metavar="FILE",
        help="A private key (gatecli keys new, age-keygen), which its owner alone may read.",
    ),
]
OutputOption = Annotated[
    Path, option("--output", "-o", panel=OUTPUT, variable="KEYS_OUTPUT", metavar="FILE", help="Where to.")
]
SealedFile = Annotated[
    Path, typer.Argument(metavar="SEALED", help="A sealed file; its manifest is beside it.")
]


def new(file: Annotated[Path, typer.Argument(metavar="FILE", help="Where no file is yet.")]) -> None:
    """Make a private key that its owner alone may read, and show the public one."""
    public = _sealing("identities:write_identity")(file)
    out(f"{public}\n")
    err(f"{file} holds the private key: keep it, and give the public one to whoever writes the KeyPolicy\n")


@spread
def seal_artifact(
    gate: GateOptions,
    artifact: Annotated[Path, typer.Argument(metavar="ARTIFACT", help="The file to seal.")],
    key_policy: KeyPolicyOption,
    target: OutputOption,
) -> None:
    """Encrypt a file to the recipients that a KeyPolicy resolves to, if the policy passes its gate.

    A manifest is written beside it: what was sealed, for whom, under which KeyPolicy.
    """
    _require_apart(target, key_policy)
    policy = _judged_key_policy(gate, key_policy)
    _tell("sealed", _sealing("sealed_files:seal")(artifact, policy, target), target)


def open_artifact(
    sealed: SealedFile,
    identity: IdentityOption,
    target: OutputOption,
    key_policy: Annotated[
        Path | None,
        option(
            "--key-policy", panel=GATE, metavar="FILE", help="The KeyPolicy that it must be sealed under."
        ),
    ] = None,
) -> None:
    """Decrypt a sealed file. It is written once all of it is found to be what was sealed."""
    _require_apart(target, identity, *([key_policy] if key_policy else []))
    identities = _sealing("identities:read_identities")(identity)
    policy = None if key_policy is None else one_key_policy(key_policy)[0]
    manifest = _sealing("sealed_files:open_sealed")(sealed, identities, target, policy)
    _tell("opened", manifest, target)


@spread
def rotate_artifact(
    gate: GateOptions,
    sealed: SealedFile,
    key_policy: KeyPolicyOption,
    identity: IdentityOption,
    target: OutputOption,
) -> None:
    """Seal what a sealed file holds anew: a new file key, for whom the KeyPolicy names in its new epoch.

    It is never written in plain. Whoever has the old file can still open that one.
    """
    _require_apart(target, key_policy, identity)
    policy = _judged_key_policy(gate, key_policy)
    identities = _sealing("identities:read_identities")(identity)
    _tell("sealed", _sealing("rotation:rotate")(sealed, policy, identities, target), target)


def _require_apart(target: Path, *read: Path) -> None:
    """Raises UsageError where the output would replace a key, which then is lost, or a KeyPolicy."""
    _sealing("sealed_files:require_apart")(target, *read)


def _judged_key_policy(gate: GateOptions, file: Path) -> KeyPolicy:
    """The KeyPolicy of a file. Where its gate is closed, the report is shown and the command ends."""
    if gate.exit_zero:
        raise UsageError(
            "--exit-zero would make an artifact that is not sealed look like one that is",
            advice="leave it out, or judge alone with gatecli keys check",
        )
    session = begin(gate, file.parent)
    placed = one_key_policy(file)
    verdict = check_keys(KeyRequest(session.terms, [placed]))
    if not verdict.passed:
        raise session.end(verdict)
    return placed[0]


def _sealing(member: str) -> Any:
    """A function of `gatecli.sealing`, which needs the extra `keys`. Raises MissingExtraError."""
    try:
        return package.member(f"sealing.{member}")
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"gatecli keys needs {error.name}, which is not installed", advice="pip install 'gatecli[keys]'"
        ) from None


def _tell(done: str, manifest: SealedManifest, output: Path) -> None:
    names = ", ".join(each.name for each in manifest.recipients)
    applied = manifest.key_policy
    under = f"KeyPolicy {applied.name}, epoch {applied.epoch}, for {names}"
    err(f"{done} {manifest.artifact.name} as {output}: {under}\n")
