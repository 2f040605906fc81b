"""What CNIL's PIA tool does on import, as far as it can refuse or misread a file.

Written from the behaviour of `importData` in src/app/services/pia.service.ts and `answerIsValid` in
global-evaluation.service.ts of github.com/LINCnil/pia, April 2026.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

TYPES: dict[str, dict[str, list[str]]] = json.loads(
    (Path(__file__).parents[1] / "unit" / "documents" / "cnil_example_types.json").read_text("utf-8")
)
LISTS = ("answers", "measures", "evaluations", "comments")
WORDS = {str: "string", bool: "boolean", int: "number", float: "number", dict: "object", list: "array"}
ANSWER_KINDS = {
    **dict.fromkeys([111, 112, 113, 121, 122, 123, *range(211, 216), *range(221, 228)], "text"),
    **{base + number: "list" for base in (320, 330, 340) for number in (1, 2, 3, 4)},
    **{base + number: "gauge" for base in (320, 330, 340) for number in (5, 6)},
}


def type_of(value: object) -> str:
    return "null" if value is None else WORDS[type(value)]


def untyped(item: Mapping[str, Any], name: str) -> list[str]:
    """Keys of the example that are not there, or whose value has another type."""
    return [
        f"{name}.{key}"
        for key, kinds in TYPES[name].items()
        if key not in item or type_of(item[key]) not in kinds
    ]


def problems(data: Any) -> list[str]:
    """Why the tool would refuse or misread the file; empty where it takes it."""
    if not isinstance(data, dict) or not data.get("pia"):
        return ["wrong pia file"]
    found = [f"{name} is not a list" for name in LISTS if not isinstance(data.get(name), list)]
    if found:
        return found
    found += untyped(data["pia"], "pia") + times(data["pia"])
    for name in LISTS:
        for item in data[name]:
            found += untyped(item, name) + times(item)
    found += [problem for answer in data["answers"] for problem in answer_problems(answer)]
    titles = {measure["title"] for measure in data["measures"]}
    ids = [measure["id"] for measure in data["measures"]]
    found += [] if len(ids) == len(set(ids)) else ["two measures have one id"]
    found += [
        f"{answer['reference_to']} names a measure that is none"
        for answer in data["answers"]
        if answer["reference_to"] in {324, 334, 344} and not set(answer["data"]["list"]) <= titles
    ]
    return found


def answer_problems(answer: Mapping[str, Any]) -> list[str]:
    data, number = answer["data"], answer["reference_to"]
    found = untyped(data, "data")
    kind = ANSWER_KINDS.get(number)
    if kind is None:
        return [*found, f"there is no question {number}"]
    if kind == "list" and (data["text"] is not None or data["gauge"] is not None):
        found.append(f"{number} is a list")
    if kind != "list" and data["list"]:
        found.append(f"{number} is no list")
    return found


def counts_as_answered(answer: Mapping[str, Any]) -> bool:
    data = answer["data"]
    match ANSWER_KINDS[answer["reference_to"]]:
        case "list":
            return bool(data["list"])
        case "gauge":
            return bool(data["text"]) and (data["gauge"] or 0) > 0
        case _:
            return bool(data["text"])


def times(item: Mapping[str, Any]) -> list[str]:
    """Times that `new Date` of JavaScript cannot read."""
    bad = []
    for key in ("created_at", "updated_at"):
        try:
            datetime.fromisoformat(str(item[key]))
        except (KeyError, ValueError):
            bad.append(f"{key} is no time")
    return bad
