"""What the engines that are installed draw, measured beside the exact figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from time import perf_counter
from types import MappingProxyType

from gatecli.data.comparison import NoiseComparison, NoiseLaw, Utility
from gatecli.data.engines.catalogue import ENGINES
from gatecli.data.engines.interface import NoiseEngine
from gatecli.errors import ConfigurationError, MissingExtraError
from gatecli.model.mechanism import DiscreteGaussian, DiscreteLaplace, Mechanism

TIMED = 50
"""Queries whose median duration is said."""

_LAPLACE_LAWS: Mapping[str, NoiseLaw] = MappingProxyType({"pydp": NoiseLaw.ROUNDED_LAPLACE})
"""Where it is not discrete Laplace noise."""


@dataclass(frozen=True, slots=True)
class EngineFigures:
    """What an engine drew: errors in the unit of the answer, and the time of the noise on one query.

    Where `draws` is 0 nothing was drawn, and the errors are 0.
    """

    law: NoiseLaw
    engine: str
    draws: int = 0
    mean_error: float = 0.0
    interval: float = 0.0
    microseconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Measurement:
    """What was drawn, what an engine refuses (its sentence), and which engines are not installed."""

    drawn: tuple[EngineFigures, ...]
    refused: tuple[str, ...]
    absent: tuple[str, ...]


def measure_engines(
    asked: NoiseComparison,
    utilities: Sequence[Utility],
    draws: int,
    engines: Mapping[str, Callable[[], NoiseEngine]] = ENGINES,
) -> Measurement:
    """Let each engine that is installed draw what it can; with 0 draws, say what it could."""
    by_law = {each.law: each for each in utilities}
    drawn: list[EngineFigures] = []
    refused: list[str] = []
    absent: list[str] = []
    for name, make in engines.items():
        try:
            engine = make()
        except MissingExtraError:
            absent.append(name)
            continue
        laws = (_LAPLACE_LAWS.get(name, NoiseLaw.DISCRETE_LAPLACE), NoiseLaw.DISCRETE_GAUSSIAN)
        for utility in filter(None, map(by_law.get, laws)):
            try:
                engine.require_drawable(_mechanism(utility))
            except ConfigurationError as error:
                refused.append(error.message)
                continue
            drawn.append(_measure(engine, utility, asked, draws))
    return Measurement(tuple(drawn), tuple(refused), tuple(absent))


def _mechanism(utility: Utility) -> Mechanism:
    if utility.law is NoiseLaw.DISCRETE_GAUSSIAN:
        return DiscreteGaussian(standard_deviation=utility.width)
    return DiscreteLaplace(scale=utility.width)


def _measure(engine: NoiseEngine, utility: Utility, asked: NoiseComparison, draws: int) -> EngineFigures:
    add = engine.add_gaussian if utility.law is NoiseLaw.DISCRETE_GAUSSIAN else engine.add_laplace
    named = f"{engine.name} {engine.version}"
    if draws == 0:
        return EngineFigures(utility.law, named)
    errors = sorted(abs(each) * asked.step for each in add([0] * draws, utility.width))
    durations = []
    for _ in range(TIMED):
        start = perf_counter()
        add([0] * asked.counts, utility.width)
        durations.append(perf_counter() - start)
    within = errors[min(draws - 1, draws * 95 // 100)]
    return EngineFigures(utility.law, named, draws, fmean(errors), within, median(durations) * 1e6)
