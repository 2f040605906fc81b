"""What published tables of counts disclose: small counts, those that can be computed, and uniform groups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from math import inf

import numpy as np

from gatecli.anonymity.frequencies.atoms import Bounds, CountBox, Indices, LinkedTables
from gatecli.anonymity.frequencies.bounds import Intervals, intervals
from gatecli.anonymity.frequencies.published import Label, PublishedTable
from gatecli.anonymity.frequencies.settling import CountTargets, narrowest, settle
from gatecli.errors import UncheckableError, UsageError
from gatecli.model.disclosure import CountDemands, CountMeasures

MOST_TARGETS = 200_000


@dataclass(frozen=True, slots=True)
class _Target:
    """A count in question; `width` is what its interval must have, at least."""

    atoms: Indices
    width: float
    is_suppressed: bool


def audit(linked: LinkedTables, demands: CountDemands, truth: Bounds | None = None) -> CountMeasures:
    """The measures of tables that are published together; `truth` is each atom's count, where it is known.

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
    known = intervals(linked, [target.atoms for target in targets])
    asked = CountTargets(
        np.array([target.width for target in targets], np.float64),
        np.array([target.is_suppressed for target in targets], np.bool_),
        demands.minimum,
    )
    settle(known, asked, truth)
    exposed = asked.is_exposed(known)
    hidden = np.flatnonzero(asked.is_suppressed)
    return CountMeasures(
        tables=len(linked.tables),
        cells=len(linked.boxes),
        suppressed=len(hidden),
        minimum=_smallest(linked),
        small=sum(1 for box in linked.boxes if _is_small(box, demands.minimum)),
        exposed=int((exposed & asked.is_suppressed).sum()),
        derived=int((exposed & ~asked.is_suppressed).sum()),
        unsettled=len(asked.open(known)),
        narrowest=narrowest(known, np.flatnonzero(exposed & asked.is_suppressed)),
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


def _groups(linked: LinkedTables, known: Intervals, hidden: Indices, demands: CountDemands) -> dict[str, int]:
    """By sensitive dimension, the groups of people of whom too few categories are possible."""
    high = dict(
        zip((at for at, box in enumerate(linked.boxes) if not box.cell.is_exact), hidden, strict=True)
    )
    numbers: dict[tuple[int, tuple[Label, ...]], float] = {}
    for at, box in enumerate(linked.boxes):
        most = box.high if box.cell.is_exact else float(known.ceiling[high[at]])
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
