"""What releases would be charged to a ledger, and what speaks against it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeGuard

from gatecli.accounting.interface import Question
from gatecli.checks.ledger import charging
from gatecli.checks.release.recomputation import Costs
from gatecli.gates.charged_tables import without_charged
from gatecli.gates.charged_work import (
    Book,
    UnboundedWork,
    Work,
    charges_for,
    questions_to_charge,
    stabilities,
    work_of,
)
from gatecli.gates.release_identity import claim_digest, content_digest, details_of, release_id
from gatecli.ledger.interface import NO_RELEASES, Store
from gatecli.ledger.wording import near_names
from gatecli.model.finding import Finding
from gatecli.model.identity import identity_of
from gatecli.model.ledger import (
    Account,
    Charge,
    EntryKind,
    Movement,
    Reservation,
    ReservationState,
    lapsed_among,
)
from gatecli.model.number import show_percent
from gatecli.model.policy import LedgerRules
from gatecli.model.portfolio import NOTHING, Amounts, held_share, is_admitted
from gatecli.model.release import ReleaseSubject


@dataclass(frozen=True, slots=True)
class Assessment:
    """What one release would be charged.

    `movement` reserves it; None where it stands in the ledger already, or cannot be charged. `measures` are
    for the report. `problems` speak against it.
    """

    subject: ReleaseSubject
    movement: Movement | None
    measures: Mapping[str, object] = field(default_factory=dict)
    problems: tuple[Finding, ...] = ()
    releases: Mapping[str, str] = field(default_factory=lambda: NO_RELEASES)
    """Of a plan, the releases that it reserves, and the digest of each."""
    has_run: bool = False
    """Whether its output is there already, so that what is reserved is spent at once."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What an assessment depends on besides the releases; `at` is the client's time (RFC 3339)."""

    store: Store
    rules: LedgerRules
    today: date
    at: str
    reserves: bool = False
    """Whether what passes is reserved, for what the report says of it."""


def assess(releases: Sequence[ReleaseSubject], costs: Sequence[Costs], terms: Terms) -> list[Assessment]:
    """Each release in turn, as if those before it in the run were reserved."""
    book = Book(terms.store)
    uncharged = [without_charged(*each, terms.store) for each in zip(releases, costs, strict=True)]
    return [
        _assess_one(subject, cost, terms, book) for subject, cost in zip(releases, uncharged, strict=True)
    ]


def _assess_one(subject: ReleaseSubject, costs: Costs, terms: Terms, book: Book) -> Assessment:
    """What is found beside the budget never keeps a release from being charged: somebody may forgive it."""
    found = list(named_accounts(subject, terms, book))
    problems = tuple(each for each in found if isinstance(each, Finding))
    accounts = [each for each in found if isinstance(each, Account)]
    if not accounts or any(each.rule is charging.UNKNOWN_DATASET for each in problems):
        return Assessment(subject, None, {}, problems)
    assessed = _assess_charge(subject, costs, accounts, terms, book)
    told = (*assessed.problems, *problems, *find_lapsed(subject, accounts, terms, book))
    return replace(assessed, problems=told)


def _assess_charge(
    subject: ReleaseSubject, costs: Costs, accounts: Sequence[Account], terms: Terms, book: Book
) -> Assessment:
    known = terms.store.reservation(release_id(subject))
    charged = charge_of(subject, questions_to_charge(costs), accounts, book)
    if isinstance(charged, Finding):
        return Assessment(subject, None, {}, (charged,))
    digest = claim_digest(subject, accounts)
    if (twin := book.releases.setdefault(release_id(subject), digest)) != digest:
        return Assessment(subject, None, {}, (charging.find_twice(subject, twin),))
    name, attempt, later = release_id(subject), 0 if known is None else known.attempt + 1, False
    if stands(known):
        standing = _assess_standing(subject, accounts, known)
        name, attempt, later = later_id(subject, accounts), 0, True
        charged = more_than_held(subject, costs, accounts, (known, charged), book)
        if standing.problems or not charged or stands(terms.store.reservation(name)):
            return standing
    against = find_closed(subject, accounts, book) or find_over(subject, [accounts], charged, book)
    if against:
        return Assessment(subject, None, {}, against)
    measures: dict[str, object] = {"ledger": {word_of(terms): shares_of(charged, book)}}
    book.add(charged, name)
    details = details_of(
        subject,
        questions_to_charge(costs),
        stabilities(accounts, book),
        beyond=release_id(subject) if later else None,
    )
    movement = Movement(EntryKind.RESERVE, name, terms.at, tuple(charged), digest, details, attempt)
    return Assessment(subject, movement, measures, has_run=later)


