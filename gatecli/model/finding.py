"""One thing that a check found: where, how severe, and how to fix it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from gatecli.model.document import Document, Place

DOCS = "https://gatecli.dev/rules/"


class Severity(StrEnum):
    """How bad a finding is; what closes a gate is decided by `--fail-on`."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """0 is worst."""
        return _ORDER.index(self)


_ORDER = (Severity.ERROR, Severity.WARNING, Severity.NOTE)


@dataclass(frozen=True, slots=True)
class Rule:
    """What can be found: a promise by name. Its explanation is its section in docs/rules.md.

    An `uncheckable` rule says that something could not be judged: it leads to exit code 4, and no
    policy, waiver or baseline can soften it. A `falsehood` says that a declaration is false: no policy
    softens it, no baseline forgives it, and a waiver does so for a month at most. A rule of `coverage` says
    what was not looked at: reports for people count such findings where there are many. An `unforgivable`
    rule is about the law itself: no waiver and no baseline forgives it, a policy says how bad it is.
    """

    id: str
    severity: Severity
    summary: str
    uncheckable: bool = False
    falsehood: bool = False
    coverage: bool = False
    unforgivable: bool = False

    @property
    def url(self) -> str:
        return f"{DOCS}#{self.id}"

    @property
    def may_be_known(self) -> bool:
        """Whether a baseline may hold a finding of it."""
        return not (self.uncheckable or self.falsehood or self.unforgivable)


def is_of_families(rule: str, families: Iterable[str]) -> bool:
    """Whether a rule's id begins with one of these words, as `dp-missing-epsilon` does with `dp`."""
    return any(rule == family or rule.startswith(f"{family}-") for family in families)


@dataclass(frozen=True, slots=True)
class Suppression:
    """Why a finding does not count: by a waiver, a baseline or an inline comment; who answers for it."""

    by: str
    name: str
    reason: str = ""
    expires: str = ""
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach of one rule at one place. Immutable; holds no detected personal value.

    `fingerprint` identifies it by rule and content, never by line, so that it survives edits
    elsewhere in the file.
    """

    rule: Rule
    severity: Severity
    message: str
    subject: str
    place: Place
    remediation: str
    fingerprint: str
    suppressed: Suppression | None = None
    new: bool | None = None
    """Whether the baseline does not hold it; None where there was no baseline."""

    @property
    def sort_key(self) -> tuple[object, ...]:
        """New first, then worst first, then by place, so that the same input gives the same bytes."""
        at = self.place
        where = (at.path, at.document or 0, at.line or 0, at.column or 0, at.pointer or "")
        rank = (self.suppressed is not None, self.new is False, self.severity.rank)
        return (*rank, *where, self.rule.id, self.message)


def finding_in(
    rule: Rule, document: Document, subject: str, pointer: str, message: str, mend: str, *, about: str = ""
) -> Finding:
    """A finding at `pointer` of the document of a subject; `about` is the content that it judges."""
    return make_finding(
        rule,
        message,
        subject=subject,
        place=document.place(pointer),
        mend=mend,
        identity=f"{subject}\0{pointer}\0{about}",
    )


def make_finding(
    rule: Rule, message: str, *, subject: str, place: Place, mend: str, identity: str = ""
) -> Finding:
    """A finding of `rule`; `identity` is the content it is about (default: subject and pointer)."""
    content = identity or f"{subject}\0{place.pointer or ''}"
    digest = hashlib.sha256(f"{rule.id}\0{content}".encode("utf-8", "surrogatepass")).hexdigest()
    return Finding(rule, rule.severity, message, subject, place, mend, digest[:32])
