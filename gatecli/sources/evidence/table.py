"""Questions to a table behind a budget: what `gatecli.data` writes (`gatecli/table-evidence/v1`).

The form is `gatecli.model.table_evidence.TableEvidence`, and its schema docs/schemas/table-evidence-v1.json.
"""

from __future__ import annotations

from pydantic import ValidationError

from gatecli.model.table_evidence import TableEvidence
from gatecli.sources.evidence.reading import EvidenceReading, Refused
from gatecli.sources.problems import problems_of

_MEND = "write it by table.write_evidence(…)"


def read(data: object) -> EvidenceReading:
    """The mechanisms of every question, under the relation that the file states."""
    try:
        found = TableEvidence.from_file(data)
    except ValidationError as error:
        first = problems_of(error, data, TableEvidence)[0]
        raise Refused(first.message, pointer=first.pointer, mend=_MEND) from None
    mechanisms = tuple(each for question in found.questions for each in question.mechanisms)
    return EvidenceReading(mechanisms, neighbouring=found.neighbouring, table=found)
