"""One writer of a ledger in a file, for `strace` to watch.

python -m tests.support.ledger_writing FILE MOVEMENTS [PRAGMA …]
"""

from __future__ import annotations

import os
import sys

from gatecli.ledger import sqlite
from gatecli.ledger.opening import create_store
from tests.support.ledger_kills import ACKNOWLEDGED, BOTH, PLENTY, movement_of
from tests.support.ledgers import AT, IDENTITY, terms


def main(file: str, movements: str, *pragmas: str) -> None:
    if pragmas:
        sqlite._PRAGMAS = (*sqlite._PRAGMAS, *pragmas)
    store = create_store(file, IDENTITY)
    for name in BOTH:
        store.add_dataset(terms(name, PLENTY), AT)
    os.write(1, ACKNOWLEDGED)
    for number in range(int(movements)):
        asked, releases = movement_of("writer", number)
        store.move(asked, releases=dict.fromkeys(releases, asked.digest))
        os.write(1, ACKNOWLEDGED)
    store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
