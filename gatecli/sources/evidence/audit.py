"""Audits of the claim: what `gatecli audit … --format json` writes (`gatecli/audit/v1`).

{"schema": "gatecli/audit/v1", "tool": {…}, "results": [{…}, …]}. Numbers are exact text. An audit is an
attack that was made: it records no work, and "nothing found" is a statement about the attack, not about the
mechanism.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import StrEnum
from fractions import Fraction
from typing import TypeVar

from gatecli.model.audit import AUDIT_SCHEMA, AuditClaim, AuditOutcome, AuditPower, AuditResult
from gatecli.model.budget import Neighbouring
from gatecli.sources.evidence.reading import EvidenceReading, Refused, Where, exact, record, rows, whole

_MEND = "write it by gatecli audit … --format json"
_REQUIRED = ("subject", "method", "outcome", "claim", "confidence", "lower")
_OPTIONAL = ("samples", "inputs", "event", "power", "digest", "reason", "measures")
_DIGEST = re.compile(r"[0-9a-fA-F]{64}")

Member = TypeVar("Member", bound=StrEnum)


def read(data: object) -> EvidenceReading:
    """Every audit of the file, at least one."""
    document = record(data, (), required=("schema", "results"), optional=("measures",))
    if document["schema"] != AUDIT_SCHEMA:
        raise Refused(f"its schema is not {AUDIT_SCHEMA}", ("schema",), mend=_MEND)
    results = rows(document["results"], ("results",))
    if not results:
        raise Refused("results is empty: nothing was audited", ("results",), mend=_MEND)
    audits = tuple(_result(each, ("results", number)) for number, each in enumerate(results))
    return EvidenceReading((), audits=audits)


def _result(value: object, where: Where) -> AuditResult:
    fields = record(value, where, required=_REQUIRED, optional=_OPTIONAL)
    return AuditResult(
        _text(fields["subject"], (*where, "subject")),
        _text(fields["method"], (*where, "method")),
        _member(AuditOutcome, fields["outcome"], (*where, "outcome")),
        _claim(fields["claim"], (*where, "claim")),
        _share(fields["confidence"], (*where, "confidence")),
        _epsilon(fields["lower"], (*where, "lower")),
        whole(fields.get("samples", 0), (*where, "samples"), least=0),
        _inputs(fields.get("inputs"), (*where, "inputs")),
        _text(fields.get("event", ""), (*where, "event")),
        _power(fields.get("power"), (*where, "power")),
        _digest(fields.get("digest", ""), (*where, "digest")),
        _text(fields.get("reason", ""), (*where, "reason")),
    )


def _claim(value: object, where: Where) -> AuditClaim:
    fields = record(value, where, required=("epsilon",), optional=("delta", "neighbouring"))
    relation = fields.get("neighbouring")
    return AuditClaim(
        _epsilon(fields["epsilon"], (*where, "epsilon")),
        _share(fields.get("delta", "0"), (*where, "delta")),
        None if relation is None else _member(Neighbouring, relation, (*where, "neighbouring")),
    )


def _power(value: object, where: Where) -> AuditPower | None:
    if value is None:
        return None
    fields = record(value, where, required=("epsilon", "probability"))
    return AuditPower(
        _epsilon(fields["epsilon"], (*where, "epsilon")),
        _share(fields["probability"], (*where, "probability")),
    )


def _inputs(value: object, where: Where) -> tuple[str, str] | None:
    if value is None:
        return None
    one, other = (_text(each, where) for each in rows(value, where, width=2))
    return one, other


def _epsilon(value: object, where: Where) -> Fraction:
    if (number := exact(value, where)) < 0:
        raise Refused("an ε is below 0", where)
    return number


def _share(value: object, where: Where) -> Fraction:
    if not 0 <= (number := exact(value, where)) < 1:
        raise Refused("a probability is not between 0 and 1", where)
    return number


def _text(value: object, where: Where) -> str:
    if not isinstance(value, str):
        raise Refused("what is meant as text is none", where)
    return value


def _digest(value: object, where: Where) -> str:
    text = _text(value, where)
    if text and not _DIGEST.fullmatch(text):
        raise Refused("the digest is not 64 hexadecimal digits", where)
    return text.lower()


def _member(kind: type[Member], value: object, where: Where) -> Member:
    names: Collection[str] = [member.value for member in kind]
    if value not in names:
        raise Refused(f"{where[-1]} is none of {', '.join(names)}", where)
    return kind(str(value))
