"""The accounts that a run reads, and what work on their datasets costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from graphlib import TopologicalSorter
from itertools import product
from typing import Any

from gatecli.accounting.interface import NoBound, Question
from gatecli.accounting.portfolio import amounts_of
from gatecli.checks.release.recomputation import Costs
from gatecli.ledger.interface import DamagedAccount, Store
from gatecli.model.budget import Neighbouring
from gatecli.model.ledger import Account, Charge, DatasetTerms, Parent, canonical_json, identity_digest
from gatecli.model.mechanism import Composed, Mechanism, Parallel, RepeatAndSelect, Subsampled
from gatecli.model.portfolio import NOTHING, Amounts, clip

MOST_CONTENT = 1 << 16
"""Characters of mechanisms that an entry keeps; of more it keeps the digest alone."""

Work = Sequence[tuple[Sequence[Question], int]]
"""What is run on a dataset: for each release the accounts of it, and how many units one unit changes."""


@dataclass(slots=True)
class Book:
    """Accounts as they would stand after what was assessed in this run."""

    store: Store
    pending: dict[str, Amounts] = field(default_factory=dict)
    read: dict[str, Account | None] = field(default_factory=dict)
    releases: dict[str, str] = field(default_factory=dict)
    """The releases of this run, and the digest of each."""
    charged_by: dict[str, list[str]] = field(default_factory=dict)
    """What was assessed in this run before, by the dataset that it would be charged to."""
    searched: set[str] = field(default_factory=set)
    lapsed: set[str] = field(default_factory=set)
    """The datasets that were searched for lapsed reservations, and those that were told."""

    def account(self, name: str) -> Account | None:
        """An account as the ledger has it, read once a run."""
        if name not in self.read:
            self.read[name] = self.store.account(name)
        return self.read[name]

    def amounts_held(self, account: Account) -> Amounts:
        """What is held there, and what this run would add."""
        return account.held + self.pending.get(account.terms.name, NOTHING)

    def add(self, charges: Iterable[Charge], subject: str) -> None:
        """Count the charges of a release as held."""
        for charge in charges:
            self.pending[charge.dataset] = self.pending.get(charge.dataset, NOTHING) + charge.amounts
            self.charged_by.setdefault(charge.dataset, []).append(subject)


def questions_to_charge(costs: Costs) -> tuple[Question, ...]:
    """The accounts of what was run, the dearest first: the declared one and the recorded one, each once."""
    dearest = [] if costs.worst is None else [costs.worst[0].question]
    return tuple(dict.fromkeys((*dearest, *(cost.question for cost in costs.counted))))


COMBINED = 3
"""Releases of a plan with two accounts of which every combination is looked at."""


def costs_of_work(work: Work, terms: DatasetTerms) -> Amounts | NoBound:
    """What the work costs as one mechanism.

    Of two accounts of one run, the declared and the recorded one, the dearer counts, in each measure: all
    combinations are looked at, or, where there are many, both accounts are charged.
    """
    if not all(questions for questions, _ in work):
        return NoBound(("it declares no mechanism with a cost",))
    doubtful = sum(len(questions) > 1 for questions, _ in work)
    if doubtful > COMBINED:
        choices = [[(question, stability) for questions, stability in work for question in questions]]
    else:
        ways = ([(question, stability) for question in questions] for questions, stability in work)
        choices = [list(parts) for parts in product(*ways)]
    found = [_amounts(_joint(parts, terms), terms) for parts in choices]
    bounds = [each for each in found if isinstance(each, Amounts)]
    if len(bounds) < len(found):
        return next(each for each in found if isinstance(each, NoBound))
    return Amounts(*map(max, zip(*bounds, strict=True)))


def repeated_question(mechanism: Mechanism, times: int) -> Question:
    """A mechanism so many times over, of one unit added or removed; what it costs depends on no δ."""
    many = mechanism.model_copy(update={"count": mechanism.count * times})
    return Question((many,), Fraction(0), Neighbouring.ADD_REMOVE)


@dataclass(frozen=True, slots=True)
class UnboundedWork:
    """Work on a dataset of which no cost is known, and why."""

    dataset: str
    reasons: tuple[str, ...]


def work_of(questions: Sequence[Question], changes: Mapping[str, int]) -> dict[str, Work]:
    """One account of work on each dataset that it changes units of (`stabilities`)."""
    return {name: [(questions, stability)] for name, stability in changes.items()}


def charges_for(work: Mapping[str, Work], book: Book) -> tuple[Charge, ...] | UnboundedWork:
    """What each dataset is charged for its work as one mechanism, by name. Raises DamagedAccount."""
    charges = []
    for name in sorted(work):
        account = book.account(name)
        if account is None:  # a parent is there before its children, and no account is ever deleted
            raise DamagedAccount(name, "it is a parent, and has no account")
        cost = costs_of_work(work[name], account.terms)
        if isinstance(cost, NoBound):
            return UnboundedWork(name, cost.reasons)
        charges.append(Charge(name, clip(cost, account.terms.limits)))
    return tuple(charges)


def _amounts(question: Question, terms: DatasetTerms) -> Amounts | NoBound:
    """What a question costs; nothing where the ledger holds all of its work already (`charged_tables`)."""
    return amounts_of(question, terms) if question.mechanisms else NOTHING


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
    """How many units of what a release is made from one unit of each charged dataset changes.

    The sum over all ways down: a parent whose unit changes 2 units of one child and 1 of another, both of
    which a release is made from, changes 3 units of what the release is made from.
    """
    named = {account.terms.name for account in accounts}
    order = TopologicalSorter(_children(named, book)).static_order()
    found: dict[str, int] = {}
    for name in order:
        found[name] = found.get(name, 0) + (name in named)
        for parent in _parents(name, book):
            found[parent.name] = found.get(parent.name, 0) + found[name] * parent.stability
    return found


def _parents(name: str, book: Book) -> tuple[Parent, ...]:
    account = book.account(name)
    return account.terms.parents if account else ()


def _children(named: Iterable[str], book: Book) -> dict[str, set[str]]:
    """For each dataset that is charged, those of which it is a parent; a parent is there before its children
    are added, so there is no circle.
    """
    children: dict[str, set[str]] = {}
    waiting = list(named)
    while waiting:
        name = waiting.pop()
        children.setdefault(name, set())
        for parent in _parents(name, book):
            new = parent.name not in children
            children.setdefault(parent.name, set()).add(name)
            if new:
                waiting.append(parent.name)
    return children


def kept_work(questions: Sequence[Question]) -> list[dict[str, Any]] | str:
    """What was run, as an entry keeps it; of much, its digest alone."""
    work = [written_question(question) for question in questions]
    return work if len(canonical_json(work)) <= MOST_CONTENT else identity_digest({"work": work})


def written_question(question: Question) -> dict[str, Any]:
    """What was run, so that it can be composed again (`gates.ledger_composed`); names are left out."""
    return {
        "mechanisms": [
            without_names(each).model_dump(mode="json", by_alias=True, exclude_none=True)
            for each in question.mechanisms
        ],
        "neighbouring": question.neighbouring.value,
        "group": question.group,
    }


def without_names(mechanism: Mechanism) -> Mechanism:
    """The mechanism without free text, whatever it is made of."""
    plain = mechanism.model_copy(update={"name": None})
    match plain:
        case Composed(mechanisms=parts):
            return plain.model_copy(update={"mechanisms": tuple(map(without_names, parts))})
        case Parallel(partitions=parts):
            return plain.model_copy(update={"partitions": tuple(map(without_names, parts))})
        case Subsampled(mechanism=inner) | RepeatAndSelect(mechanism=inner):
            return plain.model_copy(update={"mechanism": without_names(inner)})
        case _:
            return plain
