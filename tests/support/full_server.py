"""A server whose disk is full, and then is not: python -m tests.support.full_server DISK.

DISK is a small file system that is also the folder for temporary files.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from gatecli.ledger.interface import LedgerUnavailable
from gatecli.ledger.opening import open_store
from tests.support.ledger_kills import begin
from tests.support.ledgers import evenly, movement, require_sound
from tests.support.postgres import FAST, server

LEFT = 200_000
"""Bytes that are left free: the charges need more, the server's own work less."""


def fill(ballast: Path) -> None:
    free = os.statvfs(ballast.parent)
    with ballast.open("wb") as file:
        file.write(bytes(max(0, free.f_bavail * free.f_frsize - LEFT)))


def main(disk: str) -> None:
    ballast = Path(disk) / "ballast"
    with server(*FAST) as running:
        begin(running.url)
        store = open_store(running.url, replay=True)
        fill(ballast)
        done = 0
        try:
            for done in range(100_000):
                store.move(movement(subject=f"churn@{done}", amounts=1))
        except LedgerUnavailable as error:
            print(error.exit_code, error.message)  # noqa: T201 - its answer
        ballast.unlink()
        account = store.account("people")
        assert account is not None
        assert account.held == evenly(done)
        store.move(movement(subject=f"churn@{done}", amounts=1))
        require_sound(store)
        store.close()
    print("sound", done > 0)  # noqa: T201 - its answer


if __name__ == "__main__":
    main(sys.argv[1])
