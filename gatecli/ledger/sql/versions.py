"""Ledgers whose tables are of another version than this gatecli's."""

from __future__ import annotations

from gatecli.ledger.interface import LedgerUnavailable
from gatecli.model.ledger import SCHEMA_VERSION


def refuse_newer(version: int, where: str) -> None:
    """Raise LedgerUnavailable for tables that a newer gatecli made."""
    if version > SCHEMA_VERSION:
        raise LedgerUnavailable(
            f"the ledger {where}: this ledger was written by a newer gatecli "
            f"(version {version} of its tables, this one knows {SCHEMA_VERSION})",
            advice="install the newest gatecli",
        )


def refuse_older(version: int, where: str) -> None:
    """Raise LedgerUnavailable for tables that this gatecli would migrate, were it let."""
    if version < SCHEMA_VERSION:
        raise LedgerUnavailable(
            f"the ledger {where} was written by an older gatecli "
            f"(version {version} of its tables, this one needs {SCHEMA_VERSION})",
            advice=f"migrate it: gatecli ledger migrate --ledger {where}",
        )
