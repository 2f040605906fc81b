"""`gatecli data compare`: what kinds of noise cost in accuracy, and what the engines installed draw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Any

from pydantic import TypeAdapter

from gatecli.cli.calibrate import TARGET, budget_of
from gatecli.cli.numbers import exact
from gatecli.cli.yaml_output import flow, json_text, table, yaml_lines
from gatecli.data.comparison import (
    ComparedQuery,
    NoiseComparison,
    NoiseLaw,
    Utility,
    compare_noise,
    gaussian_wins_from,
)
from gatecli.data.measurement import EngineFigures, Measurement, measure_engines
from gatecli.errors import UsageError
from gatecli.frontdoor.console import out
from gatecli.frontdoor.options import Listing, ListingFormat, option
from gatecli.model.number import Positive, plain, show

QUESTION = "Question"
DRAWS = 10_000
"""Of each engine, in the text."""

_POSITIVE: TypeAdapter[Fraction] = TypeAdapter(Positive)


@dataclass(frozen=True, slots=True)
class _Table:
    asked: NoiseComparison
    utilities: list[Utility]
    measurement: Measurement
    gaussian_from: int | None
    draws: int


def compare(
    epsilon: Annotated[str, option("--epsilon", panel=TARGET, metavar="NUMBER", help="The ε of the query.")],
    delta: Annotated[
        str,
        option("--delta", panel=TARGET, metavar="NUMBER", help="The δ; with 0 only Laplace noise is left."),
    ] = "1e-5",
    query: Annotated[
        ComparedQuery,
        option("--query", panel=QUESTION, help="Rows, rows of disjoint groups, or values within bounds."),
    ] = ComparedQuery.COUNT,
    counts: Annotated[
        int,
        option(
            "--counts",
            panel=QUESTION,
            metavar="N",
            min=1,
            max=10_000,
            help="In how many of these counts, histograms or sums one person is.",
        ),
    ] = 1,
    sensitivity: Annotated[
        str | None,
        option(
            "--sensitivity",
            panel=QUESTION,
            metavar="NUMBER",
            help="Of a sum: the largest distance of the bounds from 0 (1).",
        ),
    ] = None,
    draws: Annotated[
        int | None,
        option(
            "--draws",
            panel=QUESTION,
            metavar="N",
            min=0,
            max=10**6,
            help=f"How often each engine draws; 0 measures nothing (text: {DRAWS:,}, else 0).",
        ),
    ] = None,
    output: ListingFormat = Listing.TEXT,
) -> None:
    """Compare kinds of noise at one budget, by exact formulas and by what is drawn here.

    Measured figures differ from run to run, so that JSON and YAML hold them with --draws alone.
    """
    if sensitivity is not None and query is not ComparedQuery.SUM:
        raise UsageError("--sensitivity is of sums", advice="one person changes a count by 1; leave it out")
    most = exact(sensitivity or "1", "--sensitivity", _POSITIVE)
    asked = NoiseComparison(query, budget_of(epsilon, delta), counts, most)
    if asked.budget.epsilon == 0:
        raise UsageError("--epsilon is 0, which no finite noise meets", advice="give an epsilon above 0")
    often = (DRAWS if output is Listing.TEXT else 0) if draws is None else draws
    utilities = compare_noise(asked)
    measurement = measure_engines(asked, utilities, often)
    out(_RENDER[output](_Table(asked, utilities, measurement, gaussian_wins_from(asked), often)))


def _text(found: _Table) -> str:
    rows = [row for utility in found.utilities for row in _rows(found, utility)]
    asked, most = found.asked, show(found.asked.sensitivity)
    budget = f"ε = {show(asked.budget.epsilon)}, δ = {show(asked.budget.delta)}"
    lines = [
        f"{budget}; one person is in {_numbers(asked, asked.counts)}, and changes each by at most {most}"
    ]
    if found.draws:
        lines.append(f"drawn {found.draws:,} times each")
    if found.gaussian_from is not None:
        first = _numbers(asked, found.gaussian_from)
        lines.append(f"Gaussian noise errs less than Laplace noise from {first} a person on")
    lines.extend(f"refused: {sentence}" for sentence in dict.fromkeys(found.measurement.refused))
    if found.measurement.absent:
        lines.append(f"not installed: {', '.join(found.measurement.absent)}")
    return table(rows) + "".join(f"{line}\n" for line in lines)


def _rows(found: _Table, utility: Utility) -> list[dict[str, str]]:
    """A line of the text; one more for each further engine that draws this noise."""
    drawn: list[EngineFigures | None] = [*_figures_of(found, utility)] or [None]
    exact_part = {
        "noise": utility.law.value,
        "parameter": f"{utility.symbol} = {_show(utility.parameter, utility.law is NoiseLaw.BINOMIAL)}",
        "mean error": _show(utility.mean_error),
        "95 %": f"±{_show(utility.interval, _is_whole(found.asked, utility))}",
    }
    return [
        (exact_part if place == 0 else dict.fromkeys(exact_part, "")) | _engine_cells(each, found.asked)
        for place, each in enumerate(drawn)
    ]


def _engine_cells(each: EngineFigures | None, asked: NoiseComparison) -> dict[str, str]:
    if each is None or not each.draws:
        return {
            "drawn by": "-" if each is None else each.engine,
            "error": "-",
            "drawn 95 %": "-",
            "µs a query": "-",
        }
    return {
        "drawn by": each.engine,
        "error": _show(each.mean_error),
        "drawn 95 %": f"±{_show(each.interval, asked.is_whole)}",
        "µs a query": _show(each.microseconds),
    }


def _figures_of(found: _Table, utility: Utility) -> list[EngineFigures]:
    return [each for each in found.measurement.drawn if each.law is utility.law]


def _numbers(asked: NoiseComparison, count: int) -> str:
    return f"{count} {asked.query}" + ("" if count == 1 else "s")


def _is_whole(asked: NoiseComparison, utility: Utility) -> bool:
    """Whether the noise is a whole number."""
    return asked.is_whole and utility.law not in (NoiseLaw.LAPLACE, NoiseLaw.GAUSSIAN)


def _show(number: float, is_whole: bool = False) -> str:
    return f"{number:.0f}" if is_whole else three_digits(number)


def three_digits(number: float) -> str:
    """Three significant digits without an exponent: 1.00, 9.41, 29.8, 100, 1230."""
    text = f"{number:#.3g}"
    return f"{float(text):.0f}" if "e+" in text else text.rstrip(".")


def _data(found: _Table) -> dict[str, Any]:
    asked = found.asked
    return {
        "query": asked.query.value,
        "epsilon": plain(asked.budget.epsilon),
        "delta": plain(asked.budget.delta),
        "counts": asked.counts,
        "sensitivity": plain(asked.sensitivity),
        "gaussianFrom": found.gaussian_from,
        "noises": [_noise_data(found, each) for each in found.utilities],
    }


_PARAMETERS = {"b": "scale", "σ": "standardDeviation", "n": "trials"}


def _noise_data(found: _Table, utility: Utility) -> dict[str, Any]:
    return {
        "noise": utility.law.value,
        _PARAMETERS[utility.symbol]: _six_digits(utility.parameter),
        "meanAbsoluteError": _six_digits(utility.mean_error),
        "interval95": _six_digits(utility.interval),
        "drawnBy": [_engine_data(each) for each in _figures_of(found, utility)],
    }


def _engine_data(each: EngineFigures) -> dict[str, Any]:
    measured = {
        "draws": each.draws,
        "meanAbsoluteError": _six_digits(each.mean_error),
        "interval95": _six_digits(each.interval),
        "microseconds": _six_digits(each.microseconds),
    }
    return {"engine": each.engine} | (measured if each.draws else {})


def _six_digits(number: float) -> int | float:
    """What every machine computes alike; whole where it is."""
    near = float(f"{number:.6g}")
    return int(near) if near.is_integer() else near


def _yaml(found: _Table) -> str:
    data = _data(found)
    noises = data.pop("noises")
    return "".join(f"{key}: {flow(value)}\n" for key, value in data.items()) + yaml_lines("noises", noises)


_RENDER: dict[Listing, Callable[[_Table], str]] = {
    Listing.TEXT: _text,
    Listing.YAML: _yaml,
    Listing.JSON: lambda found: json_text(_data(found)),
}
