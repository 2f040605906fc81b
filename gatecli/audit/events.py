"""Events: sets of outputs, fixed before a test, that can be kept in a file and said in words."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from gatecli.audit.features import EventColumns, Layout, columns_of
from gatecli.audit.outputs import CellKind, Outputs, widen

Hits = npt.NDArray[np.bool_]
_COMPARE: Mapping[str, Callable[[npt.NDArray[np.float64], float], Hits]] = {
    "at-least": operator.ge,
    "below": operator.lt,
    "is": operator.eq,
}
_KINDS = {CellKind.ABSENT: "absent", CellKind.NONE: "None", CellKind.NAN: "nan"}


class StepTest(StrEnum):
    """What a step asks of a cell."""

    AT_LEAST = "at-least"
    BELOW = "below"
    IS = "is"


@dataclass(frozen=True, slots=True)
class EventStep:
    """One question of a column: is it a number from `value` on, or below it, or exactly this atom?"""

    column: int
    comparison: StepTest
    value: float
    kind: CellKind = CellKind.NUMBER

    def hits(self, columns: EventColumns) -> Hits:
        """In which runs the answer is yes."""
        values, is_kind = columns.values[:, self.column], columns.kinds[:, self.column] == self.kind
        if self.kind in _KINDS:
            return np.asarray(is_kind)
        return np.asarray(is_kind & _COMPARE[self.comparison](values, self.value))


@dataclass(frozen=True, slots=True)
class Witness:
    """Runs whose weighted sum of steps is at least `threshold`; one step with weight 1 is a simple
    question.
    """

    steps: tuple[EventStep, ...]
    weights: tuple[float, ...]
    threshold: float

    def scores(self, columns: EventColumns) -> npt.NDArray[np.float64]:
        """The weighted sums."""
        total = np.zeros(len(columns.values))
        for step, weight in zip(self.steps, self.weights, strict=True):
            total += weight * step.hits(columns)
        return total


@dataclass(frozen=True, slots=True)
class OutcomeSet:
    """Runs whose whole output is one of these, each written by `outcome_keys`."""

    keys: frozenset[bytes]
    width: int


@dataclass(frozen=True, slots=True)
class Event:
    """A set of outputs (or, where `inside` is false, all others) and the input that it should be likelier on.

    `is_forward` says that the first input of the pair is that one.
    """

    source: Witness | OutcomeSet
    inside: bool = True
    is_forward: bool = True

    def hits(self, outputs: Outputs, columns: EventColumns) -> Hits:
        """Which runs are in the event."""
        if isinstance(self.source, Witness):
            found: Hits = self.source.scores(columns) >= self.source.threshold - 1e-9
        else:
            keys = self.source.keys
            found = np.array([key in keys for key in outcome_keys(outputs, self.source.width)], dtype=bool)
        return found if self.inside else ~found


def outcome_keys(outputs: Outputs, width: int) -> list[bytes]:
    """Each whole output as bytes; equal outputs, and only they, have equal bytes."""
    wide = widen(outputs, width)
    values = np.where(np.isnan(wide.values), 0.0, wide.values)
    rows = np.concatenate([values, wide.kinds.astype(np.float64)], axis=1)
    data, size = rows.tobytes(), rows.shape[1] * 8
    return [data[start : start + size] for start in range(0, len(data), size)] if size else [b""] * len(rows)


def read_hits(event: Event, outputs: Outputs, layout: Layout) -> Hits:
    """Which outputs are in an event."""
    return event.hits(outputs, columns_of(outputs, layout))


def describe(event: Event, layout: Layout, texts: Mapping[float, str], share: float) -> str:
    """The event in words, with the share of runs that it holds."""
    percent = f"{100 * share:.3g} %"
    if isinstance(event.source, OutcomeSet):
        return _describe_outcomes(event.source, texts, percent, inside=event.inside)
    if len(event.source.steps) > 1:
        side = "top" if event.inside else "bottom"
        return f"a witness of {len(event.source.steps)} questions in its {side} {percent}"
    step = event.source.steps[0]
    name = layout.names[step.column]
    if step.comparison is StepTest.IS:
        return f"{name} is{'' if event.inside else ' not'} {_cell(step.value, step.kind, texts)}"
    side, sign = _SIDES[step.comparison, event.inside]
    return f"{name} in the {side} {percent} ({sign} {step.value:.6g}{'' if event.inside else ', or none'})"


_SIDES = {
    (StepTest.AT_LEAST, True): ("top", "≥"),
    (StepTest.AT_LEAST, False): ("bottom", "<"),
    (StepTest.BELOW, True): ("bottom", "<"),
    (StepTest.BELOW, False): ("top", "≥"),
}


def _describe_outcomes(source: OutcomeSet, texts: Mapping[float, str], percent: str, *, inside: bool) -> str:
    shown = sorted(_outcome(key, source.width, texts) for key in source.keys)
    listed = ", ".join(shown[:3]) + (f" and {len(shown) - 3} more" if len(shown) > 3 else "")
    return f"the output is {'' if inside else 'not '}{listed} ({percent} of runs)"


def _outcome(key: bytes, width: int, texts: Mapping[float, str]) -> str:
    cells = np.frombuffer(key, dtype=np.float64)
    kinds = [CellKind(int(kind)) for kind in cells[width:]]
    pairs = zip(cells[:width], kinds, strict=True)
    shown = [_cell(float(value), kind, texts) for value, kind in pairs if kind is not CellKind.ABSENT]
    return shown[0] if width == 1 and shown else f"[{', '.join(shown)}]"


def _cell(value: float, kind: CellKind, texts: Mapping[float, str]) -> str:
    match kind:
        case CellKind.TRUTH:
            return str(bool(value))
        case CellKind.TEXT:
            return repr(texts.get(value, f"text {value:.0f}"))
        case CellKind.NUMBER:
            return f"{value:.6g}"
        case _:
            return _KINDS[kind]


def event_data(event: Event) -> dict[str, Any]:
    """An event as JSON holds it."""
    head = {"inside": event.inside, "forward": event.is_forward}
    if isinstance(event.source, OutcomeSet):
        keys = sorted(key.hex() for key in event.source.keys)
        return {**head, "outcomes": keys, "width": event.source.width}
    steps = [
        [
            each.column,
            each.comparison.value,
            None if math.isnan(each.value) else each.value.hex(),
            int(each.kind),
        ]
        for each in event.source.steps
    ]
    weights = [each.hex() for each in event.source.weights]
    return {**head, "steps": steps, "weights": weights, "threshold": event.source.threshold.hex()}


def read_event(data: Mapping[str, Any]) -> Event:
    """The event that `event_data` wrote. Raises KeyError, TypeError or ValueError on anything else."""
    source: Witness | OutcomeSet
    if "outcomes" in data:
        source = OutcomeSet(frozenset(bytes.fromhex(key) for key in data["outcomes"]), int(data["width"]))
    else:
        steps = tuple(
            EventStep(int(column), StepTest(comparison), _number(value), CellKind(kind))
            for column, comparison, value, kind in data["steps"]
        )
        weights = tuple(float.fromhex(each) for each in data["weights"])
        source = Witness(steps, weights, float.fromhex(data["threshold"]))
    return Event(source, _truth(data["inside"]), _truth(data["forward"]))


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("neither true nor false")
    return value


def _number(value: str | None) -> float:
    return math.nan if value is None else float.fromhex(value)
