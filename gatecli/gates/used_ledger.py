"""The ledger that a gate judges against, where one is named."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gatecli.errors import UsageError

if TYPE_CHECKING:
    from gatecli.gates.reserving import LedgerUse


@contextmanager
def used_ledger(
    url: str | None, now: datetime, *, reserves: bool = False, key: Path | None = None
) -> Iterator[LedgerUse | None]:
    """The ledger at `url`, closed afterwards; None where none is named.

    It is opened for reading unless something is to be reserved, which the key in a file signs. Raises
    UsageError where something is to be reserved and no ledger is named.
    """
    if url is None:
        if reserves:
            raise UsageError(
                "--reserve needs a ledger", advice="--ledger URL, or the variable GATECLI_LEDGER"
            )
        yield None
        return
    from gatecli.gates.ledger_access import moment, open_ledger  # noqa: PLC0415 - few runs have a ledger
    from gatecli.gates.reserving import LedgerUse  # noqa: PLC0415 - the same

    with open_ledger(url, read_only=not reserves, key=key) as store:
        yield LedgerUse(store, moment(now), reserves)
