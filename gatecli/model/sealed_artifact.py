"""The manifest of a sealed artifact: what is in it, under which KeyPolicy, for whom.

It stands beside the sealed file, and all of it but the digest of that file also stands inside, where nobody
can change it without a recipient noticing. It has one text only.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from gatecli.model.access import resolve
from gatecli.model.age_recipient import key_fingerprint
from gatecli.model.base import Many, Value
from gatecli.model.key_policy import (
    MOST_RECIPIENTS,
    Attribute,
    Epoch,
    KeyPolicy,
    KeyPolicyName,
    ModelDisclosure,
    key_policy_digest,
    require_visible,
)
from gatecli.model.number import BelowOne, NonNegative, show
from gatecli.model.trust import LowerSha256

SCHEMA = "gatecli/sealed/v1"
SUFFIX = ".manifest.json"
Size = Annotated[int, Field(ge=0, le=2**63 - 1)]
FileName = Annotated[
    str, Field(min_length=1, max_length=255, pattern=r"^[^/\\]+$"), AfterValidator(require_visible)
]


class SealedBytes(Value):
    """A file by its bytes."""

    sha256: LowerSha256
    size: Size


class PlainArtifact(SealedBytes):
    """What was sealed."""

    name: FileName


class AppliedKeyPolicy(Value):
    """The KeyPolicy that chose the recipients, the epoch it was sealed for, and the (ε, δ) it tells of."""

    name: KeyPolicyName
    sha256: LowerSha256
    epoch: Epoch
    epsilon: NonNegative | None = None
    delta: BelowOne | None = None


class SealedRecipient(Value):
    """Whom it was sealed for; `key` is the SHA-256 of the public key's text."""

    name: Attribute
    key: LowerSha256


class SealedContents(Value):
    """What stands inside the sealed file, before the artifact."""

    schema_: Literal["gatecli/sealed/v1"] = Field(alias="schema")
    artifact: PlainArtifact
    key_policy: AppliedKeyPolicy
    recipients: Annotated[Many[SealedRecipient], Field(min_length=1, max_length=MOST_RECIPIENTS)]

    def line(self) -> bytes:
        """The one line of JSON that the artifact follows."""
        return _canonical(self).encode() + b"\n"


class SealedManifest(SealedContents):
    """What stands beside it: the same, and the sealed file's own bytes."""

    sealed: SealedBytes

    @property
    def contents(self) -> SealedContents:
        """What must stand inside."""
        return SealedContents(**{name: getattr(self, name) for name in SealedContents.model_fields})

    def text(self) -> str:
        """The one text that a manifest may have."""
        content = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=True) + "\n"


def _canonical(value: SealedContents) -> str:
    content = value.model_dump(mode="json", by_alias=True, exclude_none=True)
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def sealed_recipients(policy: KeyPolicy) -> tuple[SealedRecipient, ...]:
    """Whom a KeyPolicy resolves to in its epoch, as a manifest names them; nobody where it states none."""
    epoch = policy.spec.epoch
    found = () if epoch is None else resolve(policy.spec, epoch)
    return tuple(SealedRecipient(name=each.name, key=key_fingerprint(each.public_key)) for each in found)


def applied_key_policy(policy: KeyPolicy, epoch: int) -> AppliedKeyPolicy:
    """A KeyPolicy as a manifest states it."""
    told = policy.spec.disclosure
    return AppliedKeyPolicy(
        name=policy.metadata.name,
        sha256=key_policy_digest(policy),
        epoch=epoch,
        epsilon=told.epsilon if told else None,
        delta=told.delta if told else None,
    )


def policy_fault(contents: SealedContents, policy: KeyPolicy) -> str | None:
    """How a manifest contradicts the KeyPolicy whose digest it states, in words that follow the file's name;
    None where it does not.
    """
    name, epoch, stated = policy.metadata.name, policy.spec.epoch, contents.key_policy
    if epoch is None or stated != applied_key_policy(policy, epoch):
        return (
            f"has a manifest of the KeyPolicy {stated.name} in epoch {stated.epoch}{_claim_of(stated)}, and "
            f"the one that it states is {name} in epoch {epoch}{_claim_of(policy.spec.disclosure)}"
        )
    meant = sealed_recipients(policy)
    if contents.recipients == meant:
        return None
    told, due = _names(contents.recipients), _names(meant)
    keys = " with other keys" if told == due else ""
    return f"has a manifest for {told}, and its KeyPolicy {name} resolves to {due}{keys}"


def _claim_of(told: AppliedKeyPolicy | ModelDisclosure | None) -> str:
    if told is None or told.epsilon is None or told.delta is None:
        return ""
    return f" with ε = {show(told.epsilon)} and δ = {show(told.delta)}"


def _names(recipients: tuple[SealedRecipient, ...]) -> str:
    return ", ".join(each.name for each in recipients) or "nobody"


@dataclass(frozen=True, slots=True)
class SealState:
    """What stands on disk for a sealed file: its manifest, its own bytes, and for how many it is.

    `found` is None where no file is there, `stanzas` where it is not in the age format. `problem` says in
    words why there is no manifest that can be read.
    """

    manifest: SealedManifest | None
    found: SealedBytes | None = None
    stanzas: int | None = None
    problem: str | None = None


def seal_fault(state: SealState) -> str | None:
    """How a sealed file differs from its manifest, in words that follow its name; None where it does not."""
    manifest, found = state.manifest, state.found
    if manifest is None:
        return f"has no manifest that can be read: {state.problem}" if state.problem else "has no manifest"
    if found is None:
        return "is not there"
    if found != manifest.sealed:
        return f"has sha256 {found.sha256}, and its manifest says {manifest.sealed.sha256}"
    if state.stanzas is None:
        return "is not encrypted in the age format, whatever its manifest says"
    if state.stanzas != len(manifest.recipients):
        return f"is encrypted to {state.stanzas} keys, and its manifest names {len(manifest.recipients)}"
    return None
