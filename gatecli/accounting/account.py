"""The facade: the tightest valid bounds over all accountants.

An upper bound is valid for the whole composition or it is not given; a lower bound may come from a
part of it. Both are pure functions of the question and memoised.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

from gatecli.accounting.advanced import AdvancedAccountant
from gatecli.accounting.answers import CLOSE
from gatecli.accounting.basic import BasicAccountant
from gatecli.accounting.description import describe
from gatecli.accounting.gaussian import GaussianAccountant
from gatecli.accounting.interface import Accountant, NoBound, Question
from gatecli.accounting.pld import PldAccountant
from gatecli.accounting.rdp import RdpAccountant
from gatecli.accounting.terms import ClaimTerm, Translation
from gatecli.accounting.translation import translate
from gatecli.accounting.zcdp import ZcdpAccountant
from gatecli.errors import UncheckableError
from gatecli.model.budget import Bounds

__all__ = ["ACCOUNTANTS", "account", "account_all", "describe"]

ACCOUNTANTS: tuple[Accountant, ...] = (
    GaussianAccountant(),
    BasicAccountant(),
    AdvancedAccountant(),
    ZcdpAccountant(),
    PldAccountant(),
    RdpAccountant(),
)
"""Cheapest first: an accountant is asked only while there is something left to gain."""

TIGHT = Fraction(1, 10**8)
"""Bounds this close (relative) are never refined, even if a claim lies between them."""

LARGE_DELTA, FEW = Fraction(1, 10**15), 10**6
"""At such δ and so many compositions neither the grid nor the float rounding of a PLD shows."""

PER_WORKER = 16
"""Questions that repay the half second in which a process starts; one DP-SGD run takes 0.15 s."""


@lru_cache(maxsize=16384)
def account(question: Question) -> Bounds | NoBound:
    """The tightest valid upper and the best valid lower bound on ε; Unaccountable is never zero.

    `Bounds.upper` is None where mechanisms are understood but have no finite ε at this δ (Gaussian
    noise at δ = 0).
    """
    translation = translate(question)
    if isinstance(translation, NoBound):
        return translation
    best = Bounds(question.delta, question.neighbouring, None, Fraction(0), "", "", translation.notes)
    for accountant in ACCOUNTANTS:
        if _is_settled(best, translation, question.claim):
            break
        found = accountant.bounds(question)
        if isinstance(found, Bounds):
            best = _tighter(best, found)
    return best


def _is_settled(best: Bounds, translation: Translation, claim: Fraction | None) -> bool:
    """Whether no accountant that is left could say more that matters.

    A PLD is what Rényi and concentrated accounting of the same pairs only approximate: these can do
    better where its grid or float rounding shows, or where a claim is more than (ε, δ).
    """
    if best.upper is None:
        return False
    undecided = claim is not None and best.lower <= claim < best.upper
    if best.upper - best.lower <= best.upper * (TIGHT if undecided else CLOSE):
        return True
    plain = not any(isinstance(term, ClaimTerm) and term.ranged for term in translation.terms)
    few = sum(getattr(term, "count", 1) for term in translation.terms) <= FEW
    return best.accountant == PldAccountant.name and plain and few and best.delta >= LARGE_DELTA


def _tighter(one: Bounds, other: Bounds) -> Bounds:
    if other.upper is not None and (one.upper is None or other.upper < one.upper):
        one = replace(one, upper=other.upper, accountant=other.accountant)
    if other.lower > one.lower:
        one = replace(one, lower=other.lower, lower_accountant=other.lower_accountant)
    if one.upper is not None and one.lower > one.upper:
        one = replace(one, lower=Fraction(0), lower_accountant="")
    return one


def account_all(
    questions: Iterable[Question], *, workers: int | None = None
) -> dict[Question, Bounds | NoBound]:
    """The answer to every distinct question, in the order of first appearance.

    Many questions are shared out to `workers` processes (default: one a processor; 1: none). A script
    that calls this at its top level needs the usual `if __name__ == "__main__":` guard of
    `multiprocessing`. Raises UncheckableError where a process dies: what it was asked has no answer.
    """
    distinct = list(dict.fromkeys(questions))
    processes = min(workers or os.cpu_count() or 1, len(distinct) // PER_WORKER)
    if processes < 2:
        return {question: account(question) for question in distinct}
    return dict(zip(distinct, _shared_out(distinct, processes), strict=True))


def _shared_out(questions: list[Question], processes: int) -> list[Bounds | NoBound]:
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(processes, mp_context=spawn, initializer=_leave_interrupts)
    try:
        return list(pool.map(account, questions, chunksize=PER_WORKER // 4))
    except BrokenProcessPool:
        raise UncheckableError(
            "a process that recomputed budgets died; nothing was judged",
            advice="check fewer releases in one run",
        ) from None
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _leave_interrupts() -> None:
    """An interrupt is the parent's: it asks for no more work and reports it once."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
