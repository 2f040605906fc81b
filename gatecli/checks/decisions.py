"""Whether the documents of a release are still true, and its decision is one that people took."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

from gatecli.checks.release.interface import finding_at
from gatecli.model.decision import AllocationColumn, AllocationRow, DecisionRecord
from gatecli.model.document import Place
from gatecli.model.document_stamp import DocumentStamp
from gatecli.model.documents import DocumentFacts, EpsilonAllocation, InputPart, input_digests
from gatecli.model.finding import Finding, Rule, Severity, make_finding
from gatecli.model.identity import identity_of
from gatecli.model.number import read_exact
from gatecli.model.quoting import quote_text
from gatecli.model.release import ReleaseSubject

MISSING_ALLOCATION = Rule(
    "doc-missing-epsilon-allocation",
    Severity.ERROR,
    "A decision record does not say what each dataset of a release gives to it",
)
OUT_OF_DATE = Rule(
    "doc-out-of-date", Severity.ERROR, "A document was made from something else than what is there now"
)
NOT_ACCEPTED = Rule("doc-not-accepted", Severity.ERROR, "A decision is not accepted, or not complete")

RULES: tuple[Rule, ...] = (MISSING_ALLOCATION, OUT_OF_DATE, NOT_ACCEPTED)

ACCEPTED = "accepted"
PAST = frozenset({"superseded", "deprecated", "rejected"})
"""How the status of a decision begins that is of no release any more."""

_CHANGED: Mapping[InputPart, str] = MappingProxyType(
    {
        InputPart.DECLARATION: "the declaration",
        InputPart.COST: "what was recomputed",
        InputPart.LIMITS: "the limits of its tier",
        InputPart.LEDGER: "what the ledger says",
        InputPart.VERDICT: "the verdict or the policy",
    }
)
_RECORD = "adr"
_CARD = "model-card"
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def find_unnamed_decision(subject: ReleaseSubject) -> Finding:
    """A release that names no record, or one that is not there."""
    named = subject.release.spec.decision
    missing = f"the decision record {named} does not exist, or cannot be read"
    message = "names no decision record" if named is None else missing
    return finding_at(
        MISSING_ALLOCATION,
        subject,
        "/spec/decision",
        message,
        "write it: gatecli document adr -o FILE, and name the file under spec.decision",
        about=named or "",
    )


def find_decision_faults(facts: DocumentFacts, record: DecisionRecord) -> Iterator[Finding]:
    """Everything that is wrong with the record of the decision about a release."""
    yield from _find_allocation_faults(facts, record)
    yield from find_outdated(facts, _Dated(record.path, _RECORD, record.stamp, record.fault))
    yield from _find_unaccepted(facts, record)


@dataclass(frozen=True, slots=True)
class _Dated:
    """A document and what it says that it was made from."""

    path: str
    kind: str
    stamp: DocumentStamp | None
    fault: str | None = None


def dated_document(path: str, stamp: DocumentStamp | None, fault: str | None) -> _Dated:
    """A document of any kind, for `find_outdated`."""
    return _Dated(path, stamp.kind if stamp else "KIND", stamp, fault)


def find_outdated(facts: DocumentFacts, document: _Dated) -> Iterator[Finding]:
    """What a document was made from, and is something else now."""
    mend = _write_again(facts, document.path, document.kind)
    if document.fault is not None:
        yield _fault(OUT_OF_DATE, facts, Place(document.path), f"it {document.fault}", "restore it from git")
    if document.stamp is None:
        return
    if document.stamp.release != facts.identity:
        yield find_other_release(document.path, document.stamp, facts.identity)
        return
    stated = document.stamp.inputs
    now = input_digests(facts, frozenset(stated))
    changed = [part for part in InputPart if part in now and now[part] != stated[part]]
    if InputPart.DECLARATION not in stated:
        changed.append(InputPart.DECLARATION)
    if changed:
        told = " and ".join(_CHANGED[part] for part in changed)
        message = f"{told} changed since it was written"
        yield _fault(OUT_OF_DATE, facts, Place(document.path), message, mend, ",".join(changed))


def _write_again(facts: DocumentFacts, path: str, kind: str = _RECORD) -> str:
    """The command that writes a document anew; a model card is named as an argument."""
    ledger = " --ledger URL" if facts.ledger else ""
    form = " --format html" if path.lower().endswith(".html") else ""
    places = f"{path} --release {facts.path}" if kind == _CARD else f"{facts.path} -o {path}"
    return f"write it again: gatecli document {kind} {places}{form}{ledger}, and read what changed"


def find_other_release(path: str, stamp: DocumentStamp, declared: str | None) -> Finding:
    """A document about a release that is not declared any more; `declared` is what is declared instead."""
    told = f"the declaration is of {declared}" if declared else f"{stamp.declaration} does not declare it"
    return make_finding(
        OUT_OF_DATE,
        f"it is about {stamp.release}, and {told}",
        subject=stamp.release,
        place=Place(path),
        mend="write a document for the release that is there; set the status of this one to superseded",
        identity=f"{path}\0{stamp.release}",
    )


def find_broken_stamp(path: str, fault: str) -> Finding:
    """A document that gatecli wrote, and whose last line was changed."""
    return make_finding(
        OUT_OF_DATE, f"it {fault}", subject=path, place=Place(path), mend="restore it from git", identity=path
    )


def _find_unaccepted(facts: DocumentFacts, record: DecisionRecord) -> Iterator[Finding]:
    place = Place(record.path, 1)
    status = record.status
    if status is None or status.casefold() != ACCEPTED:
        told = f"its status is {quote_text(status)}" if status else "its front matter states no status"
        mend = "who decides sets `status: accepted` in its front matter, once it is decided"
        yield _fault(NOT_ACCEPTED, facts, place, f"{told}, not accepted", mend)
    elif record.questions:
        count = f"{record.questions} questions" if record.questions > 1 else "a question"
        message = f"it is accepted, and {count} in it {'have' if record.questions > 1 else 'has'} no answer"
        mend = "answer them; delete what does not apply"
        yield _fault(NOT_ACCEPTED, facts, place, message, mend, "questions")


def _find_allocation_faults(facts: DocumentFacts, record: DecisionRecord) -> Iterator[Finding]:
    at = Place(record.path, record.line)
    mend = _write_again(facts, record.path)
    if record.line is None:
        message = "it has no table of ε, with the columns Dataset, Unit, ε, δ, Share of what is left, Expires"
        yield _fault(MISSING_ALLOCATION, facts, at, message, mend)
        return
    for column in record.missing:
        message = f"its table of ε has no column {column}, or has it twice"
        yield _fault(MISSING_ALLOCATION, facts, at, message, mend, column)
    named = [_plain(row.cells.get(AllocationColumn.DATASET, "")) for row in record.rows]
    counts = Counter(named)
    allocations = {_plain(each.dataset): each for each in facts.allocations}
    for name, allocation in allocations.items():
        if name not in counts:
            message = f"the dataset {allocation.dataset} has no row in the table of ε"
            yield _fault(MISSING_ALLOCATION, facts, at, message, mend, name)
    for name, row in zip(named, record.rows, strict=True):
        place = Place(record.path, row.line)
        if name not in allocations:
            message = f"the row of {quote_text(name)} is about no dataset of the release"
            yield _fault(MISSING_ALLOCATION, facts, place, message, mend, f"row\0{name}")
        elif counts[name] > 1:
            message = f"the dataset {name} has {counts[name]} rows in the table of ε"
            yield _fault(MISSING_ALLOCATION, facts, place, message, mend, f"twice\0{name}")
        else:
            for column, told, true in _differences(allocations[name], row, facts):
                message = f"the table of ε says {column} {quote_text(told)} of {name}, and it is {true}"
                yield _fault(MISSING_ALLOCATION, facts, place, message, mend, f"{column}\0{name}")


def _differences(
    true: EpsilonAllocation, row: AllocationRow, facts: DocumentFacts
) -> Iterator[tuple[AllocationColumn, str, str]]:
    """The columns whose cell is not what declaration and ledger say; only a ledger knows the last two."""
    cells = row.cells
    compared = [
        (AllocationColumn.UNIT, true.unit, _same_text),
        (AllocationColumn.EPSILON, true.epsilon, _same_number),
        (AllocationColumn.DELTA, true.delta, _same_number),
        (AllocationColumn.SHARE, true.share, _same_share if facts.ledger else _is_filled),
        (AllocationColumn.EXPIRY, true.expiry, _same_day if facts.ledger else _is_filled),
    ]
    for column, expected, is_same in compared:
        if column in cells and not is_same(cells[column], expected):
            yield column, cells[column], expected


def _same_text(cell: str, expected: str) -> bool:
    return identity_of(cell) == identity_of(expected)


def _same_number(cell: str, expected: str) -> bool:
    numbers = [_number(cell), _number(expected)]
    return numbers[0] == numbers[1] if None not in numbers else cell == expected


def _number(text: str) -> Fraction | None:
    try:
        return read_exact(text)
    except ValueError:
        return None


def _same_share(cell: str, expected: str) -> bool:
    return cell.replace(" ", "") == expected.replace(" ", "")


def _same_day(cell: str, expected: str) -> bool:
    """Before a reservation nobody knows its day, and after a commit it has none."""
    both = _ISO_DATE.fullmatch(cell) and _ISO_DATE.fullmatch(expected)
    return cell == expected if both else bool(cell)


def _is_filled(cell: str, _expected: str) -> bool:
    return bool(cell)


def _plain(name: str) -> str:
    return " ".join(name.split())


def _fault(
    rule: Rule, facts: DocumentFacts, place: Place, message: str, mend: str, about: str = ""
) -> Finding:
    subject = facts.release.subject
    return make_finding(
        rule, message, subject=subject, place=place, mend=mend, identity=f"{subject}\0{place.path}\0{about}"
    )
