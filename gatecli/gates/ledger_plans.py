"""A plan: several releases that are reserved as one mechanism, before any output of them is seen.

What is fixed in advance composes as one mechanism, near exactly; what is chosen after seeing outputs does not
(docs/adr/0017).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gatecli.accounting.interface import Question
from gatecli.checks.ledger import charging
from gatecli.checks.release.recomputation import Costs
from gatecli.gates.charged_tables import without_charged
from gatecli.gates.charged_work import Book, Work, questions_to_charge, stabilities
from gatecli.gates.charges import (
    Assessment,
    Terms,
    charge_of,
    charges_of,
    find_closed,
    find_over,
    named_accounts,
    shares_of,
    stands,
    word_of,
)
from gatecli.gates.release_identity import claim_digest, details_of, release_id
from gatecli.model.finding import Finding
from gatecli.model.ledger import (
    Account,
    EntryKind,
    Movement,
    Reservation,
    identity_digest,
)
from gatecli.model.release import ReleaseSubject


def assess_plan(
    name: str, releases: Sequence[ReleaseSubject], costs: Sequence[Costs], terms: Terms
) -> list[Assessment]:
    """One assessment of each release; the first carries the movement of the plan."""
    book = Book(terms.store)
    costs = [without_charged(*each, terms.store) for each in zip(releases, costs, strict=True)]
    found = [_accounts_of(subject, terms, book) for subject in releases]
    problems = [problem for _, problems in found for problem in problems]
    accounts = [each for each, _ in found]
    if problems or not releases:
        return _alone(releases, problems)
    digests = [claim_digest(each, own) for each, own in zip(releases, accounts, strict=True)]
    digest = identity_digest({"plan": sorted(digests)})
    known = terms.store.reservation(name)
    if stands(known):
        changed = _find_changes(list(zip(releases, digests, strict=True)), known, digest, terms)
        return _alone(releases, changed, {"ledger": {"state": known.state.value, "plan": name}})
    against = list(_find_against(releases, accounts, terms, book))
    if against:
        return _alone(releases, against)
    charges = charges_of(releases[0], _work(accounts, costs, book), book)
    if isinstance(charges, Finding):
        return _alone(releases, [_find_unbounded(releases, costs, accounts, book) or charges])
    over = find_over(releases[0], accounts, charges, book, name)
    if over:
        return _alone(releases, over)
    measures: dict[str, object] = {"ledger": {"plan": name, word_of(terms): shares_of(charges, book)}}
    details = {
        release_id(subject): details_of(subject, questions_to_charge(cost), stabilities(own, book))
        for subject, cost, own in zip(releases, costs, accounts, strict=True)
    }
    attempt = 0 if known is None else known.attempt + 1
    movement = Movement(
        EntryKind.RESERVE, name, terms.at, tuple(charges), digest, {"releases": details}, attempt
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


def _find_changes(
    run: Sequence[tuple[ReleaseSubject, str]], plan: Reservation, digest: str, terms: Terms
) -> list[Finding]:
    """What of a run, each release with its digest, is not the plan that stands; `digest` is the run's own."""
    found = [each for subject, own in run for each in _find_change(subject, own, plan, terms)]
    if plan.digest == digest:
        return found
    names = {release_id(subject) for subject, _ in run}
    standing = [each for each in terms.store.releases_of_plan(plan.subject) if stands(each)]
    missing = [each.subject for each in standing if each.subject not in names]
    if missing:
        return [*found, charging.find_missing_planned(run[0][0], plan, missing)]
    if not found and sorted(each.digest for each in standing) != sorted(own for _, own in run):
        return [charging.find_changed(run[0][0], plan)]
    return found


def _find_change(subject: ReleaseSubject, digest: str, plan: Reservation, terms: Terms) -> Iterator[Finding]:
    known = terms.store.reservation(release_id(subject))
    is_member = known is not None and known.plan == plan.subject
    if not stands(known):
        yield charging.find_not_planned(subject, plan, voided=is_member)
    elif not is_member:
        yield charging.find_reserved(subject, known)
    elif known.digest != digest:
        yield charging.find_changed(subject, known)


def _find_against(
    releases: Sequence[ReleaseSubject], accounts: Sequence[Sequence[Account]], terms: Terms, book: Book
) -> Iterator[Finding]:
    """Releases that are charged alone, or in another plan, and those whose datasets are closed."""
    for subject, own in zip(releases, accounts, strict=True):
        known = terms.store.reservation(release_id(subject))
        if stands(known):
            yield charging.find_reserved(subject, known)
        yield from find_closed(subject, own, book)


def _find_unbounded(
    releases: Sequence[ReleaseSubject],
    costs: Sequence[Costs],
    accounts: Sequence[Sequence[Account]],
    book: Book,
) -> Finding | None:
    """The release that nothing bounds, where it is one alone."""
    for subject, cost, own in zip(releases, costs, accounts, strict=True):
        charged = charge_of(subject, questions_to_charge(cost), own, book)
        if isinstance(charged, Finding):
            return charged
    return None


def _work(accounts: Sequence[Sequence[Account]], costs: Sequence[Costs], book: Book) -> Mapping[str, Work]:
    """What the plan runs on each dataset and parent."""
    work: dict[str, list[tuple[Sequence[Question], int]]] = {}
    for own, cost in zip(accounts, costs, strict=True):
        for name, stability in stabilities(own, book).items():
            work.setdefault(name, []).append((questions_to_charge(cost), stability))
    return work
