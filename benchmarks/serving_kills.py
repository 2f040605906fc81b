"""An endpoint under load that is killed at any moment, 1,000 times: answers received against answers paid.

    .venv/bin/python benchmarks/serving_kills.py [KILLS] [SEED]

Each life is forked from one process that has imported everything, asks a stub model on loopback over real
connections, and ends by SIGKILL after a random number of answers, or in the middle of one. What counts is
that no caller holds an answer that the ledger does not hold as spent; a kill loses the rest of its leases.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.support.serving_kills import kill_often  # noqa: E402 - after the path


def main() -> int:
    """Kill so many times, and say what was received and what was paid."""
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(1 << 32)
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        found = kill_often(Path(folder), kills, seed)
    seconds = time.perf_counter() - begun
    overspent = max(0, found.received - found.paid)
    print(f"{kills} kills, seed {seed}, {seconds:.0f} s ({seconds / kills:.2f} s a life)")
    print(f"answers received {found.received}, paid {found.paid}, overspent {overspent}")
    print(
        f"lost to kills {(found.paid - found.received) / kills:.1f} answers each; ledger holds: {found.holds}"
    )
    return int(overspent > 0 or not found.holds)


if __name__ == "__main__":
    raise SystemExit(main())
