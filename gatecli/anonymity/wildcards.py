"""Missing values that may be anything: which classes may match which.

Two records match where on every quasi-identifier they agree or one of them misses the value ("maybe
match": Ciglic, Eder and Koncilia, "k-Anonymity of Microdata with NULL Values", DEXA 2014). It is not
transitive, so classes overlap: each counts every record that it may match, itself included.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from gatecli.anonymity.dictionary_encoding import EncodedTable
from gatecli.anonymity.tables.functions import keep_table, rows
from gatecli.anonymity.tables.interface import Column, Table
from gatecli.errors import UncheckableError

MOST_MASKS = 16
"""Each combination of missing columns is matched with every other by a join of its own."""

Mask = tuple[bool, ...]


def matches(coded: EncodedTable) -> Table:
    """Pairs of a class (its keys) and one that it may match (`other_` keys)."""
    patterns = keep_table(coded.table.select(*coded.keys, *coded.codes).distinct())
    flags = patterns.select(**{code: patterns[code].isnull() for code in coded.codes}).distinct()
    masks = sorted(tuple(bool(row[code]) for code in coded.codes) for row in rows(flags))
    if len(masks) > MOST_MASKS:
        raise UncheckableError(
            f"values are missing in {len(masks)} combinations of quasi-identifiers, too many to match",
            advice="choose own-value or refuse for missing values, or drop the column that misses most",
        )
    pairs = [_pairs(patterns, coded, one, other) for one, other in product(masks, repeat=2)]
    first, *others = pairs
    return keep_table(first.union(*others) if others else first)


def _pairs(patterns: Table, coded: EncodedTable, one: Mask, other: Mask) -> Table:
    left = patterns.filter(_has_mask(patterns, coded.codes, one))
    right = patterns.filter(_has_mask(patterns, coded.codes, other))
    right = right.select(
        **{f"other_{name}": right[name] for name in coded.keys},
        **{f"at_{name}": right[name] for name in coded.codes},
    )
    shared = [
        (name, f"at_{name}")
        for name, here, there in zip(coded.codes, one, other, strict=True)
        if not here and not there
    ]
    joined = left.join(right, shared) if shared else left.cross_join(right)
    return joined.select(*coded.keys, *(f"other_{name}" for name in coded.keys))


def _has_mask(table: Table, codes: Sequence[str], mask: Mask) -> Column:
    condition = None
    for code, is_missing in zip(codes, mask, strict=True):
        this = table[code].isnull() if is_missing else table[code].notnull()
        condition = this if condition is None else condition & this
    return condition
