"""Which classes of several values can be worse than those of one value that the table holds.

A class of one value is the worst there can be by l, α, entropy, recursive diversity and enhanced β, and a
bound on the rest, exactly, whatever rounding an engine has:

- t: the earth mover's distance is convex, so a class is no farther from the table than the farthest of
  its values would be alone.
- basic β: q ÷ p is at most 1 ÷ p, so only a class that holds a rarer value gains more.
- δ-disclosure: besides, p ÷ q grows with the class, so only a class that is large enough loses more.

In a table whose classes are small, which is where their number hurts, next to none remain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gatecli.anonymity.tables.interface import Table
from gatecli.model.anonymity import Scale


@dataclass(frozen=True, slots=True)
class SuspectBounds:
    """A class of several values is suspect if it holds a value counted less than `rarest` times in the
    table or, on a numeric scale, ranked outside `nearest`; or if its weight is more than `weight`.
    """

    rarest: int
    nearest: tuple[int, int] | None
    weight: int


def bounds(scale: Scale, alike: Sequence[int], shares: Mapping[int, int]) -> SuspectBounds | None:
    """`alike` are values that classes of one value hold: the rarest, and by rank the first and the last.

    None where every class may be worse: there is no class of one value, or the distance follows a tree.
    """
    if not alike or scale is Scale.HIERARCHICAL:
        return None
    rarest = min(shares[code] for code in alike)
    total = sum(shares.values())
    return SuspectBounds(
        rarest,
        _nearest(alike, shares) if scale is Scale.NUMERIC else None,
        total * total // (rarest * max(shares.values())),
    )


def _nearest(alike: Sequence[int], shares: Mapping[int, int]) -> tuple[int, int]:
    """The ranks whose value alone is as near to the table as the farthest of `alike`: a range, since the
    distance is convex in the rank. Distances are in units of 1 ÷ (total · (ranks − 1)).
    """
    ranks, total = len(shares), sum(shares.values())
    counts = [shares[code] for code in range(ranks)]
    first = sum((ranks - 1 - code) * count for code, count in enumerate(counts))
    distance = (ranks - 1) * total - first  # of rank 0: all that is ranked higher has to come down
    distances = [distance]
    below = 0
    for count in counts[:-1]:
        below += count
        distance += 2 * below - total
        distances.append(distance)
    farthest = max(distances[code] for code in alike)
    low = next(code for code in range(ranks) if distances[code] <= farthest)
    high = next(code for code in reversed(range(ranks)) if distances[code] <= farthest)
    return low, high


def suspects(
    cells: Table, keys: Sequence[str], sums: Table, marginals: Table, limits: SuspectBounds
) -> Table:
    """The keys of the suspect classes, each once."""
    heavy = sums.filter((sums["l"] > 1) & (sums["weight"] > limits.weight)).select(*keys)
    rare = marginals.filter(marginals["m"] < limits.rarest).select("s")
    found = heavy.union(cells.semi_join(rare, "s").select(*keys))
    if limits.nearest is not None:
        low, high = limits.nearest
        outside = cells.filter((cells["s"] < low) | (cells["s"] > high)).select(*keys)
        found = found.union(outside)
    return found.distinct()
