"""The entries of a ledger once more, one by one: whether each follows from those before it.

A replay of a dataset adds up its entries as a store does, and names each one that a store would not have
written: a hash that is not that of its content, a gap, a column that says other than the content, a charge
beyond the budget, a step that a release cannot take. It holds the sums and what is open, and no entry.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from operator import add, attrgetter, le
from typing import Any

from gatecli.ledger.signing_keys import signature_holds
from gatecli.ledger.subject_ends import NOTHING_VALUES, AmountValues, Ends, OpenSubject
from gatecli.ledger.subjects import Finished, Subjects
from gatecli.model.ledger import DatasetTerms, Entry, EntryKind, first_hash, read_terms
from gatecli.model.portfolio import COLUMNS, MEMBER_COLUMNS, Admission, Amounts

_decode = json.JSONDecoder().raw_decode  # half the time of json.loads, which looks for blanks around
_columns = attrgetter(*COLUMNS)
_MEMBERS = tuple((COLUMNS.index(measure), COLUMNS.index(slack)) for measure, slack in MEMBER_COLUMNS.values())
CHARGES = frozenset({EntryKind.OPENING, EntryKind.RESERVE, EntryKind.LEASE})
"""The kinds of entries that charge."""


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


class DatasetReplay:
    """The entries of one dataset so far."""

    __slots__ = (
        "_limits",
        "_member",
        "_public_key",
        "_subjects",
        "closed",
        "dataset",
        "digest",
        "number",
        "sums",
        "terms",
        "unsigned",
    )

    def __init__(
        self,
        ledger: str,
        dataset: str,
        finished: Finished,
        public_key: bytes = b"",
        ends: Ends | None = None,
    ) -> None:
        self.dataset = dataset
        self.number = 0
        """How many entries there were: the number of the next one."""
        self.digest = bytes.fromhex(first_hash(ledger, dataset))
        """The hash of the last entry."""
        self.sums = NOTHING_VALUES
        self.terms: DatasetTerms | None = None
        self.closed = False
        self._limits = NOTHING_VALUES
        self._member = _MEMBERS[0]
        self._subjects = Subjects(dataset, finished, ends)
        self.unsigned = 0
        """Entries without a signature."""
        self._public_key = public_key

    @property
    def head(self) -> str:
        """The hash of the last entry, as an account has it."""
        return self.digest.hex()

    @property
    def held(self) -> Amounts:
        """The sum of the entries."""
        return Amounts(*self.sums)

    @property
    def open(self) -> Mapping[str, OpenSubject]:
        """What is held or lent."""
        return self._subjects.open

    def add(self, entry: Entry) -> list[str]:
        """What is wrong with the next entry; empty where nothing is."""
        wrong: list[str] = []
        if entry.number != self.number:
            wrong.append(f"entry {self.number} is missing before it, or it is there twice")
        self.number = entry.number + 1
        content = entry.content
        digest = hashlib.sha256(self.digest + content.encode("utf-8", "surrogatepass")).digest()
        if digest.hex() != entry.hash:
            wrong.append("its hash is not that of the entry before and its content")
            digest = _read_hash(entry.hash) or digest  # so that the entries after it are judged by themselves
        self.digest = digest
        amounts: AmountValues = _columns(entry.amounts)
        said = _read_content(entry, amounts)
        if said is None:
            wrong.append("its content is not that of an entry, or its columns say other than its content")
        else:
            self._apply(entry, amounts, said, wrong)
        if not entry.signature:
            self.unsigned += 1
        elif self._public_key and not self._is_signed(entry):
            wrong.append("its signature is not by the ledger's key")
        return wrong

    def _apply(self, entry: Entry, amounts: AmountValues, said: dict[str, Any], wrong: list[str]) -> None:
        """Take its subject one step further, and add it up."""
        kind = entry.kind
        if kind is EntryKind.DATASET or self.number == 1:
            self._begin(entry, amounts, said, wrong)
        elif kind is EntryKind.CLOSE:
            self._end(entry, amounts, wrong)
        else:
            self._subjects.step(entry, amounts, said, wrong)
            if self.closed and kind in CHARGES:
                wrong.append("it charges a dataset that was closed")
        if amounts != NOTHING_VALUES:
            self.sums = tuple(map(add, self.sums, amounts))
            if min(amounts) < 0 and min(self.sums) < 0:
                wrong.append("more is taken back than was charged")
            if not self._is_within():
                wrong.append("no member of the portfolio is within its limits after it")

    def _begin(self, entry: Entry, amounts: AmountValues, said: dict[str, Any], wrong: list[str]) -> None:
        if entry.kind is not EntryKind.DATASET or self.number != 1 or amounts != NOTHING_VALUES:
            wrong.append("the terms of a dataset are its first entry, and no other one")
            return
        try:
            terms = read_terms(said["details"]["terms"])
        except (KeyError, TypeError, ValueError, ZeroDivisionError):
            wrong.append("it holds no terms of a dataset")
            return
        if terms.name != self.dataset:
            wrong.append(f"its terms are those of {terms.name}")
        self.terms = terms
        self._limits = _columns(terms.limits)

    def _end(self, entry: Entry, amounts: AmountValues, wrong: list[str]) -> None:
        if amounts != NOTHING_VALUES or entry.subject != self.dataset:
            wrong.append("the end of a dataset is about something else")
        self.closed = True

    def _is_within(self) -> bool:
        """Whether enough members hold; the one that held last is asked first."""
        held, limits = self.sums, self._limits
        if self.terms is not None and self.terms.admission is Admission.ALL:
            return all(map(le, held, limits))
        for member in (self._member, *_MEMBERS):
            measure, slack = member
            if held[measure] <= limits[measure] and held[slack] <= limits[slack]:
                self._member = member
                return True
        return False

    def _is_signed(self, entry: Entry) -> bool:
        try:
            signature, content = base64.b64decode(entry.signature, validate=True), entry.content.encode()
        except ValueError:  # letters beyond base64, ASCII or Unicode
            return False
        return signature_holds(self._public_key, signature, content)


def _read_content(entry: Entry, amounts: AmountValues) -> dict[str, Any] | None:
    """The content as data, where it is that of an entry and every column says the same; else None."""
    try:
        said, end = _decode(entry.content)
        same = (
            end == len(entry.content)
            and tuple(said["amounts"]) == amounts
            and said["subject"] == entry.subject
            and said["kind"] == entry.kind
            and said["dataset"] == entry.dataset
            and said["attempt"] == entry.attempt
            and type(said["digest"]) is str
            and type(said["at"]) is str
            and "details" in said
        )
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return said if same else None


def _read_hash(text: str) -> bytes | None:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        return None
    return found if len(found) == hashlib.sha256().digest_size else None


def planned_in(entry: Entry) -> tuple[str, ...]:
    """The releases that the entry of a plan reserves; none where it is no plan, or cannot be read."""
    try:
        planned = json.loads(entry.content)["details"]["planned"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return ()
    return tuple(planned) if isinstance(planned, dict) else ()
