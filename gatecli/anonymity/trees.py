"""A column's hierarchy as what each label stands for: the values of the original table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from gatecli.anonymity.hierarchies import Mapped, hierarchy_from_csv
from gatecli.errors import UsageError


def read_tree(column: str, path: Path) -> Mapping[str, frozenset[str]]:
    """Each label of a hierarchy's file (`value;level;…;*`), at whatever level, with its values.

    Raises UsageError for a file that cannot be read, ConfigurationError for one that is not a hierarchy.
    """
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "is not UTF-8"
        raise UsageError(f"{path}: {why}", advice="give a text file: value;level;…;*") from None
    leaves: dict[str, set[str]] = defaultdict(set)
    for level in hierarchy_from_csv(column, text).levels:
        if isinstance(level, Mapped):
            for value, label in level.labels:
                leaves[value].add(value)
                leaves[label].add(value)
    return {label: frozenset(values) for label, values in leaves.items()}
