"""What two ledgers that never meet send each other: signed notes whose text is one line of canonical JSON.

    request   the child says who it is, and which key is its own
    lease     the parent lends it a part of a dataset's budget, for that child alone
    return    the child says what it spent, and where its chain ends

A note is read as what its signer wrote, letter by letter: other keys, other order, other spaces are refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from gatecli.errors import GatecliError
from gatecli.ledger.exports import read_identity, written_identity
from gatecli.ledger.interface import LedgerIdentity
from gatecli.ledger.notes import NoteKey, is_key_name, read_note, sign_note, verified_text
from gatecli.ledger.signing_keys import Signs, public_key_of
from gatecli.model.ledger import DatasetTerms, canonical_json, read_terms
from gatecli.model.portfolio import COLUMNS, MOST, Admission, Amounts

REQUEST = "gatecli.dev/ledger-lease-request/v1"
LEASE = "gatecli.dev/ledger-lease/v1"
RETURN = "gatecli.dev/ledger-lease-return/v1"


class LeaseRefused(GatecliError):
    """A lease does not fit, or a document about one is not what it must be. Nothing was written."""

    exit_code: ClassVar[int] = 1


@dataclass(frozen=True, slots=True)
class LeaseGrant:
    """A part of a dataset's budget for one child. `terms` are those of the dataset in the child."""

    parent: LedgerIdentity
    child: LedgerIdentity
    terms: DatasetTerms
    at: str

    @property
    def lease(self) -> str:
        """The id of the lease: that of the parent, and the name that it has there."""
        return str(self.terms.lease)

    @property
    def name(self) -> str:
        """The name that the parent gave it."""
        return self.lease.partition("/")[2]

    def as_data(self) -> dict[str, Any]:
        """The lease as it stands in its note, and in the parent's entry."""
        return {
            "at": self.at,
            "child": written_identity(self.child),
            "parent": written_identity(self.parent),
            "terms": self.terms.as_data(),
            "type": LEASE,
        }


@dataclass(frozen=True, slots=True)
class LeaseReturn:
    """What became of a lease: how many entries the child's chain has, its last hash, what was spent."""

    lease: str
    child: str
    dataset: str
    entries: int
    head: str
    spent: Amounts
    at: str

    def as_data(self) -> dict[str, Any]:
        """The return as it stands in its note."""
        return {
            "at": self.at,
            "child": self.child,
            "dataset": self.dataset,
            "entries": self.entries,
            "head": self.head,
            "lease": self.lease,
            "spent": list(self.spent),
            "type": RETURN,
        }


def lease_id(parent: LedgerIdentity, name: str) -> str:
    """The id of a lease, which no other ledger gives."""
    return f"{parent.id}/{name}"


def key_of(identity: LedgerIdentity) -> NoteKey:
    """The key of a ledger that signs. Raises LeaseRefused for one that has none."""
    if not identity.public_key or not is_key_name(identity.name):
        raise LeaseRefused(
            f"the ledger {identity.name} has no key, and a lease is signed on both sides",
            advice="make it with one: gatecli ledger key new FILE, then gatecli ledger init --key FILE",
        )
    return NoteKey(identity.name, public_key_of(identity.public_key))


def sign_document(data: Mapping[str, Any], identity: LedgerIdentity, key: Signs) -> str:
    """The note over a document."""
    return sign_note(canonical_json(data) + "\n", identity.name, key)


def write_request(identity: LedgerIdentity, key: Signs) -> str:
    """The note by which a child asks for leases."""
    return sign_document({"child": written_identity(identity), "type": REQUEST}, identity, key)


def read_request(written: str) -> LedgerIdentity:
    """Who asks for a lease; it has the private key that it names. Raises InvalidNote, LeaseRefused."""
    data = _document(read_note(written).text, REQUEST, {"child"})
    child = _identity(data["child"])
    verified_text(read_note(written), key_of(child))
    return child


def read_grant(written: str, parent: NoteKey) -> LeaseGrant:
    """The lease that the owner of a key signed. Raises InvalidNote, LeaseRefused."""
    grant = grant_of(_document(verified_text(read_note(written), parent), LEASE, _GRANT_KEYS))
    if key_of(grant.parent) != parent:
        raise LeaseRefused("the lease names another key than the one that signed it", advice=_ASK)
    return grant


def grant_of(data: Mapping[str, Any]) -> LeaseGrant:
    """The lease that `LeaseGrant.as_data` wrote. Raises LeaseRefused."""
    try:
        grant = LeaseGrant(
            _identity(data["parent"]), _identity(data["child"]), read_terms(data["terms"]), data["at"]
        )
    except (AttributeError, KeyError, TypeError, ValueError, ZeroDivisionError):
        raise LeaseRefused("the lease does not say what is lent", advice=_ASK) from None
    terms = grant.terms
    lent = terms.admission is Admission.ALL and not terms.parents and terms.block_of is None
    if (
        not lent
        or grant.as_data() != dict(data)
        or type(grant.at) is not str
        or not are_amounts(terms.limits)
        or terms.lease != lease_id(grant.parent, grant.name)
    ):
        raise LeaseRefused("the lease is not of a ledger that lends a part of a budget", advice=_ASK)
    return grant


def read_return(text: str) -> LeaseReturn:
    """The return in the verified text of a note. Raises LeaseRefused."""
    data = _document(text, RETURN, _RETURN_KEYS)
    texts = [data[key] for key in ("lease", "child", "dataset", "head", "at")]
    spent = data["spent"]
    whole = isinstance(spent, list) and len(spent) == len(COLUMNS) and are_amounts(spent)
    if not whole or any(type(each) is not str for each in texts) or type(data["entries"]) is not int:
        raise LeaseRefused("the return does not say what was spent", advice=_ASK)
    lease, child, dataset, head, at = texts
    return LeaseReturn(lease, child, dataset, data["entries"], head, Amounts(*spent), at)


def are_amounts(values: Any) -> bool:
    """Whether all of them are whole numbers that a ledger can hold."""
    return all(type(each) is int and 0 <= each <= MOST for each in values)


def _document(text: str, kind: str, keys: set[str]) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict) or set(data) != keys | {"type"} or data["type"] != kind:
        raise LeaseRefused(f"this is not a document of the kind {kind}", advice=_ASK)
    if text != canonical_json(data) + "\n":
        raise LeaseRefused("the document is not written as a ledger writes it", advice=_ASK)
    return data


def _identity(data: Any) -> LedgerIdentity:
    try:
        return read_identity(data)
    except ValueError as error:
        raise LeaseRefused(f"the document is incomplete: {error}", advice=_ASK) from None


_ASK = "ask the ledger that sent it for the file again"
_GRANT_KEYS = {"at", "child", "parent", "terms"}
_RETURN_KEYS = {"at", "child", "dataset", "entries", "head", "lease", "spent"}
