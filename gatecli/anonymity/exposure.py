"""How exposed persons and households are: by the smallest of the classes that they are of."""

from __future__ import annotations

from gatecli.anonymity.tables.functions import rows
from gatecli.anonymity.tables.interface import Table
from gatecli.model.anonymity import ClassSize


def smallest_classes(
    members: Table, group: str, sized: Table, keys: tuple[str, ...]
) -> tuple[ClassSize, ...]:
    """The distribution of the smallest `size` of a class among a group's `members`, ascending.

    `records` counts groups, and `classes` the classes of `sized` that are of that size. A member without a
    group is one alone.
    """
    placed = members.join(sized, list(keys)).select(group, "size")
    known = placed.filter(placed[group].notnull())
    least = known.group_by(group).aggregate(size=known["size"].min()).select("size")
    lone = placed.filter(placed[group].isnull()).select("size")
    every = least.union(lone)
    groups = _count(every.group_by("size").aggregate(n=every.count()))
    classes = _count(sized.group_by("size").aggregate(n=sized.count()))
    return tuple(ClassSize(size, classes[size], groups.get(size, 0)) for size in sorted(classes))


def _count(sizes: Table) -> dict[int, int]:
    return {int(row["size"]): int(row["n"]) for row in rows(sizes)}
