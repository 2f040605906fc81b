"""How fast accounting is, against dp-accounting in the same run: `python benchmarks/accounting.py [RUNS]`.

Prints the seconds of one DP-SGD run from a cold start, the seconds and memory of RUNS (default 1000)
distinct runs in one call, and the same for dp-accounting's PLD on a sample of them.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from fractions import Fraction

from gatecli.accounting.account import account_all
from gatecli.accounting.interface import Question
from gatecli.model.budget import Bounds, Neighbouring
from gatecli.model.mechanism import DpSgd

SAMPLE = 10

COLD = """
from fractions import Fraction as F
from gatecli.accounting.account import account
from gatecli.accounting.interface import Question
from gatecli.model.budget import Neighbouring as N
from gatecli.model.mechanism import DpSgd
run = DpSgd(noise_multiplier=F("1.1"), sampling_rate=F("0.00426667"), steps=14040)
bounds = account(Question((run,), F(1, 10**5), N.ADD_REMOVE))
print(f"{float(bounds.lower):.6f} ≤ ε ≤ {float(bounds.upper):.6f}")
"""

PEER = """
from dp_accounting import GaussianDpEvent, PoissonSampledDpEvent
from dp_accounting.pld import PLDAccountant
run = PoissonSampledDpEvent(0.00426667, GaussianDpEvent(1.1))
print(f"ε ≤ {PLDAccountant().compose(run, 14040).get_epsilon(1e-5):.6f}")
"""


def questions(number: int) -> Iterator[Question]:
    """Distinct runs around the MNIST tutorial's."""
    for index in range(number):
        noise = Fraction(100 + index % 40, 100)
        steps = 2000 + 13 * index
        run = DpSgd(noise_multiplier=noise, sampling_rate=Fraction(256, 60000), steps=steps)
        yield Question((run,), Fraction(1, 10**5), Neighbouring.ADD_REMOVE)


def megabytes(who: int) -> float:
    return resource.getrusage(who).ru_maxrss / 1024


def cold(name: str, script: str) -> float:
    start = time.perf_counter()
    shown = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    print(f"{name}, one run from a cold start: {seconds:.2f} s   {shown.stdout.strip()}")
    return seconds


def peer_seconds(asked: list[Question]) -> float:
    """Seconds a run of dp-accounting's own PLD, its import aside."""
    import dp_accounting  # noqa: PLC0415 - the peer is timed without its import

    start = time.perf_counter()
    for question in asked:
        (run,) = question.mechanisms
        assert isinstance(run, DpSgd)
        step = dp_accounting.PoissonSampledDpEvent(
            float(run.sampling_rate), dp_accounting.GaussianDpEvent(float(run.noise_multiplier))
        )
        dp_accounting.pld.PLDAccountant().compose(step, run.steps).get_epsilon(1e-5)
    return (time.perf_counter() - start) / len(asked)


def main(number: int) -> None:
    ratio = cold("gatecli", COLD) / cold("dp-accounting", PEER)
    print(f"cold start: {ratio:.2f} × dp-accounting (both bounds against one)")
    asked = list(questions(number))
    start = time.perf_counter()
    answers = account_all(asked)
    seconds = time.perf_counter() - start
    assert len(answers) == number
    assert all(isinstance(answer, Bounds) and answer.upper is not None for answer in answers.values())
    memory = megabytes(resource.RUSAGE_SELF), megabytes(resource.RUSAGE_CHILDREN)
    print(f"{number} distinct runs in one call: {seconds:.1f} s, {1000 * seconds / number:.0f} ms a run")
    print(f"memory: {memory[0]:.0f} MB here, {memory[1]:.0f} MB in the largest other process")
    each = peer_seconds(asked[:: max(1, number // SAMPLE)])
    print(f"dp-accounting, upper bound alone, one process: {1000 * each:.0f} ms a run")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
