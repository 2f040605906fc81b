"""What the audit finds in the textbooks' mechanisms: `python benchmarks/audit_mechanisms.py [SEED]
[ROUNDS]`.

Attacks the sixteen textbook mechanisms and ten historical mistakes once, from SEED (default 1000; the
design used seeds below 100), then the right mechanisms ROUNDS times more (default 0), and asserts: every
broken one is refuted at α = 0.001, no right one is, and the sixteen need at most 45 s of processor.
"""

from __future__ import annotations

import os

# Set before numpy is loaded: its threads would be counted although they only wait.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import sys
import time
from fractions import Fraction

from gatecli.audit.attack import Effort
from gatecli.audit.wording import sentence
from gatecli.model.audit import AuditClaim, AuditOutcome
from tests.support.direct_source import attack_directly
from tests.support.historical_bugs import HISTORICAL
from tests.support.textbook_mechanisms import TEXTBOOK, Textbook

SECONDS = 45.0


def is_refuted(one: Textbook, claim: AuditClaim, seed: int, *, shown: bool = True) -> bool:
    start = time.process_time()
    result = attack_directly(one.mechanism, claim, one.pairs, Effort(seed=seed))
    spent = time.process_time() - start
    if shown:
        kind = "right " if one.keeps else "broken"
        print(f"{kind} {one.name:27} {spent:5.2f} s  {sentence(result)}", flush=True)
    return result.outcome is AuditOutcome.REFUTED


def claim_of(one: Textbook) -> AuditClaim:
    return AuditClaim(Fraction(one.claim))


def main(seed: int, rounds: int) -> None:
    start = time.process_time()
    found = {one.name: is_refuted(one, claim_of(one), seed) for one in TEXTBOOK}
    spent = time.process_time() - start
    old = [is_refuted(one, claim, seed) for one, claim in HISTORICAL]
    broken = [found[one.name] for one in TEXTBOOK if not one.keeps]
    right = [found[one.name] for one in TEXTBOOK if one.keeps]
    totals = f"{sum(broken)} of {len(broken)} textbook and {sum(old)} of {len(old)} historical"
    print(f"seed {seed}: {totals} mistakes found")
    print(f"false alarms: {sum(right)} of {len(right)}; the sixteen took {spent:.1f} s of processor")
    for number in range(rounds):
        alarms = [
            is_refuted(one, claim_of(one), seed + 1 + number, shown=False) for one in TEXTBOOK if one.keeps
        ]
        right += alarms
        print(f"round {number + 1}: {sum(right)} false alarms in {len(right)} runs", flush=True)
    assert all(broken)
    assert all(old)
    assert not any(right)
    assert spent <= SECONDS


if __name__ == "__main__":
    main(*(int(text) for text in (sys.argv[1:] + ["1000", "0"][len(sys.argv) - 1 :])[:2]))
