"""Classes of columns as Microsoft Purview's data map takes them: bodies of two requests of its Atlas API.

Purview has no import of labels from a file of its own; its API takes JSON. Source: Microsoft Purview Data Map
REST API, "Type - Bulk Create" and "Entity - Bulk Set Classifications" (version 2023-09-01).
"""

from __future__ import annotations

import re
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from gatecli.errors import UsageError
from gatecli.model.column_classification import ColumnClass, ColumnClassification

ASSET_KINDS = ("column", "azure_sql_column")
"""Purview's types of columns: of files in a lake, and of a database."""

_PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)*")
COLUMN = "{column}"

_DESCRIPTIONS = {
    ColumnClass.DIRECT_IDENTIFIER: "names a person by itself",
    ColumnClass.QUASI_IDENTIFIER: "singles a person out together with others",
    ColumnClass.SENSITIVE: "must not be learnt about a person",
    ColumnClass.FREE_TEXT: "text in which anybody may be named",
    ColumnClass.PUBLIC: "tells nothing about a person",
}


def classification_name(column_class: ColumnClass, prefix: str) -> str:
    """What Purview calls a class: `GATECLI.DIRECT_IDENTIFIER`. Raises UsageError for a bad prefix."""
    if not _PREFIX.fullmatch(prefix):
        raise UsageError(
            f"--prefix {prefix}: not a name of Purview", advice="letters, digits, _ and ., as in ACME.PRIVACY"
        )
    return f"{prefix}.{column_class.upper().replace('-', '_')}"


def classification_types(prefix: str) -> dict[str, Any]:
    """The definitions of the classes, which Purview must know before it takes a label of them."""
    return {
        "classificationDefs": [
            {
                "category": "CLASSIFICATION",
                "name": classification_name(column_class, prefix),
                "description": _DESCRIPTIONS[column_class],
                "typeVersion": "1.0",
                "attributeDefs": [],
                "superTypes": [],
                "entityTypes": [],
            }
            for column_class in ColumnClass
        ]
    }


def column_labels(classified: ColumnClassification, pattern: str, kind: str, prefix: str) -> dict[str, Any]:
    """The label of each column, by what Purview calls it.

    The keys of the map tell entries apart in the answer; an entity is found by its type and its qualified
    name. Raises UsageError for a pattern in which no column stands.
    """
    if COLUMN not in pattern:
        raise UsageError(
            "--qualified-name has no {column} in it",
            advice="as in 'mssql://acme.database.windows.net/db/dbo/patients#{column}'",
        )
    labels = {}
    for name, column in classified.spec.columns.items():
        qualified = pattern.replace(COLUMN, name)
        labels[str(uuid5(NAMESPACE_URL, qualified))] = {
            "typeName": kind,
            "attributes": {"qualifiedName": qualified},
            "classifications": [{"typeName": classification_name(column.column_class, prefix)}],
        }
    return {"guidHeaderMap": labels}
