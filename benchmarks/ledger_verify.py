"""How long a ledger takes to verify, beside reading it alone: `python benchmarks/ledger_verify.py [ENTRIES]`.

Writes a ledger of ENTRIES (default 1,000,000) in ten datasets, releases that are reserved and committed, and
verifies it in a process of its own: chains, columns, sums, budgets, subjects, reservations, the log and a
checkpoint. The peer, in another process, reads the same rows and hashes each content once.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from gatecli.ledger.checkpoints import make_checkpoint
from gatecli.ledger.interface import LedgerIdentity
from gatecli.ledger.opening import create_store
from gatecli.ledger.sql.booking import Request, Run, add, book
from gatecli.ledger.sql.store import SqlStore
from gatecli.model.budget import Budget, Neighbouring
from gatecli.model.ledger import Charge, DatasetTerms, EntryKind, Movement, identity_digest
from gatecli.model.portfolio import NOTHING, Amounts

AT = "2026-01-01T00:00:00Z"
DATASETS = 10
COST = Amounts(10**9, 10**3, 12_345_678, 10**3, 55_555, 66_666, 77_777, 88_888, 1)

VERIFY = """
import json, resource, sys, time
from gatecli.ledger.opening import open_store
from gatecli.ledger.verification import verify
store = open_store(sys.argv[1], read_only=True)
begin, used = time.perf_counter(), time.process_time()
found = verify(store)
print(json.dumps({
    "seconds": time.perf_counter() - begin, "cpu": time.process_time() - used, "entries": found.entries,
    "faults": len(found.faults), "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
}))
"""

READ = """
import hashlib, json, resource, sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1])
begin, used, count = time.perf_counter(), time.process_time(), 0
for row in connection.execute("SELECT * FROM log l JOIN entry e USING (dataset, number) ORDER BY l.place"):
    count += 1
    hashlib.sha256(row[-3].encode()).digest()
print(json.dumps({
    "seconds": time.perf_counter() - begin, "cpu": time.process_time() - used, "entries": count, "faults": 0,
    "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
}))
"""


def terms_of(dataset: int) -> DatasetTerms:
    budget = Budget(Fraction(8), Fraction(1, 10**5))
    limits = Amounts(*[10**17] * len(tuple(NOTHING)))
    return DatasetTerms(f"dataset-{dataset}", "person", Neighbouring.ADD_REMOVE, budget, limits)


def movements(dataset: int, entries: int) -> Iterator[Movement]:
    """The life of a dataset: releases that are reserved, and committed."""
    for number in range((entries - 1) // 2):
        subject = f"churn-classifier-{dataset}@{number}"
        digest = identity_digest({"release": subject})
        details = {"artifacts": [digest], "mechanisms": [{"kind": "gaussian", "sigma": "4"}]}
        for kind, cost in ((EntryKind.RESERVE, COST), (EntryKind.COMMIT, NOTHING)):
            charges = (Charge(f"dataset-{dataset}", cost),)
            yield Movement(kind, subject, AT, charges, digest, details)


def write(file: Path, entries: int) -> None:
    """A ledger, a transaction for each dataset: what is timed is the reading."""
    store = create_store(str(file), LedgerIdentity("0" * 32, "bench.example/ledger", AT))
    assert isinstance(store, SqlStore)
    for dataset in range(DATASETS):

        def work(run: Run, dataset: int = dataset) -> None:
            add(run, "0" * 32, terms_of(dataset), AT, "")
            for movement in movements(dataset, entries // DATASETS):
                book(run, Request(movement))

        store._change(work)  # noqa: SLF001 - many movements in one transaction
    make_checkpoint(store, None, AT)
    store.close()


def figures_of(name: str, script: str, file: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-c", script, str(file)], check=True, capture_output=True, text=True
    )
    found: dict[str, float] = json.loads(done.stdout)
    assert found["faults"] == 0
    each = 1e6 * found["seconds"] / found["entries"]
    print(
        f"{name}: {found['entries']:,.0f} entries in {found['seconds']:.1f} s ({found['cpu']:.1f} s of CPU), "
        f"{each:.1f} µs each, {found['megabytes']:.0f} MB"
    )
    return found


def main(entries: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "ledger.db")
        write(file, entries)
        verified, read = figures_of("verify", VERIFY, file), figures_of("read and hash alone", READ, file)
    print(f"verify: {verified['seconds'] / read['seconds']:.1f} × reading alone")
    print(f"memory: {verified['megabytes'] - read['megabytes']:.0f} MB more than reading alone")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
