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
    rows: Sequence[Mapping[str, Any]],
    quasi: Sequence[str],
    sensitive: Sequence[str],
    limits: Thresholds,
    unit: str | None = None,
) -> bool:
    """Whether rows meet thresholds, by loops and exact numbers alone; of rows, or of the values of `unit`."""
    whom = [at if unit is None else row[unit] for at, row in enumerate(rows)]
    classes: dict[tuple[Any, ...], list[tuple[Any, Mapping[str, Any]]]] = defaultdict(list)
    for person, row in zip(whom, rows, strict=True):
        classes[tuple(row[name] for name in quasi)].append((person, row))
    if min(len({person for person, _ in held}) for held in classes.values()) < (limits.k or 1):
        return False
    return all(_meets(list(classes.values()), name, limits) for name in sensitive)


def _meets(classes: Sequence[Sequence[tuple[Any, Mapping[str, Any]]]], name: str, limits: Thresholds) -> bool:
    values = sorted({row[name] for rows in classes for _, row in rows}, key=lambda one: (one is None, one))
    codes = {value: code for code, value in enumerate(values)}
    every = [{(person, codes[row[name]]) for person, row in rows} for rows in classes]
    marginals = Counter(code for _, code in set().union(*every))
    people = len({person for rows in classes for person, _ in rows})
    numeric = any(isinstance(value, int) for value in values)
    far = exact.ordered_distance if numeric else exact.total_variation
    for held in every:
        item = ClassCounts(Counter(code for _, code in held), len({person for person, _ in held}))
        ratio = None if limits.recursive is None else exact.recursive_c(item, limits.recursive.l)
        holds = (
            limits.l is None or len(item.counts) >= limits.l,
            limits.alpha is None or exact.alpha(item) <= limits.alpha,
            limits.entropy_l is None or exact.entropy_l(item) >= limits.entropy_l,
            limits.t is None or far(item, marginals, people) <= limits.t,
            limits.beta is None or exact.basic_beta(item, marginals, people) <= limits.beta,
            limits.delta is None or exact.delta_disclosure(item, marginals, people) <= limits.delta,
            limits.recursive is None or (ratio is not None and ratio < limits.recursive.c),
            _meets_beta(item, marginals, people, limits.enhanced_beta),
        )
        if not all(holds):
            return False
    return True


def _meets_beta(item: ClassCounts, marginals: Mapping[int, int], people: int, limit: Fraction | None) -> bool:
    if limit is None:
        return True
    found = exact.enhanced_beta(item, marginals, people)
    return found is not None and found <= limit
