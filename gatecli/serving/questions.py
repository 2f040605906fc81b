"""The canonical form of a question, by which the same question is recognised."""

from __future__ import annotations

import json
from typing import Any

from gatecli.serving.body_text import media_type


class BadQuestion(Exception):
    """A body that cannot be asked of a model; its text says why, and holds nothing of it."""


def canonical_question(body: bytes, content_type: str, encoding: str = "") -> bytes:
    """JSON of one instance with sorted keys and without blanks; any other body as it is. Raises BadQuestion.

    The model is asked this, and not what was sent: else two texts of one question could be two questions.
    """
    if encoding.lower() not in {"", "identity"}:
        raise BadQuestion("send it without a content encoding")
    if not _is_json(content_type):
        return body
    try:
        data = _READER.decode(body.decode("utf-8-sig"))
        text = _WRITER.encode(data)
    except (ValueError, RecursionError):
        raise BadQuestion("the body is not JSON, or names a key twice") from None
    _require_one_instance(data)
    return text.encode()


def _require_one_instance(data: Any) -> None:
    """KServe's protocols take several instances; each would be an answer. Raises BadQuestion."""
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
    name = media_type(content_type).name
    return name in {"", "application/json"} or name.endswith("+json")


def _refuse(text: str) -> None:
    raise ValueError(text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys stand once: which of two counts is each reader's own choice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


_READER = json.JSONDecoder(parse_constant=_refuse, object_pairs_hook=_object)
_WRITER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)