def stands(known: Reservation | None) -> TypeGuard[Reservation]:
    """Whether a subject is taken: by a release, a plan, a lease or an opening balance that was not voided."""
    return known is not None and known.state is not ReservationState.VOID


def word_of(terms: Terms) -> str:
    """How the report calls what is charged: it says whether it was."""
    return "reserved" if terms.reserves else "wouldReserve"


def _assess_standing(subject: ReleaseSubject, accounts: Sequence[Account], known: Reservation) -> Assessment:
    """Whether what stands in the ledger is this release.

    A release is reserved before its output is there, so artifacts and evidence may come after. Those that a
    commit was made with are bound to it.
    """
    bound = known.state is ReservationState.COMMITTED and known.last_digest != known.digest
    other = bound and known.last_digest != content_digest(subject, accounts)
    if known.digest != claim_digest(subject, accounts) or other:
        return Assessment(subject, None, {}, (charging.find_changed(subject, known),))
    return Assessment(subject, None, {"ledger": {"state": known.state.value}})


def later_id(subject: ReleaseSubject, accounts: Sequence[Account]) -> str:
    """The subject of what a release costs more, by evidence that came after it was reserved."""
    return f"{release_id(subject)}+{content_digest(subject, accounts)[:12]}"


def more_than_held(
    subject: ReleaseSubject,
    costs: Costs,
    accounts: Sequence[Account],
    standing: tuple[Reservation, Sequence[Charge]],
    book: Book,
) -> list[Charge]:
    """What evidence that came later adds to what is held for a release; empty where nothing is dearer.

    A plan is held as one mechanism, of which nobody can say what is held for one release: one whose evidence
    is dearer than its declaration is charged by itself, on top.
    """
    known, charged = standing
    if known.plan is None:
        held = {each.dataset: each.amounts for each in known.charges}
        more = [
            Charge(each.dataset, _beyond(each.amounts, held.get(each.dataset, NOTHING))) for each in charged
        ]
        return more if any(any(each.amounts) for each in more) else []
    alone = charge_of(subject, [costs.declared.question] if costs.declared else [], accounts, book)
    if isinstance(alone, Finding):
        return list(charged)
    dearer = any(any(_beyond(one.amounts, own.amounts)) for one, own in zip(charged, alone, strict=True))
    return list(charged) if dearer else []


def _beyond(amounts: Amounts, held: Amounts) -> Amounts:
    return Amounts(*(max(0, each - have) for each, have in zip(amounts, held, strict=True)))


def find_closed(subject: ReleaseSubject, accounts: Sequence[Account], book: Book) -> tuple[Finding, ...]:
    """The datasets and parents that take no more charges: for what the ledger does not hold already."""
    return tuple(
        charging.find_closed(subject, name)
        for name in sorted(stabilities(accounts, book))
        if (account := book.account(name)) is not None and account.closed
    )


