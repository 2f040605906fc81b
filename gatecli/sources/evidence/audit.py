"""Audits of the claim: what `gatecli audit … --format json` writes (`gatecli/audit/v1`).

The form is `gatecli.model.audit.AuditFile`, and its schema docs/schemas/audit-v1.json. An audit is an attack
that was made: it records no work, and "nothing found" says something of the attack, not of the mechanism.
"""

from __future__ import annotations

from pydantic import ValidationError

from gatecli.model.audit import AuditFile
from gatecli.sources.evidence.reading import EvidenceReading, Refused
from gatecli.sources.problems import problems_of

_MEND = "write it by gatecli audit … --format json"


def read(data: object) -> EvidenceReading:
    """Every audit of the file, at least one."""
    try:
        return EvidenceReading((), audits=AuditFile.from_file(data).results)
    except ValidationError as error:
        first = problems_of(error, data, AuditFile)[0]
        raise Refused(first.message, pointer=first.pointer, mend=_MEND) from None
