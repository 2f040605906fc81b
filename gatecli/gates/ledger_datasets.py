"""A dataset gets an account: what is fixed for good when it is added."""

from __future__ import annotations

from dataclasses import dataclass

from gatecli.accounting.portfolio import limits_of
from gatecli.errors import UsageError
from gatecli.gates.concealment import without_values
from gatecli.ledger.interface import Conflict, Outcome, Store, UnknownDataset
from gatecli.model.budget import Budget, Neighbouring
from gatecli.model.identity import identity_of
from gatecli.model.ledger import Account, DatasetTerms, Parent
from gatecli.model.number import show
from gatecli.model.portfolio import Amounts

MOMENTARY = frozenset({"event", "record"})
"""Units that exist at one time, and so stand in one block of time: a person can be in all of them."""


UNITS = frozenset(
    {"person", "user", "customer", "patient", "household", "device", "event", "record", "visit", "row"}
)
"""Usual units: a plural of one would be another unit than what releases declare."""


@dataclass(frozen=True, slots=True)
class DatasetRequest:
    """A dataset as an officer describes it. `block_of` names the stream that it is a block in time of.

    `parents` have the stability that is stated, None where none is: then one unit is one unit.
    """

    name: str
    unit: str
    neighbouring: Neighbouring
    budget: Budget
    records: int | None = None
    schema_sha256: str | None = None
    parents: tuple[tuple[str, int | None], ...] = ()
    block_of: str | None = None


def add_dataset(request: DatasetRequest, store: Store, at: str) -> tuple[Outcome, DatasetTerms]:
    """Begin the account. Raises UsageError for what cannot be."""
    _check_words(request)
    _check_delta(request)
    parents = _parents(request, store)
    terms = DatasetTerms(
        request.name,
        request.unit,
        request.neighbouring,
        request.budget,
        _limits(request),
        request.records,
        request.schema_sha256,
        parents,
        request.block_of,
    )
    for parent in parents:
        _check_parent(terms, parent, store.account(parent.name))
    _check_stream(terms, store)
    try:
        return store.add_dataset(terms, at), terms
    except Conflict:
        raise UsageError(
            f"{request.name} is in the ledger with other terms, which are fixed",
            advice=f"gatecli ledger show {request.name}; or add it under another name with a parent",
        ) from None
    except UnknownDataset as missing:
        raise UsageError(
            f"{missing.dataset} is not in the ledger", advice="add the parent before what is charged with it"
        ) from None


def _limits(request: DatasetRequest) -> Amounts:
    try:
        return limits_of(request.budget)
    except ValueError as error:
        raise UsageError(f"the budget of {request.name}: {error}", advice="choose a smaller one") from None


def _check_words(request: DatasetRequest) -> None:
    texts = {"NAME": request.name, "--unit": request.unit, "--block-of": request.block_of}
    for option, text in texts.items():
        if text is None:
            continue
        if not text or text.strip() != text or not text.isprintable():
            raise UsageError(
                f"{option} is empty, has blanks around it, or a character that cannot be printed",
                advice="write it as releases name it",
            )
        if without_values(text) != text:
            raise UsageError(f"{option} holds personal data", advice="a ledger names no person")
    if request.block_of == request.name:
        raise UsageError(f"--block-of {request.name} is the dataset itself", advice="name the stream")
    if request.unit.endswith("s") and request.unit[:-1] in UNITS:
        raise UsageError(f"--unit {request.unit} is several", advice=f"write --unit {request.unit[:-1]}")


def _check_delta(request: DatasetRequest) -> None:
    """δ = 1/n permits to publish one whole record."""
    delta, records = request.budget.delta, request.records
    if records is not None and delta * records >= 1:
        raise UsageError(
            f"--delta {show(delta)} is not below 1/{records}, one over the records",
            advice="choose a δ well below it: at 1/records a mechanism may publish one whole record",
        )


def _parents(request: DatasetRequest, store: Store) -> tuple[Parent, ...]:
    """The parents, with the stream among them where a unit can be in two of its blocks."""
    stream = request.block_of
    parents = tuple(Parent(name, stability or 1) for name, stability in request.parents)
    for name, stability in request.parents:
        _require_stability(request, stability, store.account(name))
    if stream is None or is_parallel(request.unit, request.neighbouring):
        return parents
    if store.account(stream) is None:
        raise UsageError(
            f"a {request.unit} can be in two blocks of {stream}, so their charges are summed there, "
            f"and {stream} is not in the ledger",
            advice=f"gatecli ledger dataset add {stream} …, then this block",
        )
    _require_stability(request, None, store.account(stream))
    return (*parents, Parent(stream))


def _require_stability(request: DatasetRequest, stability: int | None, parent: Account | None) -> None:
    """A person may have many events: nothing but a number says how many."""
    if parent is None or stability or identity_of(parent.terms.unit) == identity_of(request.unit):
        return
    name = parent.terms.name
    raise UsageError(
        f"the unit of {name} is a {parent.terms.unit}, and that of {request.name} a {request.unit}",
        advice=f"say how many of these one {parent.terms.unit} changes at most: --parent {name}=C",
    )


def is_parallel(unit: str, neighbouring: Neighbouring) -> bool:
    """Whether blocks in time need not be summed: a unit is in one of them, and is added or removed there.

    Replacing a unit by another may change two blocks.
    """
    return identity_of(unit) in MOMENTARY and neighbouring is Neighbouring.ADD_REMOVE


def _check_parent(terms: DatasetTerms, parent: Parent, account: Account | None) -> None:
    if account is None:
        raise UsageError(
            f"{parent.name} is not in the ledger", advice="add the parent before what is charged with it"
        )
    if account.terms.neighbouring is not terms.neighbouring:
        raise UsageError(
            f"{parent.name} is under {account.terms.neighbouring}, {terms.name} under {terms.neighbouring}",
            advice="one relation for a dataset and all that is charged with it",
        )


def _check_stream(terms: DatasetTerms, store: Store) -> None:
    """Blocks that are not summed have no sum: nothing may be charged to their stream as a whole."""
    parallel = terms.block_of and terms.block_of not in {parent.name for parent in terms.parents}
    if parallel and terms.block_of and store.account(terms.block_of) is not None:
        raise UsageError(
            f"{terms.block_of} has an account of its own, and its blocks would not be charged to it",
            advice="name the stream otherwise; a release of all of it names each block",
        )
    alike = next((each for each in store.accounts() if _is_alike(each, terms)), None)
    if alike is not None:
        raise UsageError(
            f"{terms.name} reads like {alike.terms.name}, which is in the ledger",
            advice="the same people share one budget; name other data so that a reader can tell it apart",
        )
    clash = next((each for each in store.accounts() if _is_stream_of(terms.name, each.terms)), None)
    if clash is not None:
        raise UsageError(
            f"{terms.name} is divided into blocks ({clash.terms.name}), each with a budget of its own",
            advice="name the blocks in a release",
        )


def _is_alike(other: Account, terms: DatasetTerms) -> bool:
    """Whether a reader takes one name for the other."""
    name = other.terms.name
    return name != terms.name and identity_of(name) == identity_of(terms.name)


def _is_stream_of(name: str, other: DatasetTerms) -> bool:
    return other.block_of == name and name not in {parent.name for parent in other.parents}
