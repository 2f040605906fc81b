"""What releases would be charged to a ledger, and what speaks against it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

from gatecli.accounting.interface import NoBound, Question
from gatecli.accounting.portfolio import amounts_of
from gatecli.checks.ledger import charging
from gatecli.checks.release.recomputation import Costs
from gatecli.ledger.interface import NO_RELEASES, Store
from gatecli.model.finding import Finding
from gatecli.model.identity import identity_of
from gatecli.model.ledger import (
    STANDING,
    Account,
    Charge,
    DatasetTerms,
    EntryKind,
    Movement,
    Reservation,
    ReservationState,
    canonical_json,
    identity_digest,
    is_lapsed,
)
from gatecli.model.mechanism import Mechanism
from gatecli.model.number import show_percent
from gatecli.model.policy import LedgerRules
from gatecli.model.portfolio import NOTHING, Amounts, clip, held_share, is_admitted
from gatecli.model.release import ReleaseSubject

MOST_CONTENT = 1 << 16
"""Characters of mechanisms that an entry keeps; of more it keeps the digest alone."""


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


@dataclass(frozen=True, slots=True)
class Terms:
    """What an assessment depends on besides the releases; `at` is the client's time (RFC 3339)."""

    store: Store
    rules: LedgerRules
    today: date
    at: str


def release_id(subject: ReleaseSubject) -> str:
    """How the ledger names a release: `name@version`."""
    metadata = subject.release.metadata
    return f"{metadata.name}@{metadata.version}"


def assess(releases: Sequence[ReleaseSubject], costs: Sequence[Costs], terms: Terms) -> list[Assessment]:
    """Each release in turn, as if those before it in the run were reserved."""
    book = Book(terms.store)
    return [_assess_one(subject, cost, terms, book) for subject, cost in zip(releases, costs, strict=True)]


@dataclass(slots=True)
class Book:
    """Accounts as they would stand after what was assessed in this run."""

    store: Store
    pending: dict[str, Amounts] = field(default_factory=dict)
    read: dict[str, Account | None] = field(default_factory=dict)

    def account(self, name: str) -> Account | None:
        """An account as the ledger has it, read once a run."""
        if name not in self.read:
            self.read[name] = self.store.account(name)
        return self.read[name]

    def amounts_held(self, account: Account) -> Amounts:
        """What is held there, and what this run would add."""
        return account.held + self.pending.get(account.terms.name, NOTHING)

    def add(self, charges: Iterable[Charge]) -> None:
        """Count charges as held."""
        for charge in charges:
            self.pending[charge.dataset] = self.pending.get(charge.dataset, NOTHING) + charge.amounts


def _assess_one(subject: ReleaseSubject, costs: Costs, terms: Terms, book: Book) -> Assessment:
    """What is found beside the budget never keeps a release from being charged: somebody may forgive it."""
    found = list(named_accounts(subject, terms, book))
    problems = tuple(each for each in found if isinstance(each, Finding))
    accounts = [each for each in found if isinstance(each, Account)]
    if not accounts or any(each.rule is charging.UNKNOWN_DATASET for each in problems):
        return Assessment(subject, None, {}, problems)
    problems += tuple(find_lapsed(subject, accounts, terms))
    known = terms.store.reservation(release_id(subject))
    charged = charge_of(subject, questions_to_charge(costs), accounts, book)
    if isinstance(charged, Finding):
        return Assessment(subject, None, {}, (charged, *problems))
    if known is not None and known.state in STANDING:
        changed = tuple(find_change(subject, accounts, known, charged, terms.store))
        standing: dict[str, object] = {} if changed else {"ledger": {"state": known.state.value}}
        return Assessment(subject, None, standing, (*changed, *problems))
    over = find_over(subject, charged, book)
    if over:
        return Assessment(subject, None, {}, (*over, *problems))
    reserves: dict[str, object] = {"ledger": {"reserves": shares_of(charged, book)}}
    book.add(charged)
    movement = _movement(subject, costs, charged, claim_digest(subject, accounts), known, terms.at)
    return Assessment(subject, movement, reserves, problems)


