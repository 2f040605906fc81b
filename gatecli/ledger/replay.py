"""The entries of a ledger once more, one by one: whether each follows from those before it.

A replay of a dataset adds up its entries as a store does, and names each one that a store would not have
written: a hash that is not that of its content, a gap, a column that says other than the content, a charge
beyond the budget, a step that a release cannot take. It holds the sums and what is open, and no entry.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from operator import add, attrgetter, le
from typing import Any, NamedTuple

from gatecli.ledger.compact_set import CompactSet
from gatecli.ledger.signing_keys import signature_holds
from gatecli.model.ledger import DatasetTerms, Entry, EntryKind, first_hash, read_terms
from gatecli.model.portfolio import COLUMNS, MEMBER_COLUMNS, NOTHING, Admission, Amounts

_columns = attrgetter(*COLUMNS)
_NOTHING: tuple[int, ...] = tuple(NOTHING)
_MEMBERS = tuple((COLUMNS.index(measure), COLUMNS.index(slack)) for measure, slack in MEMBER_COLUMNS.values())
_BEGINS = frozenset({EntryKind.OPENING, EntryKind.RESERVE, EntryKind.LEASE})
_TAKES_BACK = frozenset({EntryKind.VOID, EntryKind.RETURN})


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a ledger: where, and what; `number` is of an entry of the dataset.

    Without a dataset it is about the log, and `number` is a size of it.
    """

    dataset: str
    number: int | None
    what: str

    def __str__(self) -> str:
        if not self.dataset:
            return self.what
        where = "" if self.number is None else f", entry {self.number}"
        return f"{self.dataset}{where}: {self.what}"


class OpenSubject(NamedTuple):
    """What is held, or lent, and may be taken back. The attempt of a release in a plan is not told: None."""

    kind: EntryKind
    attempt: int | None
    amounts: tuple[int, ...]
    plan: str | None = None
    releases: tuple[str, ...] = ()
    committed: bool = False
    """Whether a release of the plan was committed."""


class Finished:
    """Which subjects of which datasets are done with, for all datasets of a ledger."""

    __slots__ = ("_keys",)

    def __init__(self) -> None:
        self._keys = CompactSet()

    def add(self, dataset: str, subject: str, attempt: int | None, *, voided: bool) -> None:
        """A subject was committed, returned or voided."""
        self._keys.add((dataset, subject))
        if voided:
            self._keys.add((dataset, subject, "void"))
            self._keys.add((dataset, subject, attempt))
        elif attempt != 0:
            self._keys.add((dataset, subject, "final"))

    def may_begin(self, dataset: str, subject: str, attempt: int) -> bool:
        """Whether a subject that is not open can be charged as this attempt: after one that was voided.

        The attempts before may have charged other datasets.
        """
        if (dataset, subject) not in self._keys:
            return True
        is_over = (dataset, subject, "void") not in self._keys or (dataset, subject, "final") in self._keys
        return attempt > 0 and not is_over and (dataset, subject, attempt) not in self._keys


