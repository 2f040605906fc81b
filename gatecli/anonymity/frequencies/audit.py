"""What published tables of counts disclose: small counts, those that can be computed, and uniform groups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import inf

import numpy as np

from gatecli.anonymity.frequencies.atoms import CountBox, Indices, LinkedTables
from gatecli.anonymity.frequencies.bounds import Feasibility, feasibility
from gatecli.anonymity.frequencies.published import Label, PublishedTable
from gatecli.errors import UncheckableError, UsageError
from gatecli.model.disclosure import CountDemands, CountMeasures

MOST_TARGETS = 200_000
_SEEDS = 6


@dataclass(frozen=True, slots=True)
class _Target:
    """A count in question; `width` is what its interval must have, at least."""

    atoms: Indices
    width: float
    is_suppressed: bool


def audit(linked: LinkedTables, demands: CountDemands) -> CountMeasures:
    """The measures of tables that are published together.

    Raises UsageError for a sensitive dimension that no table has, UncheckableError where the tables
    contradict themselves or are too large.
    """
    if strange := [
        name for name in demands.sensitive if name not in {each.name for each in linked.dimensions}
    ]:
        raise UsageError(
            f"no table has the sensitive dimension {strange[0]!r}",
            advice=f"the dimensions are {', '.join(each.name for each in linked.dimensions)}",
        )
    targets = [*_suppressed_targets(linked, demands), *_derived_targets(linked, demands)]
    if len(targets) > MOST_TARGETS:
        raise UncheckableError(
            f"{len(targets):,} counts can be in question, more than the {MOST_TARGETS:,} that are audited",
            advice="link fewer tables at a time, or leave out a dimension",
        )
    known = feasibility(linked, [target.atoms for target in targets])
    exposed = _find_exposed(known, targets, demands.minimum)
    hidden = [at for at, target in enumerate(targets) if target.is_suppressed]
    return CountMeasures(
        tables=len(linked.tables),
        cells=len(linked.boxes),
        suppressed=len(hidden),
        minimum=_smallest(linked),
        small=sum(1 for box in linked.boxes if _is_small(box, demands.minimum)),
        exposed=sum(1 for at in exposed if targets[at].is_suppressed),
        derived=sum(1 for at in exposed if not targets[at].is_suppressed),
        narrowest=_narrowest(known, hidden, exposed),
        groups=_groups(linked, known, hidden, demands),
    )


def _is_small(box: CountBox, minimum: int) -> bool:
    return box.cell.is_exact and 0 < box.low < minimum


def _smallest(linked: LinkedTables) -> int | None:
    return min((box.cell.low for box in linked.boxes if box.cell.is_exact and box.low > 0), default=None)


def _suppressed_targets(linked: LinkedTables, demands: CountDemands) -> Iterator[_Target]:
    for box in linked.boxes:
        if not box.cell.is_exact:
            width = box.cell.width
            wanted = demands.protection if width is None else min(demands.protection, width)
            yield _Target(box.atoms, wanted, is_suppressed=True)


def _derived_targets(linked: LinkedTables, demands: CountDemands) -> Iterator[_Target]:
    """The pieces of every dimension and their margins, where no cell publishes them."""
    published = {box.atoms.tobytes() for box in linked.boxes}
    choices = [[*([at] for at in range(each.pieces)), range(each.pieces)] for each in linked.dimensions]
    if np.prod([float(len(each)) for each in choices]) - len(published) > MOST_TARGETS:
        raise UncheckableError(
            f"more than {MOST_TARGETS:,} counts can be in question",
            advice="link fewer tables at a time, or leave out a dimension",
        )
    seen = set(published)
    for pieces in product(*choices):
        atoms: Indices = np.ravel_multi_index(np.ix_(*pieces), linked.shape).ravel()
        key = atoms.tobytes()
        if key not in seen:
            seen.add(key)
            yield _Target(atoms, demands.protection, is_suppressed=False)


def _find_exposed(known: Feasibility, targets: Sequence[_Target], minimum: int) -> list[int]:
    """The targets whose count is known too closely."""
    if not targets:
        known.solve(np.zeros(len(known.free)))  # tables that contradict themselves are found all the same
        return []
    for seed in range(_SEEDS):  # many cells are shown to be safe by a few solutions
        signs = np.where((np.arange(len(known.free)) * (2 * seed + 1) // 3) % 2, 1.0, -1.0)
        known.solve(np.where(np.isfinite(known.high) | (signs > 0), signs, 0.0))
    return [at for at, target in enumerate(targets) if _is_exposed(known, at, target, minimum)]


def _is_exposed(known: Feasibility, at: int, target: _Target, minimum: int) -> bool:
    if _is_wide(known, at, target):
        return False
    low = known.minimum(at)
    if low >= minimum or (low < 1 and not target.is_suppressed) or _is_wide(known, at, target):
        return False
    high = known.maximum(at)
    return high >= 1 and high - low < target.width


def _is_wide(known: Feasibility, at: int, target: _Target) -> bool:
    shown: float = known.most[at] - known.least[at]
    return shown >= target.width or (not target.is_suppressed and known.least[at] < 1)


def _narrowest(known: Feasibility, hidden: Sequence[int], exposed: Sequence[int]) -> int | None:
    """The width of the narrowest interval of a suppressed cell that is known too closely."""
    inside = {*hidden} & {*exposed}
    return min((int(known.most[at] - known.least[at]) for at in inside), default=None)


def _groups(
    linked: LinkedTables, known: Feasibility, hidden: Sequence[int], demands: CountDemands
) -> dict[str, int]:
    """By sensitive dimension, the groups of people of whom too few categories are possible."""
    high = dict(
        zip((at for at, box in enumerate(linked.boxes) if not box.cell.is_exact), hidden, strict=True)
    )
    numbers: dict[tuple[int, tuple[Label, ...]], float] = {}
    for at, box in enumerate(linked.boxes):
        most = box.high if box.cell.is_exact else float(known.most[high[at]])
        numbers[box.table, box.cell.labels] = most
    pieces = {each.name: each.held for each in linked.dimensions}
    return {
        name: sum(
            _few(table, number, (name, _finest(pieces[name])), numbers, demands.distinct)
            for number, table in enumerate(linked.tables)
        )
        for name in demands.sensitive
    }


def _finest(held: Mapping[str, tuple[int, ...]]) -> frozenset[str]:
    """The categories that hold no other one."""
    sets = {label: frozenset(pieces) for label, pieces in held.items()}
    return frozenset(label for label, own in sets.items() if not any(other < own for other in sets.values()))


def _few(
    table: PublishedTable,
    number: int,
    sensitive: tuple[str, frozenset[str]],
    most: dict[tuple[int, tuple[Label, ...]], float],
    distinct: int,
) -> int:
    """Groups of a table with somebody in them, and fewer categories than demanded that can hold anybody."""
    name, categories = sensitive
    if name not in table.dimensions:
        return 0
    at = table.dimensions.index(name)
    groups: dict[tuple[Label, ...], set[Label]] = defaultdict(set)
    for cell in table.cells:
        if cell.labels[at] in categories and most.get((number, cell.labels), inf) > 0:
            groups[cell.labels[:at] + cell.labels[at + 1 :]].add(cell.labels[at])
    return sum(1 for held in groups.values() if len(held) < distinct)
