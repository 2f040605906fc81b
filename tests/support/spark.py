"""A Spark of this process: one for all tests, quiet, and leaving nothing behind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import Any

LACKING = (
    None
    if which("java") is not None and find_spec("pyspark") is not None
    else "Spark needs Java 17 and gatecli[spark]"
)
SETTINGS = {
    # Ten rows: what compiling plans would save is less than it costs.
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.shuffle.partitions": "1",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.ui.enabled": "false",
}


def configured(folder: Path, more: str = "") -> Path:
    """A folder for SPARK_CONF_DIR, with which a program of its own starts as fast."""
    folder.mkdir()
    lines = [f"{name} {value}\n" for name, value in SETTINGS.items()]
    (folder / "spark-defaults.conf").write_text("".join(lines) + more, "utf-8")
    return folder


@contextmanager
def session(folder: Path, master: str = "local[1]") -> Iterator[Any]:
    """A running session, which `open_table` then uses; its files and its log are in `folder`."""
    from pyspark.sql import SparkSession  # noqa: PLC0415 - an optional extra that starts a JVM

    builder = SparkSession.builder.master(master).config("spark.local.dir", str(folder / "local"))
    builder = builder.config("spark.sql.warehouse.dir", str(folder / "warehouse"))
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    kept = os.dup(2)
    with (folder / "log").open("wb") as log:
        os.dup2(log.fileno(), 2)
    try:
        running = builder.getOrCreate()
    finally:
        os.dup2(kept, 2)
        os.close(kept)
    yield running
    running.stop()


def endless(backend: Any) -> Any:
    """A table with the column `age` of 10¹³ rows."""
    backend.raw_sql("create or replace temporary view endless as select id as age from range(10000000000000)")
    return backend.table("endless")
