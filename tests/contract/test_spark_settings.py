"""A cluster's own configuration cannot have a part of the data left out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support import spark
from tests.support.tables import arrow

LENIENT = "spark.sql.files.ignoreCorruptFiles true\nspark.sql.files.ignoreMissingFiles true\n"


def checked(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(Path(sys.executable).parent / "gatecli", "anonymity", "check"),
            *(f"spark://local{folder}/data", "--quasi-identifier", "age", "--k", "2"),
        ],
        env={**os.environ, "SPARK_CONF_DIR": str(folder / "conf")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_damaged_file_is_not_left_out_whatever_spark_is_configured_to(tmp_path: Path) -> None:
    import pyarrow.parquet  # noqa: PLC0415 - heavy; only this kind of table needs it

    spark.configured(tmp_path / "conf", LENIENT)
    (tmp_path / "data").mkdir()
    for name, ages in ("a", [1] * 9), ("b", [*range(500)]):
        path = tmp_path / f"data/{name}.parquet"
        pyarrow.parquet.write_table(arrow({"age": ages}, {"age": "int64"}), path)
    assert checked(tmp_path).returncode == 1
    whole = path.read_bytes()
    path.write_bytes(whole[:4] + b"\xff" * 200 + whole[204:])  # its footer, with the schema, is as it was
    done = checked(tmp_path)
    assert done.returncode == 4, done.stdout + done.stderr
    assert "checked nothing" in done.stdout
