"""What is proposed to make a table anonymous, and the table that follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pyarrow as pa

from gatecli.anonymity.dictionary_encoding import normalise_text
from gatecli.anonymity.hierarchies import (
    Exact,
    Hierarchy,
    Level,
    column_of,
    describe_level,
    generalised_column,
)
from gatecli.anonymity.search.classes import Base, Mask, Node, label_classes, merge_classes
from gatecli.anonymity.search.counts import fetch
from gatecli.anonymity.search.criteria import keep
from gatecli.anonymity.search.hidden_cells import OURS, alike, hide_rows
from gatecli.anonymity.search.local_recoding import recode, write_boxes
from gatecli.anonymity.search.suppression import hide_at
from gatecli.anonymity.tables.functions import numbered_rows
from gatecli.anonymity.tables.interface import Table
from gatecli.errors import UncheckableError
from gatecli.model.anonymity import Scale, Thresholds
from gatecli.model.generalisation import Loss, LossMetric

ROW = f"{OURS}row"
"""The place of a row in its table."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A level for each quasi-identifier, and what the table is then; holds no value of any row.

    `k` is the smallest class that remains. `cells` are, by column, the cells to suppress in rows that remain:
    () where only rows are. `ladders` are the hierarchies of all columns where rows are recoded locally, ()
    else: each class has its own levels then, and a level is `Everything` where the column changes.
    `unit` is the column whose distinct values classes count, where they do not count rows. `normalise` says
    that the columns lose case and outer blanks of their text first. `least` says that no other choice of
    levels within the same limits loses less by `metric`, `is_cut_off` that the search ended before it had
    looked everywhere.
    """

    quasi_identifiers: tuple[str, ...]
    levels: tuple[Level, ...]
    node: tuple[int, ...]
    sensitive: tuple[str, ...]
    scales: tuple[Scale, ...]
    thresholds: Thresholds
    rows: int
    suppressed: int
    classes: int
    k: int
    loss: Loss
    metric: LossMetric = LossMetric.GENERALISED
    cells: tuple[int, ...] = ()
    ladders: tuple[Hierarchy, ...] = ()
    least: bool = False
    is_cut_off: bool = False
    normalise: bool = False
    unit: str | None = None

    @property
    def suppression(self) -> Fraction:
        """Suppressed rows ÷ rows."""
        return Fraction(self.suppressed, self.rows)


def describe(proposal: Proposal) -> str:
    """One line a person can act on: `generalise zip to 3 digits (k becomes 7, 0.4 % suppressed)`."""
    pairs = zip(proposal.quasi_identifiers, proposal.levels, strict=True)
    changes = [text for column, level in pairs if (text := describe_level(column, level))]
    if proposal.ladders:
        columns = _enumerate(recoded_columns(proposal))
        return f"recode locally {columns} (k becomes {proposal.k:,}, nothing suppressed)"
    ended = "; the search was cut off, --effort 10 looks further" if proposal.is_cut_off else ""
    effect = f"(k becomes {proposal.k:,}, {_percent(proposal.suppression)} suppressed{ended})"
    pairs_of_cells = zip(proposal.quasi_identifiers, proposal.cells, strict=False)
    cells = [
        f"{count:,} {'cell' if count == 1 else 'cells'} of {column}"
        for column, count in pairs_of_cells
        if count
    ]
    steps = [
        *([f"generalise {_enumerate(changes)}"] if changes else []),
        *([f"suppress {_enumerate(cells)}"] if cells else []),
    ]
    if not steps:
        return f"suppress small classes alone {effect}" if proposal.suppressed else "change nothing"
    return f"{', then '.join(steps)} {effect}"


def recoded_columns(proposal: Proposal) -> tuple[str, ...]:
    """The columns that a proposal changes."""
    pairs = zip(proposal.quasi_identifiers, proposal.levels, strict=True)
    return tuple(column for column, level in pairs if level != Exact())


def _enumerate(items: Sequence[str]) -> str:
    *most, last = items
    return f"{', '.join(most)}{' and ' if most else ''}{last}"


def _percent(share: Fraction) -> str:
    """Rounded up to one decimal: what is lost is never understated."""
    tenths = -(-share * 1000 // 1)
    return f"{float(tenths) / 10:g} %" if share else "nothing"


def apply(
    table: Table, proposal: Proposal, base: Base | None = None, *, max_suppression: Fraction | None = None
) -> Table:
    """The table with every quasi-identifier at its level and without the suppressed rows: an expression.

    What must be suppressed is counted again in this table, so that the thresholds hold for it even where
    it is not the table that was searched; `base` are its counts where they are known: those that a search of
    this very table was made in. Raises UncheckableError where more than `max_suppression` (default: twice
    what was proposed, at least 1 %) would have to go.
    """
    allowed = max(2 * proposal.suppression, Fraction(1, 100)) if max_suppression is None else max_suppression
    if proposal.normalise:
        table = normalised_table(table, [*proposal.quasi_identifiers, *proposal.sensitive])
    node = proposal.node
    if base is None:
        scales = dict(zip(proposal.sensitive, proposal.scales, strict=True))
        ladders = proposal.ladders or _steps(proposal)
        base = fetch(table, ladders, proposal.sensitive, scales, proposal.unit)
        node = tuple(len(ladder.levels) - 1 for ladder in ladders)
    source = numbered_rows(table, ROW)
    new = _generalise(source, proposal, base, node, int(allowed * base.rows))
    if new is None:
        raise UncheckableError(
            "the table no longer meets its thresholds at the proposed levels within "
            f"{_percent(allowed)} suppressed",
            advice="search again on this table",
        )
    if ROW in source.columns:
        return new.order_by(ROW).drop(ROW)
    # Rows that were joined come in any order: two runs shall write the same file.
    is_joined = bool(proposal.ladders) or any(proposal.cells)
    return new.order_by(list(table.columns)) if is_joined else new


def _steps(proposal: Proposal) -> list[Hierarchy]:
    """The columns with two levels: as they are, and as proposed."""
    return [
        Hierarchy(name, (Exact(),) if level == Exact() else (Exact(), level))
        for name, level in zip(proposal.quasi_identifiers, proposal.levels, strict=True)
    ]


def _generalise(table: Table, proposal: Proposal, base: Base, node: Node, most: int) -> Any:
    """The new table; None where more than `most` rows would have to be suppressed."""
    if proposal.ladders:
        recoding = recode(base, proposal.thresholds)
        return None if recoding is None else write_boxes(table, base, recoding)
    levels = dict(zip(proposal.quasi_identifiers, proposal.levels, strict=True))
    if any(proposal.cells):
        hidden = hide_at(base, node, proposal.thresholds, most)
        return None if hidden is None else hide_rows(table, levels, base, hidden)
    labels, number = label_classes(base, base.classes, node)
    kept = keep(base, merge_classes(base, base.classes, labels, number), proposal.thresholds, most)
    if kept is None:
        return None
    left = table if kept.suppressed == 0 else _without(table, base, ~kept.classes[labels])
    coarse = {
        name: generalised_column(column_of(left, name), level)
        for name, level in levels.items()
        if level != Exact()
    }
    return left.mutate(**coarse)


def normalised_table(table: Table, columns: Sequence[str]) -> Any:
    """The table with the text of some columns normalised: an expression."""
    return table.mutate(**{name: normalise_text(table[name]) for name in columns})


def _without(table: Table, base: Base, dropped: Mask) -> Any:
    """The rows of raw classes that are not dropped; missing values are equal here."""
    import ibis  # noqa: PLC0415 - half a second that only tables need

    pairs = list(zip(base.dimensions, base.classes.members, strict=True))
    held = {f"d{at}": one.values.take(raw[dropped]) for at, (one, raw) in enumerate(pairs)}
    gone = ibis.memtable(pa.table(held))
    columns = [column_of(table, one.hierarchy.column) for one, _ in pairs]
    same = [alike(column, gone[f"d{at}"]) for at, column in enumerate(columns)]
    return table.anti_join(gone, same).select(*table.columns)
