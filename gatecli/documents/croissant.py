"""What is known of a dataset, as fields of the Croissant RAI vocabulary 1.0 (docs.mlcommons.org/croissant).

`rai:personalSensitiveInformation` and `rai:dataLimitations` hold many texts; those that gatecli wrote begin
with its name, and only those are replaced. Everything else of a file that stands there stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gatecli.documents.statements import (
    FactStatement,
    anonymity_statements_of,
    budget_statements_of,
    column_statements,
)
from gatecli.errors import UsageError
from gatecli.model.documents import DatasetFacts, DocumentFacts
from gatecli.reports.escaping import visible

RAI = "http://mlcommons.org/croissant/RAI/"
RAI_VERSION = "http://mlcommons.org/croissant/RAI/1.0"
CROISSANT_VERSION = "http://mlcommons.org/croissant/1.0"
OURS = "gatecli: "
"""What every text that gatecli wrote begins with."""

_CONTEXT: Mapping[str, str] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": RAI,
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
}


def croissant_file(of: DatasetFacts, before: object) -> dict[str, Any]:
    """The description of the dataset: `before` with what is known, or a first one where that is None.

    Raises UsageError where `before` is not a description of this dataset.
    """
    data = _description(of, before)
    data["@context"] = _with_prefix(data.get("@context"))
    data[_conformity_key(data)] = _with_version(data.get(_conformity_key(data)))
    for key, statements in _fields(of):
        texts = [*_others(data.get(key)), *(f"{OURS}{each.text}" for each in statements)]
        data.pop(key, None) if not texts else data.update({key: texts})
    return data


def dataset_named(facts: DocumentFacts, name: str | None) -> DatasetFacts:
    """The dataset of this name; the only one where None is given. Raises UsageError."""
    found = [each for each in facts.datasets if name is None or each.name == name]
    if len(found) != 1:
        names = ", ".join(visible(each.name) for each in facts.datasets) or "none"
        problem = (
            "the release has no one dataset"
            if name is None
            else f"the release has no dataset {visible(name)}"
        )
        raise UsageError(problem, advice=f"choose with --dataset among: {names}")
    return found[0]


def _description(of: DatasetFacts, before: object) -> dict[str, Any]:
    if before is None:
        return {
            "@context": dict(_CONTEXT),
            "@type": "sc:Dataset",
            "name": of.name,
            "conformsTo": CROISSANT_VERSION,
        }
    if not isinstance(before, dict) or before.get("name") != of.name:
        raise UsageError(
            "the file that stands there does not describe this dataset",
            advice="name another file, or another dataset with --dataset: its name must be the same in both",
        )
    return dict(before)


def _with_prefix(context: object) -> object:
    """The context, which knows the prefix `rai`."""
    match context:
        case dict():
            return {**context, "rai": context.get("rai", RAI)}
        case list():
            return context if {"rai": RAI} in context else [*context, {"rai": RAI}]
        case None:
            return {"rai": RAI}
        case _:
            return [context, {"rai": RAI}]


def _conformity_key(data: Mapping[str, Any]) -> str:
    return "dct:conformsTo" if "dct:conformsTo" in data else "conformsTo"


def _with_version(versions: object) -> list[object]:
    stated = versions if isinstance(versions, list) else [] if versions is None else [versions]
    return stated if RAI_VERSION in stated else [*stated, RAI_VERSION]


def _others(texts: object) -> list[object]:
    """What somebody else wrote."""
    stated = texts if isinstance(texts, list) else [] if texts is None else [texts]
    return [each for each in stated if not (isinstance(each, str) and each.startswith(OURS))]


def _fields(of: DatasetFacts) -> Iterator[tuple[str, Iterable[FactStatement]]]:
    yield "rai:personalSensitiveInformation", (*column_statements(of), *anonymity_statements_of(of))
    yield "rai:dataLimitations", tuple(budget_statements_of(of))
