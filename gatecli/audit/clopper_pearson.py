"""Bounds on ε from the error rates of an attack, where every score comes from a training of its own.

Source of the bound: Nasr et al., "Adversary Instantiation" (2101.04535), after Kairouz, Oh, Viswanath (2015):
for (ε, δ)-private training and any attack, TPR ≤ e^ε·FPR + δ and TNR ≤ e^ε·FNR + δ. With upper bounds on FPR
and FNR that hold together with probability 1 - α, ε is at least the larger of

    ln((1 - FNR⁺ - δ) / FPR⁺)     and     ln((1 - FPR⁺ - δ) / FNR⁺).

Which threshold. One that is chosen by the scores it is then judged by is not a threshold of the attack.
Here it is the k-th highest score of the canaries that were out, and the attack says "in" above it. Then

* FPR is the chance of a fresh out-score above the k-th highest of n: at most Beta(k, n - k + 1), whatever
  the distribution of scores, ties included. Its quantile is the Clopper-Pearson bound of k - 1 false
  positives in n.
* The in-scores are independent of that threshold, so their number above it is binomial: Clopper-Pearson
  again.

So the bounds are exact for each k that is fixed in advance. The mirror image (the k-th lowest in-score)
finds attacks that are sure of "out". k runs over 1, 2, 4, … up to half; every threshold and each of its two
rates has the same share of α (union bound). A threshold that was fixed before the scores were seen needs no
such share.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gatecli.audit.binomial import highest_rate, quantile
from gatecli.audit.bisection import first_true


@dataclass(frozen=True, slots=True)
class AttackCounts:
    """The four counts of an attack: guesses "in" and "out" of canaries that were in and out."""

    true_positives: int
    false_negatives: int
    false_positives: int
    true_negatives: int

    @property
    def inside(self) -> int:
        return self.true_positives + self.false_negatives

    @property
    def outside(self) -> int:
        return self.false_positives + self.true_negatives


def counts_at(inside: Sequence[float], outside: Sequence[float], threshold: float) -> AttackCounts:
    """The counts of the attack that says "in" at `threshold` and above."""
    hits = sum(score >= threshold for score in inside)
    alarms = sum(score >= threshold for score in outside)
    return AttackCounts(hits, len(inside) - hits, alarms, len(outside) - alarms)


def epsilon_of(false_negatives: float, false_positives: float, delta: float) -> float:
    """The least ε under which an attack can have these error rates; 0 where any training allows them."""
    pairs = ((false_negatives, false_positives), (false_positives, false_negatives))
    gains = [(1 - missed - delta, alarm) for missed, alarm in pairs]
    return max((_log_ratio(gain, alarm) for gain, alarm in gains if gain > 0), default=0.0)


def _log_ratio(gain: float, alarm: float) -> float:
    return math.inf if alarm <= 0 else max(0.0, math.log(gain / alarm))


def lower_bound(counts: AttackCounts, delta: float, alpha: float) -> float:
    """A lower bound on ε from counts at a threshold that was fixed beforehand; confidence 1 - alpha."""
    missed = highest_rate(counts.false_negatives, counts.inside, alpha / 2)
    alarms = highest_rate(counts.false_positives, counts.outside, alpha / 2)
    return epsilon_of(missed, alarms, delta)


@dataclass(frozen=True, slots=True)
class Best:
    """The best of several bounds, and the counts that gave it."""

    epsilon: float
    counts: AttackCounts


def ranks(scores: int) -> tuple[int, ...]:
    """1, 2, 4, … up to half of so many scores."""
    return tuple(1 << power for power in range(scores.bit_length()) if 1 << power <= max(1, scores // 2))


def best_bound(inside: Sequence[float], outside: Sequence[float], delta: float, alpha: float) -> Best:
    """The best bound over all thresholds that are tried; confidence 1 - alpha over all of them."""
    found = [*_from_top(inside, outside), *_from_bottom(inside, outside)]
    share = alpha / len(found)
    bounds = [Best(lower_bound(counts, delta, share), counts) for counts in found]
    return max(bounds, key=lambda each: each.epsilon)


def _from_top(inside: Sequence[float], outside: Sequence[float]) -> list[AttackCounts]:
    """Above the k-th highest out-score; k - 1 false positives, whatever ties are."""
    highest = sorted(outside, reverse=True)
    found = []
    for rank in ranks(len(outside)):
        hits = sum(score > highest[rank - 1] for score in inside)
        found.append(AttackCounts(hits, len(inside) - hits, rank - 1, len(outside) - rank + 1))
    return found


def _from_bottom(inside: Sequence[float], outside: Sequence[float]) -> list[AttackCounts]:
    """Below the k-th lowest in-score: the same of scores and roles turned around."""
    turned = _from_top([-score for score in outside], [-score for score in inside])
    return [
        AttackCounts(each.true_negatives, each.false_positives, each.false_negatives, each.true_positives)
        for each in turned
    ]


def share_of(inside: int, outside: int) -> float:
    """The share of α that each threshold has."""
    return 1 / (len(ranks(inside)) + len(ranks(outside)))


def highest_bound(inside: int, outside: int, delta: float, alpha: float) -> float:
    """The largest ε that a perfect attack on so many canaries refutes at one threshold at level alpha."""
    return lower_bound(AttackCounts(inside, 0, 0, outside), delta, alpha)


def detectable(
    sizes: tuple[int, int], claim: tuple[float, float], alpha: float, power: float
) -> float | None:
    """The least leak ε' that would have refuted the claim (ε, δ) with probability `power` at least.

    The leak is randomised response: both error rates are 1/(1 + e^ε'). Both counts of errors stay at or below
    their own quantile with probability `power` together.
    """
    inside, outside = sizes
    epsilon, delta = claim

    def refutes(leak: float) -> bool:
        rate, share = 1 / (1 + math.exp(leak)), (1 + power) / 2
        missed, alarms = quantile(share, inside, rate), quantile(share, outside, rate)
        counts = AttackCounts(inside - missed, missed, alarms, outside - alarms)
        return lower_bound(counts, delta, alpha) > epsilon

    return first_true(refutes)
