"""Evidence of a session: what its questions cost, where they were paid, and of which rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from gatecli.anonymity.tables.interface import OpenedTable
from gatecli.data.aggregation import Contributions
from gatecli.data.engines.interface import NoiseEngine
from gatecli.data.respondent import Record
from gatecli.data.spending import Purse
from gatecli.errors import UsageError
from gatecli.model.budget import Neighbouring
from gatecli.model.table_evidence import (
    AnsweredQuestion,
    ChargedLedger,
    EvidenceTool,
    TableEvidence,
    TableSource,
)
from gatecli.package import VERSION


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """What evidence says of a session besides its questions."""

    opened: OpenedTable
    contributions: Contributions
    purse: Purse
    engine: NoiseEngine


def evidence_of(facts: SessionFacts, records: Sequence[Record]) -> TableEvidence:
    """The evidence of what was asked until now. Raises UsageError where nothing was."""
    if not records:
        raise UsageError(
            "nothing was asked, so there is no evidence", advice="write it after the last question"
        )
    origin, opened = facts.purse.origin, facts.opened
    return TableEvidence(
        tool=EvidenceTool(name="gatecli", version=VERSION),
        engine=EvidenceTool(name=facts.engine.name, version=facts.engine.version),
        dataset=facts.purse.terms.name,
        unit=facts.purse.terms.unit,
        rows_per_unit=facts.contributions.rows,
        neighbouring=Neighbouring.ADD_REMOVE,
        source=TableSource(sha256=opened.digest, digest_of=opened.digest_of),
        ledger=None if origin is None else ChargedLedger(id=origin.id, name=origin.name),
        questions=tuple(
            AnsweredQuestion(
                subject=each.subject,
                question=each.question,
                epsilon=each.epsilon,
                delta=each.delta,
                answered=each.is_answered,
                mechanisms=each.mechanisms,
            )
            for each in records
        ),
    )


def write_evidence(facts: SessionFacts, records: Sequence[Record], path: Path) -> None:
    """Write it to a file, whole or not at all. Raises UsageError."""
    data = evidence_of(facts, records).model_dump(mode="json", by_alias=True, exclude_none=True)
    try:
        with TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
            part = Path(folder) / path.name
            part.write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", "utf-8")
            part.replace(path)
    except OSError as error:
        raise UsageError(
            f"cannot write {path}: {error.strerror or error}", advice="choose a writable place"
        ) from None
