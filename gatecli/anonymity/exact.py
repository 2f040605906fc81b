"""The measures of one class, exactly, from counts: Python integers and fractions, no engine.

`counts` are the counts of the class by code of the sensitive value, `marginals` those of the whole
table, which holds `people`: by default as many as the counts sum to. q is the share of the class that has a
value, p that of the table. Where units hold several values, neither sums to one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from fractions import Fraction
from functools import reduce
from itertools import accumulate
from math import prod

DIGITS = 12
FARTHEST = Fraction(1)
"""No class is farther from the table, not even where units hold several values and shares sum to more."""
_WIDE = Context(prec=60)
_BITS = 4_000_000
"""An integer of more bits is not worth the proof that an irrational-looking number is a whole one."""


@dataclass(frozen=True, slots=True)
class ClassCounts:
    """One class: the counts of its sensitive values, and its size where units hold several values."""

    counts: Mapping[int, int]
    size: int

    @property
    def weight(self) -> int:
        return sum(self.counts.values())


def alpha(item: ClassCounts) -> Fraction:
    """The largest share of a class that one value holds (Wong et al., "(α, k)-Anonymity", KDD 2006)."""
    return Fraction(max(item.counts.values()), item.size)


def recursive_c(item: ClassCounts, recursive_l: int) -> Fraction | None:
    """r₁ ÷ (r_l + … + r_m), counts descending; None where fewer than l values leave nothing to divide by
    (Machanavajjhala et al., "l-Diversity", ACM TKDD 1(1), 2007, definition 4.3).
    """
    descending = sorted(item.counts.values(), reverse=True)
    tail = sum(descending[recursive_l - 1 :])
    return Fraction(descending[0], tail) if tail else None


def entropy_l(item: ClassCounts) -> Fraction:
    """e^H, H the entropy of the class's values (Machanavajjhala et al. 2007, definition 4.2).

    Exact where it is a whole number, else rounded down: the class is entropy l-diverse for every l up to
    it and not for the next twelfth digit.
    """
    counts, weight = Counter(item.counts.values()), item.weight
    if len(counts) == 1:
        return Fraction(len(item.counts))
    terms = (_WIDE.multiply(Decimal(n * often), _WIDE.ln(Decimal(n))) for n, often in sorted(counts.items()))
    total = reduce(_WIDE.add, terms)
    entropy = _WIDE.subtract(_WIDE.ln(Decimal(weight)), _WIDE.divide(total, Decimal(weight)))
    value = _WIDE.exp(entropy)
    near = int(value.to_integral_value())
    if abs(value - near) < Decimal("1e-30") and _is_exactly(near, counts, weight):
        return Fraction(near)
    return Fraction(Context(prec=DIGITS, rounding=ROUND_FLOOR).plus(value))


def _is_exactly(near: int, counts: Mapping[int, int], weight: int) -> bool:
    """Whether e^H = near, by integers: weight^weight = near^weight · Π n^n."""
    if weight * weight.bit_length() > _BITS:
        return False
    return bool(weight**weight == near**weight * prod(n ** (n * often) for n, often in counts.items()))


def total_variation(item: ClassCounts, marginals: Mapping[int, int], people: int = 0) -> Fraction:
    """½ Σ |q − p|: the earth mover's distance where all values are equally far (Li, Li and
    Venkatasubramanian, "t-Closeness", ICDE 2007, section 5.2).
    """
    size, total = item.size, people or sum(marginals.values())
    gains = (item.counts.get(code, 0) * total - m * size for code, m in marginals.items())
    return min(Fraction(sum(map(abs, gains)), 2 * size * total), FARTHEST)


def ordered_distance(item: ClassCounts, marginals: Mapping[int, int], people: int = 0) -> Fraction:
    """Σ |Q_i − P_i| ÷ (m − 1) over the m ranks, Q and P cumulative: the earth mover's distance where
    values are as far as their ranks (Li, Li and Venkatasubramanian 2007, section 5.1). A constant
    attribute tells nothing: 0.
    """
    size, total = item.size, people or sum(marginals.values())
    if len(marginals) < 2:
        return Fraction(0)
    moves = accumulate(
        item.counts.get(code, 0) * total - marginals[code] * size for code in sorted(marginals)
    )
    return min(Fraction(sum(map(abs, moves)), size * total * (len(marginals) - 1)), FARTHEST)


def hierarchical_distance(
    item: ClassCounts,
    marginals: Mapping[int, int],
    ancestors: Mapping[int, tuple[int, ...]],
    people: int = 0,
) -> Fraction:
    """The earth mover's distance over a tree whose leaves are all at one depth (Li, Li and
    Venkatasubramanian 2007, section 5.2, hierarchical distance): what a node has more or less than its share
    crosses the edge to its parent, which is 1 ÷ (2 · height of the tree) long.
    """
    size, total = item.size, people or sum(marginals.values())
    height = len(next(iter(ancestors.values())))
    moved = 0
    for level in range(height):
        extra: dict[int, int] = {}
        for code, marginal in marginals.items():
            node = code if level == 0 else ancestors[code][level - 1]
            extra[node] = extra.get(node, 0) + item.counts.get(code, 0) * total - marginal * size
        moved += sum(map(abs, extra.values()))
    return min(Fraction(moved, 2 * height * size * total), FARTHEST)


def ratios(
    item: ClassCounts, marginals: Mapping[int, int], people: int = 0
) -> dict[int, tuple[Fraction, Fraction]]:
    """p, and q ÷ p, of every value that the class holds."""
    total = people or sum(marginals.values())
    return {
        code: (Fraction(marginals[code], total), Fraction(n * total, item.size * marginals[code]))
        for code, n in item.counts.items()
    }


def basic_beta(item: ClassCounts, marginals: Mapping[int, int], people: int = 0) -> Fraction:
    """The largest relative gain (q − p) ÷ p of a value (Cao and Karras, "Publishing Microdata with a
    Robust Privacy Guarantee", PVLDB 5(11), 2012, definition 2).
    """
    return max(ratio for _, ratio in ratios(item, marginals, people).values()) - 1


def enhanced_beta(item: ClassCounts, marginals: Mapping[int, int], people: int = 0) -> Fraction | None:
    """The least β with (q − p) ÷ p ≤ min(β, −ln p) for each value that gains (Cao and Karras 2012,
    definition 3): the basic β, or None where a value gains more than −ln of its own p.
    """
    gains = [(p, ratio - 1) for p, ratio in ratios(item, marginals, people).values() if ratio > 1]
    if any(gain > -_logarithm(p) for p, gain in gains):
        return None
    return max((gain for _, gain in gains), default=Fraction(0))


def delta_disclosure(item: ClassCounts, marginals: Mapping[int, int], people: int = 0) -> Fraction:
    """The largest |ln(q ÷ p)| of a value that the class holds, rounded up (Brickell and Shmatikov, "The
    Cost of Privacy", KDD 2008, definition 1).
    """
    found = [ratio for _, ratio in ratios(item, marginals, people).values()]
    extreme = max(*found, 1 / min(found))
    return Fraction(Context(prec=DIGITS, rounding=ROUND_CEILING).plus(_decimal_ln(extreme)))


def _logarithm(number: Fraction) -> Fraction:
    return Fraction(_decimal_ln(number))


def _decimal_ln(number: Fraction) -> Decimal:
    return _WIDE.ln(_WIDE.divide(Decimal(number.numerator), Decimal(number.denominator)))
