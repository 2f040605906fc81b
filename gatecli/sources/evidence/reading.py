"""What every reader of evidence shares: its result, its refusal, and strict access to plain data."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from gatecli.model.audit import AuditResult
from gatecli.model.base import Value
from gatecli.model.budget import Budget, Neighbouring
from gatecli.model.document import pointer_of
from gatecli.model.mechanism import Approximate, Mechanism, Pure, Unaccountable
from gatecli.model.number import read_exact
from gatecli.sources.positioned_tree import printable

if TYPE_CHECKING:
    from gatecli.model.table_evidence import TableEvidence

Where = tuple[str | int, ...]
"""The keys and indices that lead to a value."""

METADATA = frozenset({"tool", "version", "timestamp", "comment", "job"})
"""Keys that any evidence object may hold: they say who wrote it, and in which job, never what was run."""

SpecificStep = TypeVar("SpecificStep", bound=Value)


@dataclass(frozen=True, slots=True)
class EvidenceReading:
    """What a file records: at least one mechanism or audit, under `neighbouring` where the format fixes it.

    `sensitivity` is the relation of what its noise multipliers are relative to, where the file says it.
    """

    mechanisms: tuple[Mechanism, ...]
    stated: Budget | None = None
    neighbouring: Neighbouring | None = None
    notes: tuple[str, ...] = ()
    sensitivity: Neighbouring | None = None
    audits: tuple[AuditResult, ...] = ()
    table: TableEvidence | None = None


class Refused(Exception):
    """The file cannot stand as evidence; one sentence, and where in the data if that is known."""

    def __init__(self, sentence: str, where: Where = (), *, mend: str = "", pointer: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.pointer = pointer or pointer_of(where)
        self.mend = mend


def record(
    value: object, where: Where, *, required: Collection[str] = (), optional: Collection[str] = ()
) -> Mapping[str, Any]:
    """`value` as an object with exactly these keys (and metadata); refuses what it does not know."""
    if not isinstance(value, Mapping):
        raise Refused(f"{name_of(where)} is {printable(value)} where an object is meant", where)
    for key in required:
        if key not in value:
            raise Refused(f"{name_of(where)} has no key {key!r}", where)
    known = {*required, *optional, *METADATA}
    for key in value:
        if key not in known:
            raise Refused(f"{name_of(where)} has the key {printable(key)}, whose meaning is unknown", where)
    return value


def rows(value: object, where: Where, *, width: int | None = None) -> list[Any]:
    """`value` as a list, of `width` items where that is given."""
    if not isinstance(value, (list, tuple)):
        raise Refused(f"{name_of(where)} is {printable(value)} where a list is meant", where)
    if width is not None and len(value) != width:
        raise Refused(f"{name_of(where)} has {len(value)} items where {width} are meant", where)
    return list(value)


def exact(value: object, where: Where) -> Fraction:
    """`value` as an exact finite number."""
    if value is not None and not isinstance(value, str | int | Decimal | Fraction):
        raise Refused(f"{name_of(where)} is {printable(value)} where a number is meant", where)
    try:
        return read_exact(value)
    except PydanticCustomError as error:
        raise Refused(f"{name_of(where)}: {error.message()}", where) from None


def shortest(number: float) -> Decimal:
    """The shortest decimal that names a float: what its author wrote."""
    return Decimal(repr(number))


def whole(value: object, where: Where, *, least: int) -> int:
    """`value` as an integer of at least `least`."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise Refused(f"{name_of(where)} is {printable(value)} where a whole number is meant", where)
    if value < least:
        raise Refused(f"{name_of(where)} is below {least}", where)
    return value


def build_mechanism(kind: type[SpecificStep], where: Where, /, **fields: Any) -> SpecificStep:
    """A mechanism of these parameters, or a refusal that says which parameter is impossible."""
    try:
        return kind(**fields)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        detail = f"{field}: {first['msg']}" if field else first["msg"]
        raise Refused(f"{name_of(where)} does not describe a possible mechanism ({detail})", where) from None


def spent_budget(epsilon: object, delta: object, where: Where) -> Mechanism:
    """A black box of (ε, δ): pure where δ is 0, without any guarantee where δ is 1."""
    if (at := exact(delta, where)) == 0:
        return build_mechanism(Pure, where, epsilon=exact(epsilon, where))
    if at == 1:
        return Unaccountable(description="a budget with δ = 1 promises nothing")
    return build_mechanism(Approximate, where, epsilon=exact(epsilon, where), delta=at)


def spent_pair(pair: object, where: Where) -> Mechanism:
    """A spend [ε, δ] as a black box."""
    epsilon, delta = rows(pair, where, width=2)
    return spent_budget(epsilon, delta, where)


def budget(value: object, where: Where) -> Budget:
    """A pair [ε, δ] as a stated budget."""
    epsilon, delta = (exact(item, where) for item in rows(value, where, width=2))
    if epsilon < 0 or not 0 <= delta < 1:
        raise Refused(f"{name_of(where)} is not a budget: it needs ε ≥ 0 and 0 ≤ δ < 1", where)
    return Budget(epsilon, delta)


def name_of(where: Where) -> str:
    """How a sentence names a place: its pointer, or "the evidence" for the whole."""
    return pointer_of(where) or "the evidence"
