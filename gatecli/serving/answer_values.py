"""What a model answered: its scores on a grid, or its class; found in JSON or CSV of any platform's shape.

Every value that is read here is one of a fixed set, whatever the model answers: scores are clipped to their
ends, and NaN counts as the lowest. The noise is computed for that set. An answer of another shape raises
`UnreadableAnswer`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from gatecli.model.private_endpoint import NoisyScores
from gatecli.serving.body_text import media_type

DIGITS = Context(prec=60)
"""Of a score; more could not be told apart on any grid, and take long to compute with."""
SMALLEST = -60
"""Powers of ten below this are 0: they are less than any grid's step."""

WRAPPERS = ("predictions", "prediction", "outputs", "output", "scores", "score", "probabilities", "results")
WRAPPERS_OF_CLASSES = ("labels", "label", "predicted_label", "class", *WRAPPERS)
"""A class stands beside its score in SageMaker's answers."""

Json = Any
Class = str | int | bool


class UnreadableAnswer(Exception):
    """An answer that does not have the shape that the document describes."""


@dataclass(frozen=True, slots=True)
class ScoreGrid:
    """`count` scores from `low`, in steps, up to `most` steps."""

    count: int
    low: Fraction
    step: Fraction
    most: int
    pointer: str | None = None

    def steps_of(self, score: Decimal) -> int:
        """The nearest step, from 0 to `most`; NaN is 0."""
        if score.is_nan():
            return 0
        if score.is_infinite() or (score and score.adjusted() > -SMALLEST):
            return self.most if score > 0 else 0
        is_nothing = not score or score.adjusted() < SMALLEST
        top, bottom = (0, 1) if is_nothing else DIGITS.plus(score).as_integer_ratio()
        low, step = self.low, self.step
        # ⌊(score − low) / step + ½⌋ in whole numbers: fractions would be cut short at each turn.
        above = (top * low.denominator - low.numerator * bottom) * step.denominator
        unit = bottom * low.denominator * step.numerator
        return min(max((2 * above + unit) // (2 * unit), 0), self.most)

    def score_of(self, steps: int) -> float:
        """The number at so many steps, which may lie beyond the ends."""
        return float(self.low + self.step * steps)


def grid_of(scores: NoisyScores, most: int) -> ScoreGrid:
    """The grid of an endpoint; `most` as its noise was computed for."""
    return ScoreGrid(scores.count, scores.low, scores.step, most, scores.pointer)


def read_scores(body: bytes, content_type: str, grid: ScoreGrid) -> list[int]:
    """The scores of an answer as steps of the grid. Raises UnreadableAnswer."""
    value = _answer_data(body, content_type, grid.pointer, WRAPPERS)
    numbers = value if isinstance(value, list) else [value]
    while len(numbers) == 1 and isinstance(numbers[0], list):
        numbers = numbers[0]
    if len(numbers) != grid.count or not all(isinstance(each, Decimal) for each in numbers):
        raise UnreadableAnswer
    return [grid.steps_of(each) for each in numbers]


def read_class(
    body: bytes, content_type: str, pointer: str | None, classes: Mapping[tuple[type, Class], int]
) -> int | None:
    """The position of the answered class; None where it is none of them. Raises UnreadableAnswer."""
    value = _answer_data(body, content_type, pointer, WRAPPERS_OF_CLASSES)
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        value = int(value) if value.adjusted() < -SMALLEST else None
    if not isinstance(value, str | int):
        return None
    found = classes.get((type(value), value))
    return classes.get((str, str(value))) if found is None and not isinstance(value, str) else found


def class_positions(classes: Sequence[Class]) -> dict[tuple[type, Class], int]:
    """Where each class stands; 1, "1" and true are three."""
    return {(type(each), each): position for position, each in enumerate(classes)}


def _answer_data(body: bytes, content_type: str, pointer: str | None, wrappers: Sequence[str]) -> Json:
    """The part of an answer that the pointer names, or that its usual wrappers hold."""
    is_table = media_type(content_type).name in {"text/csv", "text/plain"}
    data = _csv_values(body) if is_table else parse_json(body)
    return value_at(data, pointer) if pointer is not None else _unwrap(data, wrappers)


def parse_json(body: bytes) -> Json:
    """JSON with exact numbers; NaN and Infinity are numbers here. Raises UnreadableAnswer."""
    try:
        return _EXACT.decode(body.decode("utf-8-sig"))
    except (ValueError, RecursionError, InvalidOperation):
        raise UnreadableAnswer from None


_EXACT = json.JSONDecoder(parse_float=Decimal, parse_int=Decimal, parse_constant=Decimal)


def _csv_values(body: bytes) -> list[Json]:
    try:
        cells = body.decode().replace("\n", ",").split(",")
    except UnicodeDecodeError:
        raise UnreadableAnswer from None
    return [_number_or_text(each.strip()) for each in cells if each.strip()]


def _number_or_text(text: str) -> Json:
    try:
        return Decimal(text)
    except InvalidOperation:
        return text.strip('"')


def _unwrap(data: Json, wrappers: Sequence[str]) -> Json:
    """Through objects with a usual key, and lists of one such object (KServe's `outputs[0].data`)."""
    for _ in range(8):
        if isinstance(data, list) and len(data) == 1 and isinstance(data[0], dict):
            data = data[0]
        if not isinstance(data, dict):
            return data
        held = [data[key] for key in ("data", *wrappers) if key in data]
        if not held:
            raise UnreadableAnswer
        data = held[0]
    raise UnreadableAnswer


def value_at(data: Json, pointer: str) -> Json:
    """What a JSON pointer names. Raises UnreadableAnswer."""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(data, dict) and name in data:
            data = data[name]
        elif isinstance(data, list) and name.isdecimal() and int(name) < len(data):
            data = data[int(name)]
        else:
            raise UnreadableAnswer
    return data