def find_over(
    subject: ReleaseSubject,
    accounts: Sequence[Sequence[Account]],
    charges: Sequence[Charge],
    book: Book,
    plan: str | None = None,
) -> tuple[Finding, ...]:
    """The budgets that the charges do not fit into.

    `accounts` are those that each charged release names: one release, or all those of a plan.
    """
    changes = [stabilities(own, book) for own in accounts]
    return tuple(
        charging.find_exceeded(
            subject,
            charging.RefusedCharge(
                account,
                before,
                charge.amounts,
                max(own.get(charge.dataset, 0) for own in changes),
                _children_of(account, accounts, book),
                tuple(book.charged_by.get(charge.dataset, ())),
                plan,
            ),
        )
        for charge in charges
        if (account := book.account(charge.dataset)) is not None
        and not is_admitted(
            (before := book.amounts_held(account)) + charge.amounts,
            account.terms.limits,
            account.terms.admission,
        )
    )


def _children_of(account: Account, accounts: Sequence[Sequence[Account]], book: Book) -> tuple[str, ...]:
    """The named datasets that an account is a parent of, near or far."""
    name = account.terms.name
    named = {each.terms.name: each for own in accounts for each in own if each.terms.name != name}
    return tuple(child for child, each in named.items() if name in stabilities([each], book))


def shares_of(charges: Sequence[Charge], book: Book) -> dict[str, str]:
    """For the report: the share of each budget that is held before and after, by the best filter."""
    shares = {}
    for charge in charges:
        account = book.account(charge.dataset)
        if account is not None:
            terms, held = account.terms, book.amounts_held(account)
            both = (held, held + charge.amounts)
            before, after = (held_share(each, terms.limits, terms.admission) for each in both)
            shares[charge.dataset] = f"{show_percent(before)} to {show_percent(after)}"
    return shares


def named_accounts(subject: ReleaseSubject, terms: Terms, book: Book) -> Iterator[Account | Finding]:
    """The account of each named dataset that is not public, closed or not; a public one has none."""
    if not subject.release.spec.datasets:
        yield charging.find_no_dataset(subject)
    public = [name for name in terms.rules.public if book.account(name) is None]
    unheld = set(map(identity_of, public)) - {
        identity_of(name) for name in terms.rules.public if name not in public
    }
    seen = set()
    for number, dataset in enumerate(subject.release.spec.datasets):
        account = book.account(dataset.name)
        if account is None and identity_of(dataset.name) in unheld:
            continue
        if account is None:
            yield charging.find_unknown(
                subject, number, near_names(dataset.name, terms.store.account_names())
            )
            continue
        yield from charging.find_unit(subject, account)
        yield from charging.find_schema(subject, number, account)
        if dataset.name not in seen:
            yield account
        seen.add(dataset.name)
    leased = sorted(name for name in seen if (lent := book.account(name)) is not None and lent.terms.lease)
    if len(leased) > 1:
        yield charging.find_leases(subject, leased)


def find_lapsed(
    subject: ReleaseSubject, accounts: Sequence[Account], terms: Terms, book: Book
) -> Iterator[Finding]:
    """What lapsed on the datasets of a release: once a run, and a plan once for all its releases."""
    for account in accounts:
        name = account.terms.name
        if name in book.searched:
            continue
        book.searched.add(name)
        held = list(terms.store.reservations(ReservationState.HELD, name))
        for lapsed in lapsed_among(held, terms.today):
            if lapsed.subject not in book.lapsed:
                book.lapsed.add(lapsed.subject)
                releases = [each.subject for each in held if each.plan == lapsed.subject]
                yield charging.find_lapsed(subject, name, lapsed, releases)


def charge_of(
    subject: ReleaseSubject, questions: Sequence[Question], accounts: Sequence[Account], book: Book
) -> list[Charge] | Finding:
    """What each dataset and each of its parents is charged, by name; or why nothing can be charged."""
    return charges_of(subject, work_of(questions, stabilities(accounts, book)), book)


def charges_of(subject: ReleaseSubject, work: Mapping[str, Work], book: Book) -> list[Charge] | Finding:
    """What each dataset is charged for all the work on it as one mechanism."""
    charges = charges_for(work, book)
    if isinstance(charges, UnboundedWork):
        return charging.find_unbounded(subject, charges.dataset, charges.reasons)
    return list(charges)
