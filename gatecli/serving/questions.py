"""What is asked: a body in its one form, so that the same question is known again."""

from __future__ import annotations

import json
from typing import Any


class BadQuestion(Exception):
    """A body that cannot be asked of a model; its text says why, and holds nothing of it."""


def canonical_question(body: bytes, content_type: str) -> bytes:
    """JSON with sorted keys and without blanks; any other body as it is. Raises BadQuestion.

    The model is asked this, and not what was sent: else two texts of one question could be two questions.
    """
    if not _is_json(content_type):
        return body
    try:
        data = json.loads(body, parse_constant=_refuse, object_pairs_hook=_object)
        return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
    except (ValueError, RecursionError):
        raise BadQuestion("the body is not JSON that has one meaning") from None


def require_one_instance(body: bytes, content_type: str) -> None:
    """KServe's protocols take several instances; each would be an answer. Raises BadQuestion."""
    if not _is_json(content_type):
        return
    data = json.loads(body)
    if not isinstance(data, dict):
        return
    instances = data.get("instances", data.get("inputs"))
    shapes = [each.get("shape") for each in _dicts(data.get("inputs"))]
    several = isinstance(instances, list) and not shapes and len(instances) > 1
    if several or any(isinstance(shape, list) and shape[:1] not in ([], [1]) for shape in shapes):
        raise BadQuestion("ask about one instance at a time: each is an answer of its own")


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind in {"", "application/json"} or kind.endswith("+json")


def _refuse(text: str) -> None:
    raise ValueError(text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys stand once: which of two counts is each reader's own choice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found