class DatasetReplay:
    """The entries of one dataset so far."""

    __slots__ = (
        "_finished",
        "_left",
        "_limits",
        "_member",
        "_open",
        "_previous",
        "closed",
        "dataset",
        "held",
        "number",
        "public_key",
        "terms",
    )

    def __init__(self, ledger: str, dataset: str, finished: Finished, public_key: bytes = b"") -> None:
        self.dataset = dataset
        self.number = 0
        """How many entries there were: the number of the next one."""
        self.held = _NOTHING
        self.closed = False
        self.terms: DatasetTerms | None = None
        self.public_key = public_key
        self._previous = bytes.fromhex(first_hash(ledger, dataset))
        self._limits = _NOTHING
        self._member = _MEMBERS[0]
        self._open: dict[str, OpenSubject] = {}
        self._left: dict[str, tuple[int, ...]] = {}
        self._finished = finished

    @property
    def head(self) -> str:
        """The hash of the last entry."""
        return self._previous.hex()

    def add(self, entry: Entry) -> list[str]:
        """What is wrong with the next entry; empty where nothing is."""
        wrong: list[str] = []
        if entry.number != self.number:
            wrong.append(
                f"entry {self.number} should stand here: entries are missing, doubled or out of order"
            )
        self.number = entry.number + 1
        self._follow(entry, wrong)
        said = _read_content(entry, wrong)
        if said is not None:
            self._apply(entry, said, wrong)
        if entry.signature and self.public_key and not self._is_signed(entry):
            wrong.append("its signature is not by the ledger's key")
        return wrong

    def _follow(self, entry: Entry, wrong: list[str]) -> None:
        digest = hashlib.sha256(self._previous + entry.content.encode("utf-8", "surrogatepass")).digest()
        if digest.hex() != entry.hash:
            wrong.append("its hash is not that of the entry before and its content")
            digest = _read_hash(entry.hash) or digest  # so that the entries after it are judged by themselves
        self._previous = digest

    def _apply(self, entry: Entry, said: dict[str, Any], wrong: list[str]) -> None:
        """Add it up, and take its subject one step further."""
        amounts = _columns(entry.amounts)
        kind = entry.kind
        if kind is EntryKind.DATASET or self.number == 1:
            wrong.extend(self._begin(entry, said))
        elif kind is EntryKind.CLOSE:
            if amounts != _NOTHING:
                wrong.append("the end of a dataset changes what is held")
            self.closed = True
        else:
            wrong.extend(self._step(entry, amounts, said))
        if amounts != _NOTHING:
            self.held = tuple(map(add, self.held, amounts))
            if min(self.held) < 0:
                wrong.append("more is taken back than was charged")
            if not self._is_within():
                wrong.append("no member of the portfolio is within its limits after it")

    def _begin(self, entry: Entry, said: dict[str, Any]) -> Iterator[str]:
        if entry.kind is not EntryKind.DATASET or self.number != 1:
            yield "the terms of a dataset are its first entry, and no other one"
            return
        try:
            terms = read_terms(said["details"]["terms"])
        except (KeyError, TypeError, ValueError, ZeroDivisionError):
            yield "it holds no terms of a dataset"
            return
        if terms.name != self.dataset:
            yield f"its terms are those of {terms.name}"
        self.terms = terms
        self._limits = _columns(terms.limits)

    def _step(self, entry: Entry, amounts: tuple[int, ...], said: dict[str, Any]) -> Iterator[str]:
        kind, subject = entry.kind, entry.subject
        if kind not in _BEGINS:
            yield from self._end(entry, amounts)
            return
        if subject in self._open or not self._finished.may_begin(self.dataset, subject, entry.attempt):
            yield f"{subject} was charged before"
        if min(amounts) < 0:
            yield "a charge is negative"
        if self.closed:
            yield "it charges a dataset that was closed"
        if kind is EntryKind.OPENING:
            self._finished.add(self.dataset, subject, entry.attempt, voided=False)
            return
        releases = _releases_in(said)
        held = tuple(map(add, amounts, self._left.pop(subject, _NOTHING)))
        self._open[subject] = OpenSubject(kind, entry.attempt, held, releases=releases)
        for release in releases:
            if release in self._open:
                yield f"{release} was charged before"
            self._open[release] = OpenSubject(kind, None, _NOTHING, plan=subject)

    def _end(self, entry: Entry, amounts: tuple[int, ...]) -> Iterator[str]:
        """Commit or void what is held; return what is lent."""
        kind, subject = entry.kind, entry.subject
        before = self._open.pop(subject, None)
        if before is None and subject in self._left:
            before = OpenSubject(EntryKind.RESERVE, None, self._left.pop(subject))
        wanted = EntryKind.LEASE if kind is EntryKind.RETURN else EntryKind.RESERVE
        if before is None or before.kind is not wanted or before.attempt not in {None, entry.attempt}:
            yield f"{subject} is not {_STATES[kind]}: it cannot {_DOES[kind]}"
            return
        left = tuple(map(add, before.amounts, amounts))
        if kind in _TAKES_BACK:
            if max(amounts) > 0 or min(left) < 0:
                yield f"it takes back more than {subject} was charged"
            if kind is EntryKind.VOID and left != _NOTHING:
                self._left[subject] = left
        elif amounts != _NOTHING:
            yield "a commit changes what is held"
        plan = self._open.get(before.plan) if before.plan is not None else None
        if kind is EntryKind.VOID:
            yield from self._drop_releases(subject, before)
        elif plan is not None and before.plan is not None:
            self._open[before.plan] = plan._replace(committed=True)
        self._finished.add(self.dataset, subject, entry.attempt, voided=kind is EntryKind.VOID)

    def _drop_releases(self, plan: str, before: OpenSubject) -> Iterator[str]:
        """The releases of a plan are void with it."""
        if before.committed:
            yield f"a release of the plan {plan} was published: it cannot become void"
        for release in before.releases:
            if release in self._open and self._open[release].plan == plan:
                del self._open[release]
                self._finished.add(self.dataset, release, None, voided=True)

    def _is_within(self) -> bool:
        """Whether enough members hold; the one that held last is asked first."""
        held, limits = self.held, self._limits
        if self.terms is not None and self.terms.admission is Admission.ALL:
            return all(map(le, held, limits))
        measure, slack = self._member
        if held[measure] <= limits[measure] and held[slack] <= limits[slack]:
            return True
        for member in _MEMBERS:
            measure, slack = member
            if held[measure] <= limits[measure] and held[slack] <= limits[slack]:
                self._member = member
                return True
        return False

    def _is_signed(self, entry: Entry) -> bool:
        try:
            signature = base64.b64decode(entry.signature, validate=True)
        except binascii.Error:
            return False
        return signature_holds(self.public_key, signature, entry.content.encode())


_STATES = {EntryKind.COMMIT: "held", EntryKind.VOID: "held", EntryKind.RETURN: "lent"}
_DOES = {
    EntryKind.COMMIT: "be committed",
    EntryKind.VOID: "become void",
    EntryKind.RETURN: "be returned",
}


def _releases_in(said: dict[str, Any]) -> tuple[str, ...]:
    """The releases of a plan."""
    details = said.get("details")
    releases = details.get("releases") if isinstance(details, dict) else None
    return tuple(map(str, releases)) if isinstance(releases, list) else ()


def amounts_of(values: tuple[int, ...]) -> Amounts:
    """Sums of a replay as a store has them."""
    return Amounts(*values)


def _read_content(entry: Entry, wrong: list[str]) -> dict[str, Any] | None:
    """The content as data where every column says the same; else None, or what can still be added up."""
    try:
        said = json.loads(entry.content)
        same = (
            said["dataset"] == entry.dataset
            and said["kind"] == entry.kind
            and said["subject"] == entry.subject
            and said["attempt"] == entry.attempt
            and tuple(said["amounts"]) == _columns(entry.amounts)
        )
    except (ValueError, TypeError, KeyError, RecursionError):
        wrong.append("its content is not that of an entry")
        return None
    if not same:
        wrong.append("its columns say other than its content")
    return said if same else None


def _read_hash(text: str) -> bytes | None:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        return None
    return found if len(found) == hashlib.sha256().digest_size else None
