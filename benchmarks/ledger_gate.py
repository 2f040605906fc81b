"""What a ledger adds to the release gate: the charge of each member, and the reservation itself.

    python benchmarks/ledger_gate.py

Each line is the median of fresh releases; the peer is the release's own accounting in the same run.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import date
from fractions import Fraction
from functools import partial
from pathlib import Path

from gatecli.accounting.account import account
from gatecli.accounting.interface import Question
from gatecli.accounting.portfolio import amounts_of
from gatecli.checks.release.recomputation import Costs, costs_of, questions_of
from gatecli.gates.charges import Terms, assess
from gatecli.gates.reserving import reserve
from gatecli.ledger.interface import Store
from gatecli.model.budget import Neighbouring
from gatecli.model.ledger import DatasetTerms
from gatecli.model.mechanism import DpSgd
from gatecli.model.policy import LedgerRules
from gatecli.model.release import ReleaseSubject
from tests.support.charged_ledgers import add, ledger, moment
from tests.support.releases import PRIVACY, SPEC, basic_all, data_of, subject_of

RUNS = 15
TODAY = date(2026, 11, 29)


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def question(number: int, terms: DatasetTerms) -> Question:
    run = DpSgd(
        noise_multiplier=Fraction(1100 + number, 1000), sampling_rate=Fraction(426667, 10**8), steps=14040
    )
    return Question((run,), terms.budget.delta, Neighbouring.ADD_REMOVE)


def release(number: int) -> ReleaseSubject:
    work = [{"kind": "laplace", "scale": 50}]
    claim = {**PRIVACY, "epsilon": "0.1", "mechanisms": work}
    return subject_of(data_of({**SPEC, "privacy": claim}, f"1.0.{number}"))


def adds_of(store: Store) -> list[float]:
    """What assessing and reserving takes where the charge is known already."""
    terms = Terms(store, LedgerRules(), TODAY, moment(TODAY))
    subjects = [release(number) for number in range(RUNS + 1)]
    costs = [costs_of(subject, basic_all(questions_of(subject))) for subject in subjects]
    assess(subjects[:1], costs[:1], terms)
    return [
        seconds(partial(_check_and_reserve, subjects[at : at + 1], costs[at : at + 1], terms))
        for at in range(1, RUNS + 1)
    ]


def _check_and_reserve(subjects: Sequence[ReleaseSubject], costs: Sequence[Costs], terms: Terms) -> bool:
    return reserve(assess(subjects, costs, terms), terms)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, ledger(Path(folder)) as store:
        add(store, epsilon="8")
        found = store.account("customers")
        assert found is not None
        asked = [question(number, found.terms) for number in range(RUNS + 1)]
        account(asked[0])
        amounts_of(asked[0], found.terms)
        own = [seconds(partial(account, each)) for each in asked[1:]]
        charge = [seconds(partial(amounts_of, each, found.terms)) for each in asked[1:]]
        adds = adds_of(store)
    peer = statistics.median(own)
    for name, times in (
        ("own accounting", own),
        ("charge of each member", charge),
        ("check and reserve", adds),
    ):
        median = statistics.median(times)
        print(f"{name:24} {median * 1000:8.2f} ms  {median / peer:6.2f}x")


if __name__ == "__main__":
    main()
