"""What a ledger says of the datasets of a release: it does not change by what others are charged later."""

from __future__ import annotations

from fractions import Fraction

from gatecli.gates.charges import Assessment, Terms, stands
from gatecli.gates.release_identity import release_id
from gatecli.ledger.interface import Store
from gatecli.ledger.notes import read_head
from gatecli.model.documents import AllocationState, BudgetFacts, DatasetFacts, LedgerFacts
from gatecli.model.identity import identity_of
from gatecli.model.ledger import Account, EntryKind, Reservation, ReservationState
from gatecli.model.portfolio import NOTHING, Amounts, clip, held_share
from gatecli.model.release import ReleaseSubject


def ledger_facts(store: Store) -> LedgerFacts:
    """Which ledger it is, and its last checkpoint."""
    kept = list(store.checkpoints())
    if not kept:
        return LedgerFacts(store.identity.name)
    head = read_head(kept[-1].note, None)
    return LedgerFacts(head.origin, head.size, head.root.hex())


def dataset_facts(subject: ReleaseSubject, assessed: Assessment, terms: Terms) -> tuple[DatasetFacts, ...]:
    """The datasets of a release, each once, with what the ledger holds of them."""
    known = terms.store.reservation(release_id(subject))
    charged = known if stands(known) else None
    if charged is not None and charged.plan is not None:
        charged = terms.store.reservation(charged.plan)
    public = {identity_of(name) for name in terms.rules.public}
    found: dict[str, DatasetFacts] = {}
    for dataset in subject.release.spec.datasets:
        account = terms.store.account(dataset.name)
        budget = None if account is None else _budget_facts(account, charged, assessed, terms)
        is_public = account is None and identity_of(dataset.name) in public
        found.setdefault(dataset.name, DatasetFacts(dataset, budget, is_public))
    return tuple(found.values())


def _budget_facts(
    account: Account, charged: Reservation | None, assessed: Assessment, terms: Terms
) -> BudgetFacts:
    own = account.terms
    before, amounts = account.held, _charge_to(own.name, assessed)
    if charged is not None:
        before = _held_before(terms.store, own.name, charged)
        amounts = next((each.amounts for each in charged.charges if each.dataset == own.name), None)
    both = (before, None if amounts is None else before + clip(amounts, own.limits))
    shares = [None if held is None else held_share(held, own.limits, own.admission) for held in both]
    return BudgetFacts(
        own.unit,
        own.neighbouring,
        own.budget,
        shares[0] or Fraction(0),
        shares[1],
        _state_of(charged),
        charged.lapses if charged and charged.state is ReservationState.HELD else None,
        charged.subject if charged and charged.subject != release_id(assessed.subject) else None,
        terms.rules.lapse_after_days,
    )


def _charge_to(dataset: str, assessed: Assessment) -> Amounts | None:
    """What the release would be charged; None where it does not fit, or stands there already."""
    charges = assessed.movement.charges if assessed.movement else ()
    return next((each.amounts for each in charges if each.dataset == dataset), None)


def _state_of(charged: Reservation | None) -> AllocationState:
    if charged is None:
        return AllocationState.UNCHARGED
    is_held = charged.state is ReservationState.HELD
    return AllocationState.RESERVED if is_held else AllocationState.COMMITTED


def _held_before(store: Store, dataset: str, charged: Reservation) -> Amounts:
    """What was held of a dataset before the entry that reserved the subject."""
    for entry in store.entries(dataset, newest_first=True):
        if (entry.kind, entry.subject, entry.attempt) == (
            EntryKind.RESERVE,
            charged.subject,
            charged.attempt,
        ):
            earlier = next(store.sums(dataset, width=entry.number), None)
            return NOTHING if earlier is None else earlier.amounts
    return NOTHING
