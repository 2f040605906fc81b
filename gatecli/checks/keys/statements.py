"""Whether a KeyPolicy states what has to be stated: the epoch, who is revoked, what a model may leak."""

from __future__ import annotations

from collections.abc import Iterator

from gatecli.checks.keys.interface import REVOKED, SPEC, KeySubject, finding_at
from gatecli.model.age_recipient import recipient_point
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.key_policy import KeyRecipient

EPOCH_UNSTATED = Rule("keys-epoch-unstated", Severity.ERROR, "A KeyPolicy states no epoch")
REVOCATION_UNSTATED = Rule(
    "keys-revocation-unstated", Severity.ERROR, "A KeyPolicy does not say who is revoked"
)
UNKNOWN_REVOKED = Rule("keys-unknown-revoked", Severity.ERROR, "A revocation names nobody")
REVOKED_RESOLVES = Rule("keys-revoked-resolves", Severity.ERROR, "A revoked recipient still opens")
REVOCATION_PENDING = Rule("keys-revocation-pending", Severity.WARNING, "A revocation begins in a later epoch")
DISCLOSURE_UNSTATED = Rule(
    "keys-disclosure-unstated", Severity.ERROR, "A KeyPolicy does not say what a decrypted model may leak"
)


def find_unstated(subject: KeySubject) -> Iterator[Finding]:
    """Each is a key that a reader would otherwise have to guess the meaning of."""
    spec = subject.spec
    if spec.epoch is None:
        yield finding_at(
            EPOCH_UNSTATED,
            subject,
            f"{SPEC}/epoch",
            "spec.epoch is missing: nobody can tell which keys are valid and who is shut out",
            "begin with epoch: 1, and raise it with each rotation",
        )
    if spec.revoked is None:
        yield finding_at(
            REVOCATION_UNSTATED,
            subject,
            REVOKED,
            "spec.revoked is missing: nobody can tell whether nobody was revoked or nobody thought of it",
            "write revoked: [] where nobody is",
        )
    disclosure = spec.disclosure
    if disclosure is None or (disclosure.statement is None and disclosure.epsilon is None):
        yield finding_at(
            DISCLOSURE_UNSTATED,
            subject,
            f"{SPEC}/disclosure",
            "spec.disclosure is missing: encryption ends where a centre decrypts, and what the model tells "
            "then of the people it was trained on is not stated",
            "write disclosure with a statement, or with the epsilon and delta of the release",
        )


def find_revocations(subject: KeySubject) -> Iterator[Finding]:
    """A revocation must mean somebody, hold, and not be got round by a second name."""
    spec, epoch = subject.spec, subject.epoch
    by_name = {each.name: each for each in spec.recipients}
    for number, revocation in enumerate(spec.revoked or ()):
        at, name = f"{REVOKED}/{number}", revocation.recipient
        recipient = by_name.get(name)
        if recipient is None:
            yield finding_at(
                UNKNOWN_REVOKED,
                subject,
                f"{at}/recipient",
                f"{name} is revoked, and no recipient has this name",
                "keep who is revoked among the recipients, under the same name, so that the key is known",
                about=name,
            )
        elif revocation.epoch > epoch:
            yield finding_at(
                REVOCATION_PENDING,
                subject,
                f"{at}/epoch",
                f"{name} is revoked from epoch {revocation.epoch} on, and still opens in epoch {epoch}",
                f"raise spec.epoch to {revocation.epoch} and rotate, where it is to be shut out now",
                about=name,
            )
        else:
            yield from _under_another_name(subject, f"{at}/recipient", recipient)


def _under_another_name(subject: KeySubject, pointer: str, revoked: KeyRecipient) -> Iterator[Finding]:
    point = _point(revoked)
    for each in subject.resolved:
        if point is not None and _point(each) == point:
            yield finding_at(
                REVOKED_RESOLVES,
                subject,
                pointer,
                f"{revoked.name} is revoked, and its key still opens under the name {each.name}",
                f"revoke {each.name} too, or give it a key of its own",
                about=f"{revoked.name}\0{each.name}",
            )


def _point(recipient: KeyRecipient) -> int | None:
    try:
        return recipient_point(recipient.public_key)
    except ValueError:
        return None
