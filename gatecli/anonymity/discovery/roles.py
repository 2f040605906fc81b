"""What was discovered of a table, and what follows from it. Column names and counts, never a cell's value.

Distinction and separation follow Motwani and Xu, "Efficient Algorithms for Masking and Finding
Quasi-Identifiers" (2007): the distinction of a set of columns is its distinct combinations ÷ rows, its
separation the pairs of rows that it tells apart ÷ all pairs of rows.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction

from gatecli.anonymity.discovery.column_names import Role
from gatecli.model.anonymity import Doubt


@dataclass(frozen=True, slots=True)
class Combination:
    """How well some columns together tell `rows` rows apart; numbers alone, no value."""

    columns: tuple[str, ...]
    rows: int
    distinct: int
    unique_rows: int
    pairs_together: int

    @property
    def distinction(self) -> Fraction:
        """Distinct combinations ÷ rows; 0 of no rows."""
        return Fraction(self.distinct, self.rows or 1)

    @property
    def separation(self) -> Fraction:
        """Pairs of rows that differ ÷ pairs of rows; 1 if there are no pairs."""
        return 1 - Fraction(self.pairs_together, max(self.rows * (self.rows - 1) // 2, 1))

    @property
    def exact(self) -> bool:
        """Whether every row has its own combination."""
        return self.pairs_together == 0


@dataclass(frozen=True, slots=True)
class ColumnRole:
    """The role proposed for a column, why, and how much it tells alone."""

    name: str
    role: Role
    why: str
    alone: Combination
    entity: str | None = None
    is_numbered: bool = False
    """Whether it numbers people, so that it can say which rows are of one."""
    doubt: Doubt | None = None
    """Whether its dates or numbers can be read in two ways."""


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was found in a table. Holds column names and counts, never a value of a cell.

    `unique` and `almost_unique` are minimal combinations: no column can be left out. `complete` is
    False where combinations were searched in `sampled_rows` rows only, or the search stopped early;
    every figure was counted on all rows all the same.
    """

    rows: int
    columns: tuple[ColumnRole, ...]
    unique: tuple[Combination, ...]
    almost_unique: tuple[Combination, ...]
    max_columns: int
    error: Fraction
    sampled_rows: int
    complete: bool

    def with_role(self, role: Role) -> tuple[str, ...]:
        """The columns proposed for a role, in the table's order."""
        return tuple(column.name for column in self.columns if column.role is role)

    @property
    def doubts(self) -> dict[str, Doubt]:
        """The columns that can be read in two ways."""
        return {column.name: column.doubt for column in self.columns if column.doubt is not None}

    @property
    def unit(self) -> ColumnRole | None:
        """The first column that numbers people, where a person has several rows."""
        several = (column for column in self.columns if column.is_numbered and column.alone.pairs_together)
        return next(several, None)


@dataclass(frozen=True, slots=True)
class Undeclared:
    """A column that re-identifies and is not declared; `together` is the combination that proves it."""

    column: str
    why: str
    together: Combination


def direct_identifiers(discovery: Discovery) -> tuple[ColumnRole, ...]:
    """The columns that name a person by themselves: none may be in a table that is called anonymous."""
    return tuple(column for column in discovery.columns if column.role is Role.DIRECT_IDENTIFIER)


def undeclared_quasi_identifiers(
    discovery: Discovery, declared: Collection[str], sensitive: Collection[str] = ()
) -> tuple[Undeclared, ...]:
    """Columns that a declared set leaves out although they re-identify, in the table's order.

    That is a column whose name or values betray a quasi-identifier, or that completes declared columns
    to a combination that is unique or almost so. Sensitive columns are taken as unknown to others.
    """
    declared_set, ignored = set(declared), {*declared, *sensitive}
    combinations = (*discovery.unique, *discovery.almost_unique)
    found = []
    for column in discovery.columns:
        if column.name in ignored or column.role is Role.DIRECT_IDENTIFIER:
            continue
        proof = _completing_combination(combinations, column.name, declared_set)
        if column.role is Role.QUASI_IDENTIFIER:
            found.append(Undeclared(column.name, column.why, proof or column.alone))
        elif proof is not None:
            found.append(Undeclared(column.name, "it makes rows unique", proof))
    return tuple(found)


def _completing_combination(
    combinations: Sequence[Combination], column: str, declared: Collection[str]
) -> Combination | None:
    """The smallest combination that is declared but for the column."""
    return min(
        (one for one in combinations if column in one.columns and {*one.columns} <= {column, *declared}),
        key=lambda one: (len(one.columns), -one.unique_rows, one.columns),
        default=None,
    )
