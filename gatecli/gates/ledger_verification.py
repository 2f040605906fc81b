"""The gate of a ledger's own records: whether it is what was written into it."""

from __future__ import annotations

from gatecli.checks.ledger.chain import find_faults, find_unsigned
from gatecli.gates import LEDGER
from gatecli.gates.judgement import JudgementTerms, judge
from gatecli.ledger.exports import ExportFile
from gatecli.ledger.interface import Store
from gatecli.ledger.transfer import verify_export
from gatecli.ledger.verification import Verification, verify
from gatecli.model.verdict import Checked, Examined, Verdict


def check_ledger(store: Store, pinned: str | None, terms: JudgementTerms) -> Verdict:
    """The verdict over a ledger; `pinned` is a checkpoint that was kept elsewhere.

    Raises InvalidNote for a `pinned` that is none, LedgerUnavailable.
    """
    return _judge(verify(store, pinned), store.where, terms)


def check_export(export: ExportFile, pinned: str | None, terms: JudgementTerms) -> Verdict:
    """The verdict over an export. Raises InvalidExport where it is not a whole one, InvalidNote."""
    return _judge(verify_export(export, pinned), export.path.as_posix(), terms)


def _judge(verification: Verification, where: str, terms: JudgementTerms) -> Verdict:
    """An empty ledger is nothing to verify, and so no pass."""
    checked = (Checked("ledger", verification.ledger, where, _measures(verification)),)
    findings = (*find_faults(verification, where), *find_unsigned(verification, where))
    return judge(LEDGER, Examined(checked if verification.entries else (), findings), terms)


def _measures(verification: Verification) -> dict[str, object]:
    """What was read, and the head that it leads to."""
    return {
        "datasets": verification.datasets,
        "entries": verification.entries,
        "logSize": verification.size,
        "root": verification.root.hex(),
        "checkpoints": verification.checkpoints,
        "unsigned": verification.unsigned,
        "since": verification.pinned,
    }
