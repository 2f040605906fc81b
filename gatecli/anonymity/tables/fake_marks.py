"""How a table that was made up is marked, so that nobody takes it for a real one, or a real one for it."""

from __future__ import annotations

from pathlib import Path

from gatecli.anonymity.tables.folders import PARQUET, suffix

IN_NAME = ".fake"
"""Before the ending of the file's name, in every format: it is seen in a listing and in a review, and neither
a column nor a line of the table is spent on it."""

IN_SCHEMA = {b"gatecli.fake": b"true"}
"""In the schema of a Parquet or Arrow file, which keeps it when the file gets another name."""

ARROW = frozenset({".arrow", ".feather", ".ipc"})


def is_fake_name(path: Path) -> bool:
    """Whether a file's name says that its table was made up: `patients.fake.csv`, `patients.fake.csv.gz`."""
    return IN_NAME in (each.lower() for each in path.suffixes[:-1])


def fake_name(path: Path) -> str:
    """The name that says so."""
    stem, dot, ending = path.name.partition(".")
    return f"{stem}{IN_NAME}{dot}{ending}"


def is_fake_table(source: str) -> bool:
    """Whether a source is marked as made up, by its name or in its schema; False for what cannot be read."""
    path = Path(source)
    return is_fake_name(path) or b"gatecli.fake" in _schema_metadata(path)


def _schema_metadata(path: Path) -> dict[bytes, bytes]:
    kind = suffix(path)
    if kind not in ARROW | PARQUET:
        return {}
    import pyarrow as pa  # noqa: PLC0415 - heavy; only these kinds of files need it
    import pyarrow.parquet  # noqa: PLC0415

    try:
        if kind in PARQUET:
            return dict(pyarrow.parquet.read_schema(path).metadata or {})
        with pa.memory_map(str(path)) as file:
            return dict(pa.ipc.open_file(file).schema.metadata or {})
    except (OSError, pa.ArrowInvalid):  # said again, in one sentence, where the table is opened
        return {}
