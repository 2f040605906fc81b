"""Events that could refute a claim, proposed on some of the training samples and measured on the others."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gatecli.audit.events import EventStep, Hits, OutcomeSet, StepTest, Witness, outcome_keys
from gatecli.audit.features import EventColumns, Layout, columns_of
from gatecli.audit.outputs import CellKind, Outputs, join

_LEVELS = (0.002, 0.005, 0.01, 0.02, 0.05, *(0.1 * tenth for tenth in range(1, 10)), 0.95, 0.98, 0.99, 0.995)
_ATOMS = 12
"""Atoms of one column that are asked about."""
_QUESTIONS = 64
"""Steps in a witness at most."""
_RIDGE = 0.01
_MOST_OUTCOMES = 2000
_CUTS = 40
_PROPOSING = 5000
"""Runs of each input that events are proposed on: more of them would not propose better ones."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Outputs on the first and on the second input of a pair."""

    first: Outputs
    second: Outputs

    def split(self) -> tuple[Samples, Samples]:
        """The first runs, to propose events on, and all others, to measure them on."""
        at = min(_PROPOSING, self.first.runs // 4)
        cuts = (slice(at), slice(at, None))
        parts = [Samples(_part(self.first, cut), _part(self.second, cut)) for cut in cuts]
        return parts[0], parts[1]

    def together(self) -> Outputs:
        """Both together."""
        return join([self.first, self.second])


@dataclass(frozen=True, slots=True)
class Family:
    """Sources of events of one kind, each with its hits among the runs of the two inputs."""

    sources: tuple[Witness | OutcomeSet, ...]
    first: npt.NDArray[np.float64]
    second: npt.NDArray[np.float64]


def _part(outputs: Outputs, runs: slice) -> Outputs:
    return Outputs(outputs.values[runs], outputs.kinds[runs], outputs.is_flat, outputs.texts)


def propose(training: Samples, measuring: Samples, layout: Layout) -> list[Family]:
    """The families of events: single steps, a linear witness on them, and sets of whole outcomes."""
    pool = columns_of(training.together(), layout)
    steps = [step for column in range(pool.values.shape[1]) for step in _steps(pool, column)]
    seen = [columns_of(each, layout) for each in (training.first, training.second)]
    told = [columns_of(each, layout) for each in (measuring.first, measuring.second)]
    families = []
    if steps:
        families.append(_single(steps, told))
        families.append(_witnesses(steps, seen, told))
    if not layout.is_lattice and (outcomes := _outcomes(training, measuring)):
        families.append(outcomes)
    return families


def _steps(columns: EventColumns, column: int) -> Iterator[EventStep]:
    values, kinds = columns.values[:, column], columns.kinds[:, column]
    least = max(2, len(values) // 500)
    for kind in (CellKind.ABSENT, CellKind.NONE, CellKind.NAN):
        if 0 < (kinds == kind).sum() < len(values):
            yield EventStep(column, StepTest.IS, math.nan, kind)
    for kind in (CellKind.TRUTH, CellKind.TEXT, CellKind.NUMBER):
        yield from (
            EventStep(column, StepTest.IS, each, kind) for each in _atoms(values[kinds == kind], least)
        )
    numbers = values[kinds == CellKind.NUMBER]
    if not numbers.size:
        return
    thresholds = _thresholds(numbers, least)
    yield from (EventStep(column, StepTest.AT_LEAST, each) for each in thresholds)
    if numbers.size < values.size:  # else it is the complement of the one above
        yield from (EventStep(column, StepTest.BELOW, each) for each in thresholds)


def _atoms(values: npt.NDArray[np.float64], least: int) -> list[float]:
    found, times = np.unique(values, return_counts=True)
    order = np.argsort(-times, kind="stable")[:_ATOMS]
    return [float(found[index]) for index in order if times[index] >= least]


def _thresholds(numbers: npt.NDArray[np.float64], least: int) -> list[float]:
    atoms = _atoms(numbers, least)
    fresh = numbers[~np.isin(numbers, atoms)]
    levels = np.quantile(fresh, _LEVELS, method="higher") if fresh.size else np.array([])
    return sorted({*atoms, *(float(each) for each in levels)} - {float(numbers.min())})


def _single(steps: list[EventStep], told: list[EventColumns]) -> Family:
    hits = [np.array([step.hits(each).sum() for step in steps], dtype=np.float64) for each in told]
    return Family(tuple(Witness((step,), (1.0,), 1.0) for step in steps), hits[0], hits[1])


def _matrix(steps: list[EventStep], columns: EventColumns) -> Hits:
    return np.stack([step.hits(columns) for step in steps], axis=1)


def _witnesses(steps: list[EventStep], seen: list[EventColumns], told: list[EventColumns]) -> Family:
    """A least-squares witness with a ridge: which input a run was on, from the answers to the steps."""
    first, second = (_matrix(steps, each).astype(np.float64) for each in seen)
    gap = np.abs(first.mean(axis=0) - second.mean(axis=0))
    spread = np.concatenate([first, second]).std(axis=0) + 1e-3
    kept = np.sort(np.argsort(-gap / spread, kind="stable")[:_QUESTIONS])
    answers = np.concatenate([first[:, kept], second[:, kept]])
    centred = answers - answers.mean(axis=0)
    target = np.repeat([1.0, -1.0], [len(first), len(second)])
    square = centred.T @ centred / len(centred) + _RIDGE * np.eye(len(kept))
    weights = np.round(np.linalg.solve(square, centred.T @ target / len(centred)), 6)
    witness = Witness(tuple(steps[index] for index in kept), tuple(float(each) for each in weights), 0.0)
    levels = np.unique(np.quantile(answers @ weights, _LEVELS, method="higher"))
    scores = [np.sort(witness.scores(each)) for each in told]
    hits = [len(each) - np.searchsorted(each, levels - 1e-9).astype(np.float64) for each in scores]
    sources = tuple(Witness(witness.steps, witness.weights, float(level)) for level in levels)
    return Family(sources, hits[0], hits[1])


def _outcomes(training: Samples, measuring: Samples) -> Family | None:
    """Unions of whole outcomes, in the order of their likelihood ratio; None where outputs do not come
    back.
    """
    width = max(part.width for part in (training.first, training.second))
    counts = [Counter(outcome_keys(part, width)) for part in (training.first, training.second)]
    known = sorted(counts[0] | counts[1])
    runs = training.first.runs + training.second.runs
    if len(known) > min(_MOST_OUTCOMES, runs // 4):
        return None
    # Half a draw each: an outcome that was seen once on one input proves nothing.
    ratios = [(counts[0][key] + 0.5) / (counts[1][key] + 0.5) for key in known]
    ranking = [known[index] for index in np.argsort(-np.array(ratios), kind="stable")]
    cuts = sorted({max(1, round(len(ranking) * cut / _CUTS)) for cut in range(1, _CUTS)} - {len(ranking)})
    if not cuts:
        return None
    hits = [_cumulate(ranking, Counter(outcome_keys(part, width)), cuts) for part in _both(measuring)]
    return Family(tuple(OutcomeSet(frozenset(ranking[:cut]), width) for cut in cuts), hits[0], hits[1])


def _both(samples: Samples) -> tuple[Outputs, Outputs]:
    return samples.first, samples.second


def _cumulate(ranking: list[bytes], counts: Counter[bytes], cuts: list[int]) -> npt.NDArray[np.float64]:
    sums = np.cumsum([float(counts[key]) for key in ranking])
    return np.asarray(sums[np.array(cuts) - 1])
