"""Classes of columns for Purview: bodies of its requests, as it publishes their shape."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from gatecli.cli.app import main
from tests.support.azureml_examples import EXAMPLE

PATTERN = "mssql://acme.database.windows.net/db/dbo/patients#{column}"
CLASSIFICATION = {
    "type": "object",
    "properties": {"typeName": {"type": "string"}, "attributes": {"type": "object"}},
    "required": ["typeName"],
}
LABELS = {
    "type": "object",
    "properties": {
        "guidHeaderMap": {
            "type": "object",
            "propertyNames": {"format": "uuid", "pattern": "^[0-9a-f-]{36}$"},
            "additionalProperties": {
                "type": "object",
                "properties": {
                    "typeName": {"type": "string"},
                    "attributes": {"type": "object", "required": ["qualifiedName"]},
                    "classifications": {"type": "array", "items": CLASSIFICATION},
                },
                "required": ["typeName", "attributes", "classifications"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["guidHeaderMap"],
    "additionalProperties": False,
}
"""The members of AtlasEntityHeaders and AtlasEntityHeader that the reference's example has."""
TYPES = {
    "type": "object",
    "properties": {
        "classificationDefs": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "category": {"const": "CLASSIFICATION"},
                    "name": {"type": "string", "pattern": r"^[A-Za-z][\w.]*$"},
                    "attributeDefs": {"type": "array"},
                    "superTypes": {"type": "array"},
                    "entityTypes": {"type": "array"},
                },
                "required": ["category", "name", "attributeDefs"],
            },
        }
    },
    "required": ["classificationDefs"],
    "additionalProperties": False,
}
"""The members of AtlasTypesDef and AtlasClassificationDef."""


def written(folder: Path, *more: str) -> tuple[Any, Any]:
    file = str(EXAMPLE / "columns.yaml")
    code = main(["cloud", "azureml", "labels", file, "--qualified-name", PATTERN, "-o", str(folder), *more])
    assert code == 0
    names = ("purview-types.json", "purview-labels.json")
    types, labels = (json.loads((folder / name).read_text("utf-8")) for name in names)
    return types, labels


def test_the_bodies_have_the_published_shape(tmp_path: Path) -> None:
    types, labels = written(tmp_path)
    jsonschema.validate(types, TYPES)
    jsonschema.validate(labels, LABELS)


def test_each_column_has_the_label_of_its_class(tmp_path: Path) -> None:
    types, labels = written(tmp_path, "--type", "azure_sql_column", "--prefix", "ACME.PRIVACY")
    told = {
        each["attributes"]["qualifiedName"].partition("#")[2]: each["classifications"][0]["typeName"]
        for each in labels["guidHeaderMap"].values()
    }
    assert told["patient_id"] == "ACME.PRIVACY.DIRECT_IDENTIFIER"
    assert told["diagnosis"] == "ACME.PRIVACY.SENSITIVE"
    assert {each["typeName"] for each in labels["guidHeaderMap"].values()} == {"azure_sql_column"}
    assert set(told.values()) <= {each["name"] for each in types["classificationDefs"]}
    assert len(told) == 8


def test_the_same_classes_give_the_same_bytes(tmp_path: Path) -> None:
    assert written(tmp_path) == written(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--qualified-name", "mssql://acme/patients"], "has no {column} in it"),
        (["--prefix", "not a name"], "not a name of Purview"),
        (["-o", "nowhere"], "nowhere is not a folder"),
    ],
)
def test_what_means_nothing_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    file = str(EXAMPLE / "columns.yaml")
    command = ["cloud", "azureml", "labels", file, "--qualified-name", PATTERN, "-o", ".", *arguments]
    assert main(command) == 2
    assert sentence in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
