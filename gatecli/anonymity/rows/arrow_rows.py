"""Parquet, Arrow (Feather) and ORC, read by pyarrow a batch at a time."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from gatecli.anonymity.rows.interface import BATCH, Rows, TableFile
from gatecli.model.cells import REACH, CellBatch, RowBatch, beside_rows, cells_of, sample_rows

METADATA = "(metadata)"
"""Stands where the name of a column does, for what is said of the whole table."""

_SCHEMA = b"ARROW:schema"
"""The schema once more, as Arrow writes it into Parquet."""


def parquet_rows(table: TableFile) -> Rows:
    """The rows of a Parquet file. A sample of a long one is spread over row groups at even distances."""
    from pyarrow.parquet import ParquetFile  # noqa: PLC0415 - heavy; only this kind of table needs it

    file = ParquetFile(table.file)
    kept = {**(file.schema_arrow.metadata or {}), **(file.metadata.metadata or {})}
    yield _schema_cells(file.schema_arrow, {key: kept[key] for key in kept if key != _SCHEMA})
    sizes = [file.metadata.row_group(at).num_rows for at in range(file.num_row_groups)]
    groups = range(len(sizes)) if table.all_rows else _spread_groups(sizes)
    reach = [sizes[at] for at in groups]
    batches = (
        batch for at in groups for batch in file.iter_batches(BATCH, row_groups=[at], use_threads=False)
    )
    starts = _starts(sizes)
    yield from _pick(batches, sum(reach), sum(sizes), table, [(starts[at], sizes[at]) for at in groups])


def _spread_groups(sizes: Sequence[int]) -> list[int]:
    """Row groups at even distances, of about `REACH` rows together."""
    step = max(1, -(-sum(sizes) // REACH))
    return list(range(0, len(sizes), step))


def _starts(sizes: Sequence[int]) -> list[int]:
    at, starts = 0, []
    for size in sizes:
        starts.append(at)
        at += size
    return starts


def arrow_rows(table: TableFile) -> Rows:
    """The rows of an Arrow IPC file, which Feather is."""
    import pyarrow as pa  # noqa: PLC0415 - heavy; only this kind of table needs it

    file = pa.ipc.open_file(table.file)
    yield _schema_cells(file.schema, file.schema.metadata)
    total = sum(file.get_batch(at).num_rows for at in range(file.num_record_batches))
    batches = (
        large.slice(start, BATCH)
        for at in range(file.num_record_batches)
        for large in [file.get_batch(at)]
        for start in range(0, large.num_rows, BATCH)
    )
    yield from _pick(batches, total, total, table)


def feather_rows(table: TableFile) -> Rows:
    """The rows of a Feather file of version 1, which is read whole."""
    from pyarrow.feather import read_table  # noqa: PLC0415 - heavy; only this kind of table needs it

    whole = read_table(table.file, memory_map=False)
    yield _schema_cells(whole.schema, whole.schema.metadata)
    yield from _pick(whole.to_batches(BATCH), whole.num_rows, whole.num_rows, table)


def orc_rows(table: TableFile) -> Rows:
    """The rows of an ORC file."""
    from pyarrow.orc import ORCFile  # noqa: PLC0415 - heavy; only this kind of table needs it

    file = ORCFile(table.file)
    yield _schema_cells(file.schema, file.metadata)
    batches = (
        large.slice(start, BATCH)
        for at in range(file.nstripes)
        for large in [file.read_stripe(at)]
        for start in range(0, large.num_rows, BATCH)
    )
    yield from _pick(batches, file.nrows, file.nrows, table)


def _schema_cells(schema: Any, metadata: Mapping[bytes, bytes] | None) -> CellBatch:
    """What a table holds beside its rows: the names of its columns, and notes on it and on them."""
    notes = [(METADATA, metadata or {}), *((field.name, field.metadata or {}) for field in schema)]
    batches = [
        beside_rows([(key.decode("utf-8", "replace"), value) for key, value in kept.items()], name)
        for name, kept in notes
    ]
    return CellBatch(
        tuple(cell for batch in batches for cell in batch.cells),
        columns=(
            *(path for field in schema for path in _paths(field)),
            *(column for batch in batches for column in batch.columns if batch.cells or batch.unread),
        ),
        unread={column: count for batch in batches for column, count in (batch.unread or {}).items()},
    )


def _paths(field: Any) -> Iterator[tuple[str, ...]]:
    """The names of a column and of what is nested in it."""
    yield (str(field.name),)
    kind = field.type
    for at in range(kind.num_fields):
        inner = kind.field(at)
        for path in _paths(inner):
            yield (str(field.name), *path)


def _pick(
    batches: Iterable[Any], reach: int, total: int, table: TableFile, places: Sequence[tuple[int, int]] = ()
) -> Rows:
    """The rows of the sample among `batches`, which hold `reach` rows; then how many were passed over.

    `places` are the first row and the size of each group that they are of, where groups are left out.
    """
    reach = reach if table.all_rows else min(reach, REACH)
    wanted = sample_rows(reach, all_rows=table.all_rows)
    numbers = _numbers(places) if places else None
    at = read = 0
    for batch in batches:
        low, high = bisect_left(wanted, at), bisect_left(wanted, at + batch.num_rows)
        inside = [wanted[index] - at for index in range(low, high)]
        if inside:
            batch.validate(full=True)  # Arrow trusts the offsets in a file, and reads wherever they lead
            read += len(inside)
            rows = [at + offset if numbers is None else numbers(at + offset) for offset in inside]
            yield cells_of(RowBatch([row + 1 for row in rows], _columns(batch, inside)))
        at += batch.num_rows
        if at >= reach:
            break
    yield CellBatch(passed=total - read)


def _numbers(places: Sequence[tuple[int, int]]) -> Callable[[int], int]:
    """From a row among the groups that are read to its number in the file."""
    ends, end = [], 0
    for _, size in places:
        end += size
        ends.append(end)

    def number(row: int) -> int:
        group = bisect_left(ends, row + 1)
        return places[group][0] + row - (ends[group] - places[group][1])

    return number


def _columns(batch: Any, rows: list[int]) -> list[tuple[str, list[object]]]:
    taken = batch if len(rows) == batch.num_rows else batch.take(rows)
    return [(str(name), _values(taken.column(at))) for at, name in enumerate(taken.schema.names)]


def _values(column: Any) -> list[object]:
    """Plain values; dates and times as they are written, in whatever unit."""
    import pyarrow as pa  # noqa: PLC0415 - heavy; only these kinds of tables need it

    if pa.types.is_null(column.type) or pa.types.is_boolean(column.type):
        return [None] * len(column)
    if pa.types.is_temporal(column.type):
        try:
            column = column.cast(pa.string())
        except pa.ArrowException:
            column = column.cast(pa.int64()) if column.type.bit_width == 64 else column
    values: list[object] = column.to_pylist()
    return values
