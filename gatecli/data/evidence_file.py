"""Evidence of a session: what its questions cost, where they were paid, and of which rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gatecli.anonymity.tables.interface import OpenedTable
from gatecli.data.aggregation import Contributions
from gatecli.data.engines.interface import NoiseEngine
from gatecli.data.spending import Purse
from gatecli.errors import UsageError
from gatecli.evidence.libraries import Content
from gatecli.evidence.writing import write_content
from gatecli.model.budget import Neighbouring
from gatecli.model.release import EvidenceFormat
from gatecli.model.table_evidence import AnsweredQuestion, EvidenceTool, TableEvidence, TableSource
from gatecli.package import VERSION


def evidence_of(
    opened: OpenedTable,
    counted: Contributions,
    purse: Purse,
    engine: NoiseEngine,
    questions: Sequence[AnsweredQuestion],
) -> TableEvidence:
    """The evidence of what was asked until now. Raises UsageError where nothing was."""
    if not questions:
        raise UsageError("nothing was asked yet", advice="write evidence after the last question")
    return TableEvidence(
        tool=EvidenceTool(name="gatecli", version=VERSION),
        engine=EvidenceTool(name=engine.name, version=engine.version),
        dataset=purse.terms.name,
        unit=purse.terms.unit,
        unit_column=counted.column,
        rows_per_unit=counted.rows,
        neighbouring=Neighbouring.ADD_REMOVE,
        source=TableSource(sha256=opened.digest, digest_of=opened.digest_of),
        ledger=purse.ledger,
        questions=tuple(questions),
    )


def write_evidence(evidence: TableEvidence, path: Path) -> None:
    """Write it to a file, whole or not at all. Raises UsageError."""
    data = evidence.model_dump(mode="json", by_alias=True, exclude_none=True)
    write_content(Content(EvidenceFormat.TABLE, data), path)
