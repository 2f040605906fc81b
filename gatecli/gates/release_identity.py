"""What makes a release the same as one before, and what a ledger keeps of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from gatecli.accounting.interface import Question
from gatecli.gates.charged_work import kept_work
from gatecli.model.ledger import Account, identity_digest
from gatecli.model.release import ReleaseSubject


def release_id(subject: ReleaseSubject) -> str:
    """How the ledger names a release: `name@version`."""
    metadata = subject.release.metadata
    return f"{metadata.name}@{metadata.version}"


def claim_digest(subject: ReleaseSubject, accounts: Iterable[Account]) -> str:
    """What makes a release the same as one before: what is claimed of it, and from which data."""
    return identity_digest(_claim_parts(subject, accounts))


def content_digest(subject: ReleaseSubject, accounts: Iterable[Account]) -> str:
    """The same with the bytes that ship, and what was recorded of the run."""
    evidence = [
        [each.model_dump(mode="json", by_alias=True) for each in evidence.mechanisms]
        for evidence in subject.evidence
    ]
    artifacts = sorted([state.artifact.path, state.sha256] for state in subject.artifacts)
    return identity_digest({**_claim_parts(subject, accounts), "evidence": evidence, "artifacts": artifacts})


def _claim_parts(subject: ReleaseSubject, accounts: Iterable[Account]) -> dict[str, Any]:
    claim = subject.release.claim
    return {
        "release": release_id(subject),
        "claim": claim.model_dump(mode="json", by_alias=True, exclude={"evidence"}) if claim else None,
        "datasets": sorted(account.terms.name for account in accounts),
    }


def details_of(
    subject: ReleaseSubject,
    questions: Sequence[Question],
    changes: Mapping[str, int],
    beyond: str | None = None,
) -> dict[str, Any]:
    """What an entry keeps of a release: digests, the claim, and what was run; no person, no free text.

    `changes` says how many units of what it is made from one unit of each charged dataset changes. `beyond`
    is the subject that pays for a part of it already: the entry holds the rest.
    """
    claim = subject.release.claim
    return {
        **({} if beyond is None else {"beyond": beyond}),
        "declaration": subject.document.sha256,
        "artifacts": [state.sha256 for state in subject.artifacts if state.sha256],
        "claim": _claim(claim.epsilon, claim.delta) if claim else None,
        "work": kept_work(questions),
        "stability": dict(changes),
    }


def _claim(epsilon: Fraction | None, delta: Fraction | None) -> list[str | None]:
    return [None if number is None else str(number) for number in (epsilon, delta)]
