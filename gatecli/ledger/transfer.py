"""From an export to a ledger: the same ledger in another place, with every hash, place and checkpoint."""

from __future__ import annotations

from gatecli.errors import UncheckableError, UsageError
from gatecli.ledger.exports import ExportFile
from gatecli.ledger.interface import Store
from gatecli.ledger.restoring import steps_of
from gatecli.ledger.verification import Verification, verify_records


def verify_export(export: ExportFile, pinned: str | None = None) -> Verification:
    """What is wrong with an export. Raises InvalidExport where it is not a whole one."""
    export.require_whole()
    return verify_records(export.identity, export.log(), export.checkpoints(), pinned)


def import_export(export: ExportFile, store: Store) -> Verification:
    """Write an export into the empty ledger of its identity: all of it, or nothing.

    Raises UncheckableError for an export that does not hold, UsageError for a ledger of another identity or
    with entries, LedgerUnavailable.
    """
    if store.identity != export.identity:
        raise UsageError(
            f"this is the ledger {store.identity.name}, and the export is of {export.identity.name}",
            advice="import into a new ledger",
        )
    verification = verify_export(export)
    if not verification.holds:
        raise UncheckableError(
            f"{export.path} does not hold: {verification.faults[0]}",
            advice="export again from a ledger that `gatecli ledger verify` passes",
        )
    store.restore(lambda: steps_of(export.log()), export.log, export.checkpoints)
    return verification
