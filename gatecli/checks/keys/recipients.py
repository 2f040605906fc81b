"""Whether the keys of recipients are keys, strong, valid, and each one's own."""

from __future__ import annotations

from collections.abc import Iterator

from gatecli.checks.keys.interface import RECIPIENTS, KeySubject, finding_at
from gatecli.model.access import standing_recipients
from gatecli.model.age_recipient import is_weak, recipient_point
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.identity import identity_of

INVALID_KEY = Rule("keys-invalid-key", Severity.ERROR, "A recipient's public key is not one")
WEAK_KEY = Rule("keys-weak-key", Severity.ERROR, "What is sealed to a recipient can be opened by everybody")
PRIVATE_KEY = Rule("keys-private-key", Severity.ERROR, "A KeyPolicy holds a private key")
EXPIRED_KEY = Rule("keys-expired-key", Severity.WARNING, "A recipient's key is valid no longer")
SHARED_KEY = Rule("keys-shared-key", Severity.ERROR, "One key stands under two names")
DUPLICATE_NAME = Rule("keys-duplicate-name", Severity.ERROR, "Two recipients have one name")

_IDENTITY = "age-secret-key"


def find_key_faults(subject: KeySubject) -> Iterator[Finding]:
    """A key that is none locks its holder out; a weak one lets everybody in. No key is repeated here."""
    for number, recipient in enumerate(subject.spec.recipients):
        at, text, name = f"{RECIPIENTS}/{number}/publicKey", recipient.public_key, recipient.name
        if text.casefold().startswith(_IDENTITY):
            yield finding_at(
                PRIVATE_KEY,
                subject,
                at,
                f"the key of {name} is a private key: whoever read this file can open what was sealed to it",
                "have its holder make a new one (gatecli keys new), and write the age1… that it shows",
            )
            continue
        try:
            is_everybodys = is_weak(text)
        except ValueError as error:
            mend = "write the age1… that gatecli keys new or age-keygen -y shows"
            yield finding_at(INVALID_KEY, subject, at, f"the key of {name} {error}", mend)
            continue
        if is_everybodys:
            yield finding_at(
                WEAK_KEY,
                subject,
                at,
                f"the key of {name} is a point of small order: everybody knows the secret it gives",
                "ask its holder how it was made, and for another one (gatecli keys new)",
            )


def find_expired_keys(subject: KeySubject) -> Iterator[Finding]:
    """It shuts its holder out, who may not know."""
    for number, recipient in enumerate(subject.spec.recipients):
        last = recipient.epochs.last
        if last is not None and last < subject.epoch:
            yield finding_at(
                EXPIRED_KEY,
                subject,
                f"{RECIPIENTS}/{number}/epochs",
                f"the key of {recipient.name} was valid until epoch {last}, and it is epoch {subject.epoch}",
                "write the holder's new key, or remove the recipient",
                about=recipient.name,
            )


def find_shared_keys(subject: KeySubject) -> Iterator[Finding]:
    """Whoever is revoked under one name later would still open under the other."""
    owners: dict[int, str] = {}
    standing = {each.name for each in standing_recipients(subject.spec, subject.epoch)}
    for number, recipient in enumerate(subject.spec.recipients):
        if recipient.name not in standing:  # one that opens under another name is another finding
            continue
        try:
            point = recipient_point(recipient.public_key)
        except ValueError:  # another check says so
            continue
        first = owners.setdefault(point, recipient.name)
        if first != recipient.name:
            yield finding_at(
                SHARED_KEY,
                subject,
                f"{RECIPIENTS}/{number}/publicKey",
                f"{recipient.name} and {first} have the same key",
                "give each holder a key of its own (gatecli keys new), or write one recipient",
                about=recipient.name,
            )


def find_duplicate_names(subject: KeySubject) -> Iterator[Finding]:
    """A revocation names a recipient, and must mean one."""
    first: dict[str, str] = {}
    for number, recipient in enumerate(subject.spec.recipients):
        known = first.setdefault(identity_of(recipient.name), f"{RECIPIENTS}/{number}")
        if known != f"{RECIPIENTS}/{number}":
            yield finding_at(
                DUPLICATE_NAME,
                subject,
                f"{RECIPIENTS}/{number}/name",
                f"the name {recipient.name} is that of an earlier recipient, too",
                "give each recipient a name of its own",
                about=recipient.name,
            )
