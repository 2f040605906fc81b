"""From an export to a ledger: the same ledger in another place, with every hash, place and checkpoint."""

from __future__ import annotations

from gatecli.errors import UncheckableError, UsageError
from gatecli.ledger.exports import ExportFile
from gatecli.ledger.interface import Store
from gatecli.ledger.opening import create_store, open_store
from gatecli.ledger.sql.booking import Run
from gatecli.ledger.sql.restore import restore_log
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
    verification = _require_sound(export)
    store.restore(export.log, export.checkpoints)
    return verification


def import_new(export: ExportFile, url: str) -> Verification:
    """Make a ledger of an export where none is: all of it, or no ledger at all.

    An empty ledger of the same identity is filled. Raises what `import_export` raises.
    """
    verification = _require_sound(export)

    def fill(run: Run) -> None:
        restore_log(run, export.identity, export.log(), export.checkpoints())

    try:
        create_store(url, export.identity, replay=True, fill=fill).close()
    except UsageError:
        store = open_store(url, replay=True)
        try:
            return import_export(export, store)
        finally:
            store.close()
    return verification


def _require_sound(export: ExportFile) -> Verification:
    verification = verify_export(export)
    if not verification.holds:
        raise UncheckableError(
            f"{export.path} does not hold: {verification.faults[0]}",
            advice="export again from a ledger that `gatecli ledger verify` passes",
        )
    return verification