def find_change(
    subject: ReleaseSubject,
    accounts: Sequence[Account],
    known: Reservation,
    charged: Sequence[Charge],
    store: Store,
) -> Iterator[Finding]:
    """Whether what stands in the ledger is this release.

    A release is reserved before its output is there, so artifacts and evidence may come after: what they
    record must not cost more than what is held. Those that a commit was made with are bound to it.
    """
    holder = known if known.plan is None else store.reservation(known.plan)
    held = {each.dataset: each.amounts for each in (holder or known).charges}
    dearer = any(
        any(more > have for more, have in zip(each.amounts, held.get(each.dataset, NOTHING), strict=True))
        for each in charged
    )
    bound = known.state is ReservationState.COMMITTED and known.last_digest != known.digest
    other = bound and known.last_digest != content_digest(subject, accounts)
    if known.digest != claim_digest(subject, accounts) or dearer or other:
        yield charging.find_changed(subject, known)


def find_over(subject: ReleaseSubject, charges: Sequence[Charge], book: Book) -> tuple[Finding, ...]:
    """The budgets that the charges do not fit into."""
    return tuple(
        charging.find_exceeded(subject, account, book.amounts_held(account), charge.amounts)
        for charge in charges
        if (account := book.account(charge.dataset)) is not None
        and not is_admitted(
            book.amounts_held(account) + charge.amounts, account.terms.limits, account.terms.admission
        )
    )


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
    """The account of each named dataset that is not public; a public one has none."""
    if not subject.release.spec.datasets:
        yield charging.find_no_dataset(subject)
    public = {identity_of(name): name for name in terms.rules.public}
    seen = set()
    for number, dataset in enumerate(subject.release.spec.datasets):
        account = book.account(dataset.name)
        listed = public.get(identity_of(dataset.name))
        if account is None and listed is not None and book.account(listed) is None:
            continue
        if account is None or account.closed:
            yield charging.find_unknown(subject, number, closed=account is not None)
            continue
        yield from charging.find_unit(subject, account)
        yield from charging.find_schema(subject, number, account)
        if dataset.name not in seen:
            yield account
        seen.add(dataset.name)


def find_lapsed(subject: ReleaseSubject, accounts: Sequence[Account], terms: Terms) -> Iterator[Finding]:
    for account in accounts:
        name = account.terms.name
        for held in terms.store.reservations(ReservationState.HELD, name):
            if is_lapsed(held, terms.today):
                yield charging.find_lapsed(subject, name, held)


def questions_to_charge(costs: Costs) -> tuple[Question, ...]:
    """The accounts of what was run, the dearest first: the declared one and the recorded one, each once."""
    dearest = [] if costs.worst is None else [costs.worst[0].question]
    return tuple(dict.fromkeys((*dearest, *(cost.question for cost in costs.counted))))


def charge_of(
    subject: ReleaseSubject, questions: Sequence[Question], accounts: Sequence[Account], book: Book
) -> list[Charge] | Finding:
    """What each dataset and each of its parents is charged, by name; or why nothing can be charged."""
    work = {name: [(questions, stability)] for name, stability in stabilities(accounts, book).items()}
    return charges_of(subject, work, book)


Work = Sequence[tuple[Sequence[Question], int]]
"""What is run on a dataset: for each release the accounts of it, and how many units one unit changes."""


def charges_of(subject: ReleaseSubject, work: Mapping[str, Work], book: Book) -> list[Charge] | Finding:
    """What each dataset is charged for all the work on it as one mechanism."""
    charges = []
    for name in sorted(work):
        account = book.account(name)
        if account is None or account.closed:
            return charging.find_unbounded(subject, name, (f"its parent {name} is not open in the ledger",))
        amounts = costs_of_work(work[name], account.terms)
        if isinstance(amounts, NoBound):
            return charging.find_unbounded(subject, name, amounts.reasons)
        charges.append(Charge(name, clip(amounts, account.terms.limits)))
    return charges


def costs_of_work(work: Work, terms: DatasetTerms) -> Amounts | NoBound:
    """What the work costs; of two accounts of one run, the declared and the recorded one, the dearer counts.

    One release is charged the dearer in each measure. Of several, that compose as one mechanism, each counts
    by the account that `questions_to_charge` puts first.
    """
    if not all(questions for questions, _ in work):
        return NoBound(("it declares no mechanism with a cost",))
    (first, stability), *more = work
    joint = (
        [_joint([(questions[0], each) for questions, each in work], terms)]
        if more
        else [_joint([(question, stability)], terms) for question in first]
    )
    found = [amounts_of(question, terms) for question in joint]
    bounds = [each for each in found if isinstance(each, Amounts)]
    if len(bounds) < len(found):
        return next(each for each in found if isinstance(each, NoBound))
    return Amounts(*map(max, zip(*bounds, strict=True)))


