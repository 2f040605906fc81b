"""Whether the formula of a KeyPolicy lets the right ones in: somebody, not everybody, and for a purpose."""

from __future__ import annotations

from collections.abc import Iterator

from gatecli.checks.keys.interface import ACCESS, RECIPIENTS, SPEC, KeySubject, finding_at
from gatecli.model.access import admits_everybody, admits_without_purpose, is_satisfiable
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.quoting import quote_name

UNSATISFIABLE = Rule("keys-unsatisfiable", Severity.ERROR, "No conceivable recipient satisfies the formula")
NOBODY = Rule("keys-nobody", Severity.ERROR, "The KeyPolicy resolves to nobody")
UNRESTRICTED = Rule("keys-unrestricted", Severity.ERROR, "The formula lets everybody in")
WILDCARD = Rule("keys-wildcard", Severity.ERROR, "An attribute is a wildcard")
PURPOSE_NOT_DEMANDED = Rule(
    "keys-purpose-not-demanded", Severity.ERROR, "The formula lets somebody in who has no purpose"
)
PURPOSE_UNLISTED = Rule("keys-purpose-unlisted", Severity.ERROR, "A purpose is used that is not listed")
UNMATCHED_TERM = Rule(
    "keys-unmatched-term", Severity.WARNING, "The formula names an attribute that no recipient has"
)

_MARKS = "*?%"
_WORDS = frozenset({"all", "any", "anybody", "anyone", "everybody", "everyone", "everything"})


def find_unsatisfied(subject: KeySubject) -> Iterator[Finding]:
    """A formula that contradicts itself is told apart from one that nobody here satisfies yet."""
    formula, epoch = subject.spec.access, subject.epoch
    if not is_satisfiable(formula, epoch):
        yield finding_at(
            UNSATISFIABLE,
            subject,
            ACCESS,
            f"no recipient can satisfy the formula in epoch {epoch}: it asks one recipient to be of two "
            "centres, for more branches than there are, or for epochs that are over or to come",
            "join centres by any; check atLeast and epochs",
        )
    elif not subject.resolved:
        yield finding_at(
            NOBODY,
            subject,
            RECIPIENTS,
            f"none of {len(subject.spec.recipients)} recipients opens what is sealed in epoch {epoch}: none "
            "satisfies the formula with a key that is valid then and not revoked",
            "add a recipient that does, or correct the attributes (gatecli keys show lists them)",
        )


def find_unrestricted(subject: KeySubject) -> Iterator[Finding]:
    """Satisfied by a holder of nothing, the formula is satisfied by everybody."""
    formula, epoch = subject.spec.access, subject.epoch
    if admits_everybody(formula, epoch):
        yield finding_at(
            UNRESTRICTED,
            subject,
            ACCESS,
            "the formula holds for a recipient without any attribute, and so for every recipient",
            "ask for a centre, a role or a purpose in each branch of any and atLeast",
        )
    elif admits_without_purpose(formula, epoch):
        yield finding_at(
            PURPOSE_NOT_DEMANDED,
            subject,
            ACCESS,
            "the formula holds for a recipient that has no purpose",
            "put a purpose beside the other attributes, in every branch that can hold alone",
        )


def find_wildcards(subject: KeySubject) -> Iterator[Finding]:
    """A wildcard is compared letter for letter here; who wrote it meant something else."""
    listed = ((f"{SPEC}/purposes", "purpose", name) for name in subject.spec.purposes)
    for pointer, key, value in (*subject.attributes, *listed):
        if set(value) & set(_MARKS) or value.casefold() in _WORDS:
            yield finding_at(
                WILDCARD,
                subject,
                pointer,
                f"the {key} {quote_name(value)} is a wildcard",
                "name each one; who is let in is decided before, not when a key turns up",
                about=value,
            )


def find_unlisted_purposes(subject: KeySubject) -> Iterator[Finding]:
    """What the artifact may serve is said in one place, each with a sentence."""
    seen: set[str] = set()
    for pointer, key, value in subject.attributes:
        if key == "purpose" and value not in subject.spec.purposes and value not in seen:
            seen.add(value)
            yield finding_at(
                PURPOSE_UNLISTED,
                subject,
                pointer,
                f"the purpose {quote_name(value)} is not in spec.purposes",
                "list it there with a sentence, or correct its name",
                about=value,
            )


def find_unmatched_terms(subject: KeySubject) -> Iterator[Finding]:
    """Mostly a mistyped name: the term is there, and nobody is let in by it."""
    held = {(key, value) for at, key, value in subject.attributes if at.startswith(RECIPIENTS)}
    for pointer, key, value in subject.attributes:
        if pointer.startswith(ACCESS) and (key, value) not in held:
            yield finding_at(
                UNMATCHED_TERM,
                subject,
                pointer,
                f"no recipient has the {key} {quote_name(value)}",
                "correct its name, add the recipient, or remove the term",
                about=value,
            )
