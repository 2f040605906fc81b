"""What a check of a KeyPolicy is: the document in, findings out; and of a sealed file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from gatecli.model.access import resolve
from gatecli.model.document import Document, Place
from gatecli.model.finding import Finding, Rule, finding_in, make_finding
from gatecli.model.key_policy import KeyPolicy, KeyPolicySpec, KeyRecipient, formulas_of, key_policy_digest
from gatecli.model.sealed_artifact import SealState

SPEC = "/spec"
ACCESS = f"{SPEC}/access"
RECIPIENTS = f"{SPEC}/recipients"
REVOKED = f"{SPEC}/revoked"


@dataclass(frozen=True, slots=True)
class KeySubject:
    """A KeyPolicy, and where it is written."""

    policy: KeyPolicy
    document: Document

    @property
    def name(self) -> str:
        return self.policy.metadata.name

    @property
    def spec(self) -> KeyPolicySpec:
        return self.policy.spec

    @property
    def digest(self) -> str:
        """The SHA-256 of what the policy says."""
        return key_policy_digest(self.policy)

    @property
    def epoch(self) -> int:
        """The current epoch; the first, where none is stated, which another check says."""
        return self.spec.epoch or 1

    @property
    def resolved(self) -> tuple[KeyRecipient, ...]:
        """Who opens what is sealed now."""
        return resolve(self.spec, self.epoch)

    @property
    def attributes(self) -> Iterator[tuple[str, str, str]]:
        """Each attribute that the formula or a recipient names: its pointer, its key, its value."""
        for pointer, formula in formulas_of(self.spec.access, ACCESS):
            for key in ("centre", "role", "purpose"):
                if (value := getattr(formula, key)) is not None:
                    yield f"{pointer}/{key}", key, value
        for number, recipient in enumerate(self.spec.recipients):
            at = f"{RECIPIENTS}/{number}"
            yield f"{at}/centre", "centre", recipient.centre
            for key, values in (("role", recipient.roles), ("purpose", recipient.purposes)):
                yield from ((f"{at}/{key}s/{index}", key, value) for index, value in enumerate(values))


@dataclass(frozen=True, slots=True)
class KeyCheck:
    """A pure function and every rule it may report."""

    rules: tuple[Rule, ...]
    find: Callable[[KeySubject], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class SealedSubject:
    """A sealed file by its path, and the KeyPolicies of this run that have the name of its own."""

    path: str
    state: SealState
    policies: tuple[KeySubject, ...] = ()


def finding_at(
    rule: Rule, subject: KeySubject, pointer: str, message: str, mend: str, *, about: str = ""
) -> Finding:
    """A finding at `pointer` of the document; `about` is the content that it judges."""
    return finding_in(rule, subject.document, subject.name, pointer, message, mend, about=about)


def finding_of_file(rule: Rule, path: str, message: str, mend: str, *, about: str = "") -> Finding:
    """A finding about a sealed file."""
    return make_finding(
        rule, message, subject=path, place=Place(path), mend=mend, identity=f"{path}\0{about}"
    )
