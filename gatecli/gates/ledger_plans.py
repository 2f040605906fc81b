"""A plan: several releases that are reserved as one mechanism, before any output of them is seen.

What is fixed in advance composes as one mechanism, near exactly; what is chosen after seeing outputs does not
(docs/adr/0017).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gatecli.accounting.interface import Question
from gatecli.checks.ledger import charging
from gatecli.checks.release.recomputation import Costs
from gatecli.gates.charged_work import Book, Work, questions_to_charge, stabilities
from gatecli.gates.charges import (
    Assessment,
    Terms,
    charges_of,
    find_over,
    named_accounts,
    shares_of,
    stands,
    word_of,
)
from gatecli.gates.release_identity import claim_digest, details_of, release_id
from gatecli.model.finding import Finding
from gatecli.model.ledger import Account, Charge, EntryKind, Movement, identity_digest
from gatecli.model.release import ReleaseSubject


def assess_plan(
    name: str, releases: Sequence[ReleaseSubject], costs: Sequence[Costs], terms: Terms
) -> list[Assessment]:
    """One assessment of each release; the first carries the movement of the plan."""
    book = Book(terms.store)
    found = [_accounts_of(subject, terms, book) for subject in releases]
    problems = [problem for _, problems in found for problem in problems]
    accounts = [each for each, _ in found]
    if problems or not releases:
        return _alone(releases, problems)
    digests = [claim_digest(each, own) for each, own in zip(releases, accounts, strict=True)]
    digest = identity_digest({"plan": sorted(digests)})
    known = terms.store.reservation(name)
    if stands(known):
        changed = [] if known.digest == digest else [charging.find_changed(releases[0], known)]
        return _alone(releases, changed, {"ledger": {"state": known.state.value, "plan": name}})
    standing = list(_find_standing(releases, terms))
    charged = standing or charges_of(releases[0], _work(accounts, costs, book), book)
    if isinstance(charged, Finding):
        return _alone(releases, [charged])
    charges = [each for each in charged if isinstance(each, Charge)]
    over = standing or find_over(releases[0], charges, book)
    if over:
        return _alone(releases, over)
    measures: dict[str, object] = {"ledger": {"plan": name, word_of(terms): shares_of(charges, book)}}
    movement = Movement(
        EntryKind.RESERVE,
        name,
        terms.at,
        tuple(charges),
        digest,
        {
            "releases": {
                release_id(subject): details_of(subject, questions_to_charge(cost), stabilities(own, book))
                for subject, cost, own in zip(releases, costs, accounts, strict=True)
            }
        },
        0 if known is None else known.attempt + 1,
    )
    named = dict(zip(map(release_id, releases), digests, strict=True))
    first = Assessment(releases[0], movement, measures, (), named)
    return [first, *_alone(releases[1:], (), measures)]


def _alone(
    releases: Sequence[ReleaseSubject],
    problems: Sequence[Finding],
    measures: dict[str, object] | None = None,
) -> list[Assessment]:
    """Assessments without a movement; the first carries the problems."""
    return [
        Assessment(subject, None, {} if problems else measures or {}, () if number else tuple(problems))
        for number, subject in enumerate(releases)
    ]


def _accounts_of(subject: ReleaseSubject, terms: Terms, book: Book) -> tuple[list[Account], list[Finding]]:
    found = list(named_accounts(subject, terms, book))
    return (
        [each for each in found if isinstance(each, Account)],
        [each for each in found if isinstance(each, Finding)],
    )


def _find_standing(releases: Sequence[ReleaseSubject], terms: Terms) -> Iterator[Finding]:
    """A release that is reserved alone, or in another plan, is charged there."""
    for subject in releases:
        known = terms.store.reservation(release_id(subject))
        if stands(known):
            yield charging.find_reserved(subject, known)


def _work(accounts: Sequence[Sequence[Account]], costs: Sequence[Costs], book: Book) -> Mapping[str, Work]:
    """What the plan runs on each dataset and parent."""
    work: dict[str, list[tuple[Sequence[Question], int]]] = {}
    for own, cost in zip(accounts, costs, strict=True):
        for name, stability in stabilities(own, book).items():
            work.setdefault(name, []).append((questions_to_charge(cost), stability))
    return work
