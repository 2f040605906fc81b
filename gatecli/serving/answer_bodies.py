"""What is answered, in the platform's shape: it holds what was noised, and nothing else of the model's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from gatecli.serving.answer_values import Class


def scores_body(scores: Sequence[float], *, is_open_inference: bool, model: str = "") -> bytes:
    """Noisy scores: `predictions` of one instance, or an output of the Open Inference Protocol."""
    if is_open_inference:
        return _open_inference(model, [_output("scores", "FP64", [1, len(scores)], list(scores))])
    only = scores[0] if len(scores) == 1 else list(scores)
    return _body({"predictions": [only]})


def votes_body(
    classes: Sequence[Class], counts: Sequence[int], *, is_open_inference: bool, model: str = ""
) -> bytes:
    """The class with the most noisy votes (the first of equals), and the noisy votes for each."""
    best = classes[max(range(len(counts)), key=lambda position: counts[position])]
    if is_open_inference:
        label = _output("label", "BYTES", [1], [str(best)])
        return _open_inference(model, [label, _output("votes", "INT64", [1, len(counts)], list(counts))])
    return _body({"predictions": [best], "votes": _class_counts(classes, counts)})


def window_body(
    classes: Sequence[Class], counts: Sequence[int], number: int, begins: str, seconds: int
) -> bytes:
    """The noisy counts of one window of time."""
    window = {"number": number, "begins": begins, "seconds": seconds}
    return _body({"window": window, "counts": _class_counts(classes, counts)})


def _class_counts(classes: Sequence[Class], counts: Sequence[int]) -> list[dict[str, Any]]:
    """A list, as 1 and "1" would be one key of an object."""
    return [{"class": each, "count": count} for each, count in zip(classes, counts, strict=True)]


def _output(name: str, datatype: str, shape: list[int], data: list[Any]) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": shape, "data": data}


def _open_inference(model: str, outputs: list[dict[str, Any]]) -> bytes:
    return _body({"model_name": model, "outputs": outputs})


def _body(data: dict[str, Any]) -> bytes:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
