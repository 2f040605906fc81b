"""The component of the example as a job runs it: its own command, with a vault on loopback."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from gatecli.anonymity.pseudonyms import context_key, pseudonym
from gatecli.sources.jobs.azureml_expressions import command_text
from tests.support.azureml_examples import COMPONENT, EXAMPLE
from tests.support.key_vault import CLEARED, VAULT, VERSION, local_vault

KEY = "5f" * 31 + "a7"
DIAGNOSES = ("flu", "asthma", "fracture", "sepsis")


def write_patients(path: Path, count: int = 240) -> list[str]:
    names = [
        "patient_id",
        "name",
        "email",
        "postcode",
        "birth_date",
        "admission_note",
        "diagnosis",
        "readmitted",
    ]
    rows = [
        (
            f"P-{number:05}",
            f"Somebody {number}",
            f"p{number}@hospital-west.de",
            f"{12000 + number % 90}",
            f"19{60 + number % 10}-0{1 + number % 9}-1{number % 9}",
            f"call back at p{number}@hospital-west.de" if number % 7 == 0 else "stable",
            DIAGNOSES[number % 4],
            ("yes", "no", "unknown")[number % 3],
        )
        for number in range(count)
    ]
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([names, *rows])
    return [row[0] for row in rows]


def component_command(folder: Path) -> str:
    """The command of the component with the values that a job has for its expressions."""
    text = yaml.safe_load((EXAMPLE / COMPONENT).read_text("utf-8"))["command"]
    text = text.replace("/etc/gatecli/gatecli.yaml", str(EXAMPLE / "gatecli.yaml"))
    text = text.replace("${{outputs.transformed}}", str(folder / "out"))
    values = {
        "table": str(folder / "patients.csv"),
        "columns": str(EXAMPLE / "columns.yaml"),
        "key_vault_secret": f"{VAULT}/secrets/patient-pseudonyms/{VERSION}",
    }
    return command_text(text, values, ())


def test_the_component_makes_a_table_and_its_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    people = write_patients(tmp_path / "patients.csv")
    (tmp_path / "out").mkdir()
    (tmp_path / "vault").mkdir()
    for name in CLEARED:
        monkeypatch.delenv(name, raising=False)
    with local_vault(tmp_path / "vault") as vault:
        vault.secrets = {"patient-pseudonyms": {VERSION: KEY}}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = os.environ | vault.environment | {"PATH": path}
        ended = subprocess.run(
            ["sh", "-c", component_command(tmp_path)],
            check=False,
            capture_output=True,
            text=True,
            env=environment,
        )
    assert ended.returncode == 0, ended.stderr
    assert KEY not in ended.stderr + ended.stdout
    table = pq.read_table(tmp_path / "out" / "table.parquet")
    assert table.column_names == [
        "patient_id", "postcode", "birth_date", "admission_note", "diagnosis", "readmitted",
    ]  # fmt: skip
    own = context_key(KEY.encode(), "readmission-model")
    assert table["patient_id"].to_pylist() == [pseudonym(each, own) for each in people]
    assert set(table["birth_date"].to_pylist()) == {"1960s"}
    assert "call back at <EMAIL_ADDRESS>" in table["admission_note"].to_pylist()
    record = json.loads((tmp_path / "out" / "table.parquet.transformation.json").read_text("utf-8"))
    assert record["anonymity"]["k"] == 240
    assert record["anonymity"]["demanded"]["k"] == 10
    assert record["policy"]["name"] == "acme"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "table.parquet", "table.parquet.transformation.json",
    ]  # fmt: skip
