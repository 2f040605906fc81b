"""Small tables on DuckDB in memory, and the plainest way to measure them."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import ibis
import pyarrow as pa
import pytest

from gatecli.anonymity import exact
from gatecli.anonymity.exact import ClassCounts
from gatecli.model.anonymity import Thresholds

IBIS_WARNS = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")
"""ibis 12 reads DuckDB 2.0 by a method that DuckDB has renamed since."""

_engine = ibis.duckdb.connect()
_numbers = itertools.count()


def table_of(columns: Mapping[str, Sequence[Any]] | pa.Table, kinds: Mapping[str, str] | None = None) -> Any:
    """A table on DuckDB; `kinds` are type names of ibis."""
    name = f"t{next(_numbers)}"
    schema = None if kinds is None else ibis.schema(dict(kinds)).to_pyarrow()
    held = columns if isinstance(columns, pa.Table) else pa.table(dict(columns), schema=schema)
    _engine.con.register(name, held)
    return _engine.table(name)


def rows_of(table: Any) -> list[dict[str, Any]]:
    return list(table.to_pyarrow().to_pylist())


def meets(
    rows: Sequence[Mapping[str, Any]], quasi: Sequence[str], sensitive: Sequence[str], limits: Thresholds
) -> bool:
    """Whether rows meet thresholds, by loops and exact numbers alone."""
    classes: dict[tuple[Any, ...], list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        classes[tuple(row[name] for name in quasi)].append(row)
    if min(map(len, classes.values())) < (limits.k or 1):
        return False
    return all(_meets(list(classes.values()), name, limits) for name in sensitive)


def _meets(classes: Sequence[Sequence[Mapping[str, Any]]], name: str, limits: Thresholds) -> bool:
    values = sorted({row[name] for rows in classes for row in rows}, key=lambda one: (one is None, one))
    codes = {value: code for code, value in enumerate(values)}
    marginals = Counter(codes[row[name]] for rows in classes for row in rows)
    numeric = any(isinstance(value, int) for value in values)
    far = exact.ordered_distance if numeric else exact.total_variation
    for rows in classes:
        item = ClassCounts(Counter(codes[row[name]] for row in rows), len(rows))
        ratio = None if limits.recursive is None else exact.recursive_c(item, limits.recursive.l)
        held = (
            limits.l is None or len(item.counts) >= limits.l,
            limits.alpha is None or exact.alpha(item) <= limits.alpha,
            limits.entropy_l is None or exact.entropy_l(item) >= limits.entropy_l,
            limits.t is None or far(item, marginals) <= limits.t,
            limits.beta is None or exact.basic_beta(item, marginals) <= limits.beta,
            limits.delta is None or exact.delta_disclosure(item, marginals) <= limits.delta,
            limits.recursive is None or (ratio is not None and ratio < limits.recursive.c),
            _enhanced(item, marginals, limits.enhanced_beta),
        )
        if not all(held):
            return False
    return True


def _enhanced(item: ClassCounts, marginals: Mapping[int, int], limit: Fraction | None) -> bool:
    if limit is None:
        return True
    found = exact.enhanced_beta(item, marginals)
    return found is not None and found <= limit
