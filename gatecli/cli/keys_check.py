"""`gatecli keys check` and `show`: the gate of keys, and whom a KeyPolicy resolves to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from gatecli.cli.yaml_output import json_text
from gatecli.errors import UncheckableError, UsageError
from gatecli.frontdoor.console import out
from gatecli.frontdoor.option_groups import spread
from gatecli.frontdoor.options import Listing, ListingFormat
from gatecli.frontdoor.session import GateOptions, begin
from gatecli.gates.concealment import without_values
from gatecli.gates.keys import check_keys, request_at
from gatecli.gates.release import require_existing
from gatecli.model.access import resolve
from gatecli.model.age_recipient import key_fingerprint
from gatecli.model.key_policy import KeyPolicy, key_policy_digest
from gatecli.sources.key_policy import KEY_POLICIES, PlacedKeyPolicy

KeyPolicyFile = Annotated[Path, typer.Argument(metavar="FILE", help="A document of kind KeyPolicy.")]


@spread
def check(
    gate: GateOptions,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE|DIR", help="KeyPolicies and sealed files, or folders (default: here)."),
    ] = None,
) -> None:
    """Check KeyPolicies, and that sealed files are what their manifests say. No private key is needed."""
    places = paths or [Path()]
    require_existing(places)
    session = begin(gate, places[0])
    raise session.end(check_keys(request_at(places, session.terms)))


def show(file: KeyPolicyFile, output: ListingFormat = Listing.TEXT) -> None:
    """Show whom a KeyPolicy resolves to now, and the digest that a policy accepts it by."""
    policy, _ = one_key_policy(file)
    data = without_values(key_policy_data(policy))
    if output is Listing.TEXT:
        out(_text_of(data))
    else:
        out(json_text(data))


def one_key_policy(file: Path) -> PlacedKeyPolicy:
    """The one KeyPolicy of a file. Raises UsageError and UncheckableError."""
    if not os.path.lexists(file):
        raise UsageError(f"{file}: there is no such file", advice="check the spelling")
    read = KEY_POLICIES.read(file)
    if read.findings:
        first = read.findings[0]
        raise UncheckableError(f"{first.place}: {first.message}", advice=first.remediation)
    if len(read.values) != 1:
        raise UsageError(f"{file} holds {len(read.values)} KeyPolicies", advice="name a file with one")
    return read.values[0]


def key_policy_data(policy: KeyPolicy) -> dict[str, Any]:
    """What `show` says, as data."""
    spec, epoch = policy.spec, policy.spec.epoch
    resolved = {each.name for each in resolve(spec, epoch)} if epoch is not None else set()
    latest_first = sorted(spec.revoked or (), key=lambda each: -each.epoch)
    revoked = {each.recipient: each.epoch for each in latest_first}
    recipients = [
        {
            "name": each.name,
            "centre": each.centre,
            "opens": each.name in resolved,
            "revokedFrom": revoked.get(each.name),
            "key": key_fingerprint(each.public_key),
        }
        for each in sorted(spec.recipients, key=lambda each: each.name)
    ]
    return {
        "schema": "gatecli/key-policy/v1",
        "name": policy.metadata.name,
        "sha256": key_policy_digest(policy),
        "epoch": epoch,
        "recipients": recipients,
    }


def _text_of(data: dict[str, Any]) -> str:
    lines = [f"{data['name']} · epoch {data['epoch']} · sha256 {data['sha256']}"]
    names, centres = (_widest(data["recipients"], key) for key in ("name", "centre"))
    for each in data["recipients"]:
        opens = "opens" if each["opens"] else "does not open"
        since = f", revoked from epoch {each['revokedFrom']} on" if each["revokedFrom"] else ""
        who = f"{each['name']:<{names}}  {each['centre']:<{centres}}"
        lines.append(f"  {who}  {opens}{since}  key {each['key'][:12]}")
    return "".join(f"{line}\n" for line in lines)


def _widest(rows: list[dict[str, Any]], key: str) -> int:
    return max((len(row[key]) for row in rows), default=0)
