"""Ctrl-C stops every engine at once, and leaves neither a process nor a file."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

from tests.support import spark
from tests.support.postgres import cluster, connected
from tests.support.tables import arrow

PROMPT = 5.0
"""Seconds until the process is gone; most of them for a machine that is busy with other tests."""
ROOT = Path(__file__).resolve().parents[2]
AGES = {"age": list(range(50))}


def interrupted(url: str, folder: Path, *, within: float = PROMPT, **variables: str) -> None:
    """Until its output is closed: any process that it had started is gone too."""
    work, temporary = folder / "work", folder / "temporary"
    work.mkdir()
    temporary.mkdir()
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.long_query", url],
        cwd=work,
        env={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "TMPDIR": str(temporary),
            "HOME": str(work),
            **variables,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as started:
        assert started.stdout is not None
        try:
            assert started.stdout.readline() == "measuring\n"
            assert started.stdout.readline() == "interrupted\n"
            rest, words = started.communicate(timeout=within)
        finally:
            started.kill()
    assert (started.returncode, rest, words) == (130, "", "")
    assert [*work.iterdir(), *temporary.iterdir()] == []


def parquet(folder: Path) -> Path:
    import pyarrow.parquet  # noqa: PLC0415 - heavy; only this kind of table needs it

    path = folder / "data.parquet"
    pyarrow.parquet.write_table(arrow(AGES, {"age": "int64"}), path)
    return path


def test_duckdb_is_stopped(tmp_path: Path) -> None:
    interrupted(str(parquet(tmp_path)), tmp_path)


def test_sqlite_is_stopped(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "data.db")
    connection.execute("create table data (age integer)")
    connection.executemany("insert into data values (?)", [(age,) for age in AGES["age"]])
    connection.commit()
    connection.close()
    interrupted(f"sqlite://{tmp_path}/data.db#data", tmp_path)


def test_postgresql_is_stopped_and_its_server_idle(tmp_path: Path) -> None:
    with (
        cluster() as url,
        connected(url) as connection,
    ):
        connection.execute("create table data as select generate_series(1, 50) as age")
        interrupted(f"{url}#data", tmp_path)
        busy = "select count(*) from pg_stat_activity where state = 'active' and pid <> pg_backend_pid()"
        assert connection.execute(busy).fetchone() == (0,)


def test_spark_is_stopped_quiet_and_leaves_nothing(tmp_path: Path) -> None:
    conf = spark.configured(tmp_path / "conf")
    url = f"spark://local{parquet(tmp_path)}"
    interrupted(url, tmp_path, within=8.0, SPARK_CONF_DIR=str(conf))  # its Java machine ends after it
