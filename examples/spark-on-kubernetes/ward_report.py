"""Count patients by ward within the budget of a ledger, and write evidence that the release gate reads.

    spark-submit ward_report.py

The environment says where things are: `PATIENTS` the Parquet files, `REPORT` the folder to write to,
`GATECLI_LEDGER` the ledger, `GATECLI_LEDGER_KEY` the file of its key, if it has one.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from gatecli.data import open_table

WARDS = ("cardiology", "neurology", "surgery")
"""What is public: the hospital's web page lists its wards. Nothing here may come from the data."""


def write_report(patients: Any, ledger: str, folder: Path, key: str | None = None) -> None:
    """Ask a frame of Spark, and write the answer (`wards.csv`) and the evidence (`evidence.json`).

    Raises `gatecli.GatecliError`: where the ledger has no budget left, and where it does not answer.
    """
    with open_table(
        patients,
        dataset="patients-2026",
        ledger=ledger,
        ledger_key=key,
        unit="patient_id",
        bounds={"age": (0, 110)},
        keys={"ward": WARDS},
    ) as people:
        answer = people.groupby("ward").agg(n="count", mean_age=("age", "mean"), epsilon="0.5")
        lines = [f"{row['ward']},{row['n']},{row['mean_age']}" for row in answer]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "wards.csv").write_text("\n".join(["ward,n,mean_age", *lines, ""]), "utf-8")
        people.write_evidence(folder / "evidence.json")


def main() -> None:
    """Run on the cluster that `spark-submit` was given."""
    from pyspark.sql import SparkSession  # noqa: PLC0415 - starts a Java machine

    session = SparkSession.builder.appName("ward-report").getOrCreate()
    try:
        given = os.environ
        patients = session.read.parquet(given["PATIENTS"])
        write_report(
            patients, given["GATECLI_LEDGER"], Path(given["REPORT"]), given.get("GATECLI_LEDGER_KEY")
        )
    finally:
        session.stop()


if __name__ == "__main__":
    main()