def _joint(parts: Sequence[tuple[Question, int]], terms: DatasetTerms) -> Question:
    """All parts as one mechanism under the dataset's relation, each for as many units as any needs."""
    mechanisms = tuple(
        _under_own_relation(mechanism, question, terms)
        for question, _ in parts
        for mechanism in question.mechanisms
    )
    group = max(question.group * stability for question, stability in parts)
    return Question(mechanisms, terms.budget.delta, terms.neighbouring, group)


def _under_own_relation(mechanism: Mechanism, question: Question, terms: DatasetTerms) -> Mechanism:
    if mechanism.neighbouring is not None or question.neighbouring is terms.neighbouring:
        return mechanism
    return mechanism.model_copy(update={"neighbouring": question.neighbouring})


def stabilities(accounts: Sequence[Account], book: Book) -> dict[str, int]:
    """How many units of each charged dataset one unit of it changes: the sum over all ways down.

    A parent whose unit changes 2 units of one child and 1 of another, both of which a release is made from,
    changes 3 units of what the release is made from.
    """
    found: dict[str, int] = {}
    ways = [(account.terms.name, 1) for account in accounts]
    while ways:
        name, stability = ways.pop()
        found[name] = found.get(name, 0) + stability
        account = book.account(name)
        if account is not None:
            ways.extend((parent.name, stability * parent.stability) for parent in account.terms.parents)
    return found


def claim_digest(subject: ReleaseSubject, accounts: Iterable[Account]) -> str:
    """What makes a release the same as one before: what is claimed of it, and from which data."""
    return identity_digest(_claimed(subject, accounts))


def content_digest(subject: ReleaseSubject, accounts: Iterable[Account]) -> str:
    """The same with the bytes that ship, and what was recorded of the run."""
    evidence = [
        [each.model_dump(mode="json", by_alias=True) for each in evidence.mechanisms]
        for evidence in subject.evidence
    ]
    artifacts = sorted([state.artifact.path, state.sha256] for state in subject.artifacts)
    return identity_digest({**_claimed(subject, accounts), "evidence": evidence, "artifacts": artifacts})


def _claimed(subject: ReleaseSubject, accounts: Iterable[Account]) -> dict[str, Any]:
    claim = subject.release.claim
    return {
        "release": release_id(subject),
        "claim": claim.model_dump(mode="json", by_alias=True, exclude={"evidence"}) if claim else None,
        "datasets": sorted(account.terms.name for account in accounts),
    }


def _movement(
    subject: ReleaseSubject,
    costs: Costs,
    charges: Sequence[Charge],
    digest: str,
    known: Reservation | None,
    at: str,
) -> Movement:
    return Movement(
        EntryKind.RESERVE,
        release_id(subject),
        at,
        tuple(charges),
        digest,
        details_of(subject, questions_to_charge(costs)),
        0 if known is None else known.attempt + 1,
    )


def details_of(subject: ReleaseSubject, questions: Sequence[Question]) -> dict[str, Any]:
    """What an entry keeps of a release: digests, the claim, and what was run; no person, no free text."""
    claim = subject.release.claim
    work = [written_question(question) for question in questions]
    return {
        "declaration": subject.document.sha256,
        "artifacts": [state.sha256 for state in subject.artifacts if state.sha256],
        "claim": _claim(claim.epsilon, claim.delta) if claim else None,
        "work": work if len(canonical_json(work)) <= MOST_CONTENT else identity_digest({"work": work}),
    }


def _claim(epsilon: Fraction | None, delta: Fraction | None) -> list[str | None]:
    return [None if number is None else str(number) for number in (epsilon, delta)]


def written_question(question: Question) -> dict[str, Any]:
    """What was run, so that it can be read again (`gates.ledger_account.read_question`)."""
    return {
        "mechanisms": [
            each.model_dump(mode="json", by_alias=True, exclude_none=True) for each in question.mechanisms
        ],
        "neighbouring": question.neighbouring.value,
        "group": question.group,
    }
