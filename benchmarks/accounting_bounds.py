"""How close the bounds on ε are, and what they take: `python benchmarks/accounting_bounds.py [RUNS]`.

RUNS (default 200) random DP-SGD runs with δ from 1e-3 to 1e-12 and up to a million steps: the widths of
their bounds and the processor time of each, beside dp-accounting's PLD on the shorter ones. Then noise
schedules of 65 and 300 levels, and a claim that lies close to the truth.
"""

from __future__ import annotations

import math
import random
import statistics
import sys
import time
from collections.abc import Iterator
from fractions import Fraction

from gatecli.accounting.account import account
from gatecli.accounting.interface import Question
from gatecli.model.budget import Bounds, Neighbouring
from gatecli.model.mechanism import DpSgd

SEED = 1
PEER_STEPS = 20_000
"""dp-accounting is asked about runs of at most so many steps: longer ones take it minutes."""


def runs(number: int) -> Iterator[Question]:
    """Random runs, log-uniform in every parameter."""
    chance = random.Random(SEED)  # noqa: S311 - runs to measure with, no secrets

    def between(low: float, high: float) -> float:
        return math.exp(chance.uniform(math.log(low), math.log(high)))

    for _ in range(number):
        run = DpSgd(
            noise_multiplier=Fraction(f"{between(0.5, 10):.4g}"),
            sampling_rate=Fraction(f"{between(1e-5, 0.5):.4g}"),
            steps=int(between(1, 1e6)),
        )
        yield Question((run,), Fraction(f"{between(1e-12, 1e-3):.3g}"), Neighbouring.ADD_REMOVE)


def answer_in_seconds(question: Question) -> tuple[Bounds, float]:
    start = time.process_time()
    found = account(question)
    assert isinstance(found, Bounds)
    return found, time.process_time() - start


def width(found: Bounds) -> float:
    """Relative; 0 where nothing was lost."""
    assert found.upper is not None
    return float((found.upper - found.lower) / found.upper) if found.upper else 0.0


def peer_seconds(question: Question) -> float | None:
    import dp_accounting  # noqa: PLC0415 - the peer is timed without its import

    (run,) = question.mechanisms
    assert isinstance(run, DpSgd)
    if run.steps > PEER_STEPS:
        return None
    step = dp_accounting.PoissonSampledDpEvent(
        float(run.sampling_rate), dp_accounting.GaussianDpEvent(float(run.noise_multiplier))
    )
    start = time.process_time()
    dp_accounting.pld.PLDAccountant().compose(step, run.steps).get_epsilon(float(question.delta))
    return time.process_time() - start


def compare(number: int) -> None:
    asked = list(runs(number))
    found = [answer_in_seconds(question) for question in asked]
    widths, seconds = sorted(width(bounds) for bounds, _ in found), [took for _, took in found]
    print(f"{number} random runs: median width {statistics.median(widths):.1e}, widest {widths[-1]:.1e}")
    print(f"processor time: {sum(seconds):.1f} s, {max(seconds):.1f} s the longest")
    peers = [(peer_seconds(question), took) for question, took in zip(asked, seconds, strict=True)]
    both = [(theirs, ours) for theirs, ours in peers if theirs is not None]
    theirs, ours = (sum(column) for column in zip(*both, strict=True))
    print(
        f"{len(both)} of at most {PEER_STEPS} steps: {ours:.1f} s, dp-accounting's upper bound {theirs:.1f} s"
    )
    print(f"ratio: {ours / theirs:.2f} × dp-accounting")


def schedule(levels: int) -> None:
    steps = tuple(
        DpSgd(noise_multiplier=Fraction(1000 + level, 1000), sampling_rate=Fraction(1, 100), steps=10)
        for level in range(levels)
    )
    found, took = answer_in_seconds(Question(steps, Fraction(1, 10**6), Neighbouring.ADD_REMOVE))
    print(f"{levels} noise levels: width {width(found):.1e} in {took:.1f} s")


def claim() -> None:
    run = DpSgd(noise_multiplier=Fraction("1.795"), sampling_rate=Fraction("0.0357"), steps=7961)
    printed = Fraction("8.5784964286073")
    question = Question((run,), Fraction("8.49e-5"), Neighbouring.ADD_REMOVE, claim=printed)
    found, took = answer_in_seconds(question)
    assert found.upper is not None
    verdict = "verified" if found.upper <= printed else "open"
    print(f"the ε that dp-accounting prints, {float(printed)}: {verdict} in {took:.1f} s")


def main(number: int) -> None:
    compare(number)
    for levels in (65, 300):
        schedule(levels)
    claim()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
