"""What the portfolio filter admits, beside a PLD of releases that were fixed in advance, and its own cost.

`python benchmarks/portfolio.py` prints, for several budgets and DP-SGD runs, how many equal runs a composed
PLD admits, how many fit into one plan, how many fit one by one and by which member; and the time of a vector
in ratio to the accounting of the same run in `gatecli release check`.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from fractions import Fraction

from gatecli.accounting.account import account
from gatecli.accounting.interface import NoBound, Question
from gatecli.accounting.portfolio import amounts_of, limits_of
from gatecli.model.budget import Bounds, Budget, Neighbouring
from gatecli.model.ledger import DatasetTerms
from gatecli.model.mechanism import Composed, DpSgd, Mechanism
from gatecli.model.portfolio import MEMBER_COLUMNS, Amounts, Member, is_admitted

BUDGETS = [("8", "1e-5"), ("3", "1e-6"), ("1", "1e-5")]
RUNS = [
    ("1.1", "0.00426667", 14040),
    ("1", "0.004", 2000),
    ("1.5", "0.004", 2000),
    ("2", "0.005", 2000),
    ("2", "0.01", 2000),
    ("3", "0.01", 4000),
    ("4", "0.005", 2000),
    ("6", "0.02", 2000),
    ("10", "0.05", 3000),
    ("20", "0.1", 2000),
    ("1", "0.001", 2000),
    ("0.7", "0.001", 5000),
]
ENOUGH = 20
"""Fewer runs than this say little about a share: one is 5 %."""


def dataset(epsilon: str, delta: str) -> DatasetTerms:
    budget = Budget(Fraction(epsilon), Fraction(delta))
    return DatasetTerms("people", "person", Neighbouring.ADD_REMOVE, budget, limits_of(budget))


def question(run: Mechanism, count: int, terms: DatasetTerms, *, claimed: bool = False) -> Question:
    many = Composed(mechanisms=(run,), count=count)
    claim = terms.budget.epsilon if claimed else None
    return Question((many,), terms.budget.delta, terms.neighbouring, claim=claim)


def charge(run: Mechanism, count: int, terms: DatasetTerms) -> Amounts:
    found = amounts_of(question(run, count, terms), terms)
    if isinstance(found, NoBound):
        raise TypeError(found.reasons[0])
    return found


def largest(fits: Callable[[int], bool]) -> int:
    low, high = 0, 1
    while fits(high):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def composed_fits(run: Mechanism, count: int, terms: DatasetTerms) -> bool:
    bounds = account(question(run, count, terms, claimed=True))
    return isinstance(bounds, Bounds) and bounds.upper is not None and bounds.upper <= terms.budget.epsilon


def fitting_one_by_one(one: Amounts, limits: Amounts) -> dict[Member, int]:
    """How often a charge fits each member."""
    return {
        member: min(
            getattr(limits, column) // getattr(one, column) for column in columns if getattr(one, column)
        )
        for member, columns in MEMBER_COLUMNS.items()
    }


def compare(budget: tuple[str, str], sigma: str, rate: str, steps: int) -> tuple[float, float] | None:
    """The shares of a PLD's count that fit into a plan and one by one; prints both."""
    terms = dataset(*budget)
    run = DpSgd(noise_multiplier=Fraction(sigma), sampling_rate=Fraction(rate), steps=steps)
    composed = largest(lambda count: composed_fits(run, count, terms))
    if composed < ENOUGH:
        return None
    planned = largest(lambda count: is_admitted(charge(run, count, terms), terms.limits))
    each = fitting_one_by_one(charge(run, 1, terms), terms.limits)
    best = max(each, key=each.__getitem__)
    print(
        f"({budget[0]}, {budget[1]})".ljust(14),
        f"{sigma:>6} {rate:>11} {steps:>6} {composed:>5} {planned:>5} ({planned / composed:.0%})"
        f" {each[best]:>5} ({each[best] / composed:.0%}, {best})",
    )
    return planned / composed, each[best] / composed


def count_releases() -> None:
    print("budget          sigma  rate        steps   PLD   plan         one by one")
    found = [shares for budget in BUDGETS for run in RUNS if (shares := compare(budget, *run))]
    for name, shares in zip(("plans", "one by one"), zip(*found, strict=True), strict=True):
        print(f"{name}: {min(shares):.0%} to {max(shares):.0%}, median {statistics.median(shares):.0%}")


def time_vectors(number: int = 50) -> None:
    """Distinct runs, so that nothing is remembered; what is imported late is there before."""
    terms = dataset("8", "1e-5")
    runs = [
        DpSgd(noise_multiplier=Fraction(100 + n, 100), sampling_rate=Fraction(1, 200), steps=2000 + 97 * n)
        for n in range(-1, number)
    ]
    account(question(runs[0], 1, terms))
    charge(runs[0], 1, terms)
    started = time.perf_counter()
    for run in runs[1:]:
        account(question(run, 1, terms))
    accounted = time.perf_counter()
    for run in runs[1:]:
        charge(run, 1, terms)
    charged = time.perf_counter()
    alone, vector = (accounted - started) / number, (charged - accounted) / number
    ratio = vector / alone
    print(f"one run: accounting {alone * 1e3:.1f} ms, its vector {vector * 1e3:.1f} ms, {ratio:.2f} of it")


def main() -> None:
    count_releases()
    time_vectors()


if __name__ == "__main__":
    main()
