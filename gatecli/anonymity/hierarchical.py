"""The hierarchical earth mover's distance of every class (Li, Li and Venkatasubramanian 2007).

Only nodes that hold a value of the class differ between classes: what every other node lacks is the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gatecli.anonymity.dictionary_encoding import SensitiveCode
from gatecli.anonymity.profiles import as_integer, excess_distance
from gatecli.anonymity.tables.functions import local_table, rows
from gatecli.anonymity.tables.interface import Table
from gatecli.errors import ConfigurationError
from gatecli.model.anonymity import Hierarchy

MISSING = "\0missing"
ROOT = 0


def ancestors_of(code: SensitiveCode, hierarchy: Hierarchy) -> dict[int, tuple[int, ...]]:
    """The nodes above each code, numbered, from the parent up to the root; all leaves equally deep.

    A missing value is a branch of its own. Raises ConfigurationError for a value without a place in the
    hierarchy, or one whose leaves are at different depths.
    """
    depths = {len(path) for path in hierarchy.values()}
    if len(depths) != 1:
        raise ConfigurationError(
            f"the hierarchy of {code.attribute!r} has leaves at different depths",
            advice="repeat a level where one is missing",
        )
    known = {int(row[f"c_{code.column}"]): str(row[f"v_{code.column}"]) for row in rows(code.dimension)}
    strangers = sum(value not in hierarchy for value in known.values())
    if strangers:
        raise ConfigurationError(
            f"{strangers} values of {code.attribute!r} are not in its hierarchy",
            advice="add them to the hierarchy",
        )
    nowhere = (MISSING,) * depths.pop()
    paths = {at: hierarchy[known[at]] if at in known else nowhere for at in range(code.values)}
    numbers: dict[tuple[str, ...], int] = {}
    return {
        at: (*(numbers.setdefault(path[level:], len(numbers) + 1) for level in range(len(path))), ROOT)
        for at, path in paths.items()
    }


def hierarchical_distances(
    cells: Table,
    keys: Sequence[str],
    shares: Mapping[int, int],
    ancestors: Mapping[int, tuple[int, ...]],
    total: int,
) -> Table:
    """`distance` by keys, in fixed point, beyond what the absence of all values would be; `cells` are
    distributed, `total` is how many people the table holds.
    """
    height = len(next(iter(ancestors.values())))
    below = cells.select(*keys, node=cells["s"], q=cells["q"])
    steps = []
    for level in range(height):
        below, moved = _step(below, keys, _nodes(shares, ancestors, level), total, height)
        steps.append(moved)
    first, *others = steps
    every = first.union(*others) if others else first
    return every.group_by(list(keys)).aggregate(distance=every["moved"].sum().cast("int64"))


def _nodes(
    shares: Mapping[int, int], ancestors: Mapping[int, tuple[int, ...]], level: int
) -> dict[int, tuple[int, int]]:
    """Nodes of a level with their count and their parent."""
    counts: dict[int, int] = {}
    parents: dict[int, int] = {}
    for code, count in shares.items():
        node = code if level == 0 else ancestors[code][level - 1]
        parents[node] = ancestors[code][level]
        counts[node] = counts.get(node, 0) + count
    return {node: (counts[node], parent) for node, parent in parents.items()}


def _step(
    below: Table, keys: Sequence[str], nodes: Mapping[int, tuple[int, int]], total: int, height: int
) -> tuple[Table, Table]:
    """The shares of the parents, and what crosses the edges to them."""
    known = local_table(
        {
            "node": list(nodes),
            "p": [count / total for count, _ in nodes.values()],
            "parent": [parent for _, parent in nodes.values()],
        },
        {"node": "int64", "p": "float64", "parent": "int64"},
    )
    joined = below.join(known, "node")
    grouped = joined.group_by([*keys, "parent"]).aggregate(
        q=joined["q"].sum(), moved=excess_distance(joined).sum()
    )
    moved = as_integer(grouped["moved"] / (2.0 * height))
    return grouped.select(*keys, node=grouped["parent"], q=grouped["q"]), grouped.select(*keys, moved=moved)
