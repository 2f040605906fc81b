"""`gatecli release allocate`: one budget, split over the steps that share it."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter

from gatecli.accounting.account import account
from gatecli.accounting.allocation import Allocation, QueryStep
from gatecli.accounting.allocation import allocate as split
from gatecli.accounting.calibration import Unreachable
from gatecli.accounting.written import allocation_data
from gatecli.cli.calibrate import TARGET, budget_of
from gatecli.cli.numbers import exact
from gatecli.cli.yaml_output import json_text, table, yaml_lines
from gatecli.errors import UsageError
from gatecli.frontdoor.console import err, out
from gatecli.frontdoor.options import Listing, ListingFormat, option
from gatecli.gates.concealment import without_values
from gatecli.model.budget import Neighbouring
from gatecli.model.mechanism import MAX_COUNT
from gatecli.model.number import Positive
from gatecli.model.verdict import ExitCode

SPLIT = "Split"

_POSITIVE: TypeAdapter[Fraction] = TypeAdapter(Positive)


class Method(StrEnum):
    WEIGHTS = "weights"
    SENSITIVITY = "sensitivity"
    VARIANCE = "variance"


class Noise(StrEnum):
    LAPLACE = "laplace"
    DISCRETE_LAPLACE = "discrete-laplace"
    GAUSSIAN = "gaussian"
    DISCRETE_GAUSSIAN = "discrete-gaussian"


def allocate(
    steps: Annotated[
        list[str],
        typer.Argument(
            metavar="STEP",
            help="NAME[:KEY=VALUE[,…]] with the keys weight, sensitivity, count (each defaults to 1).",
        ),
    ],
    epsilon: Annotated[str, option("--epsilon", panel=TARGET, metavar="NUMBER", help="The total ε.")],
    delta: Annotated[
        str, option("--delta", panel=TARGET, metavar="NUMBER", help="The total δ; 0 for pure DP.")
    ] = "0",
    neighbouring: Annotated[
        Neighbouring, option("--neighbouring", panel=TARGET, help="The neighbouring relation.")
    ] = Neighbouring.ADD_REMOVE,
    by: Annotated[
        Method,
        option(
            "--by",
            panel=SPLIT,
            help="Shares by weights, equal noise by sensitivity, or the least total variance.",
        ),
    ] = Method.WEIGHTS,
    mechanism: Annotated[
        Noise, option("--noise", panel=SPLIT, help="The noise of every step.")
    ] = Noise.LAPLACE,
    output: ListingFormat = Listing.TEXT,
) -> None:
    """Split a budget over steps; prints a table, and YAML to paste."""
    rows = tuple(_step(text, mechanism) for text in steps)
    found = split(budget_of(epsilon, delta), rows, by.value, account, neighbouring=neighbouring)
    if isinstance(found, Unreachable):
        err("".join(f"gatecli: {reason}\n" for reason in found.reasons))
        raise typer.Exit(ExitCode.CLOSED)
    out(_RENDER[output](without_values(found)))


def _step(text: str, noise: Noise) -> QueryStep:
    name, _, keys = text.partition(":")
    given = dict.fromkeys(("weight", "sensitivity", "count"), "1")
    for pair in filter(None, keys.split(",")):
        key, _, value = pair.partition("=")
        if key not in given:
            raise UsageError(
                f"step {text}: there is no key {key!r}", advice=f"the keys are {', '.join(given)}"
            )
        given[key] = value
    if not name:
        raise UsageError(f"step {text!r} has no name", advice="write NAME:weight=2")
    count = given["count"]
    if not count.isdecimal() or not 1 <= int(count) <= MAX_COUNT:
        raise UsageError(f"step {text}: count is a whole number, at least 1", advice="write count=3")
    sensitivity = exact(given["sensitivity"], f"step {text}, sensitivity", _POSITIVE)
    return QueryStep(
        name, noise.value, sensitivity, exact(given["weight"], f"step {text}, weight", _POSITIVE), int(count)
    )


def _lists(data: dict[str, object]) -> tuple[Any, Any]:
    return data["steps"], data["mechanisms"]


def _text(found: Allocation) -> str:
    data = allocation_data(found)
    steps, mechanisms = _lists(data)
    cost = f"together ε ≤ {data['epsilonUpper']} at δ = {data['delta']}"
    how = f"{data['accountant']}, {data['neighbouring']}; split under {found.composition} composition"
    return f"{table(steps)}\n{cost} ({how})\n\n{yaml_lines('mechanisms', mechanisms)}"


def _yaml(found: Allocation) -> str:
    return yaml_lines("mechanisms", _lists(allocation_data(found))[1])


_RENDER: dict[Listing, Callable[[Allocation], str]] = {
    Listing.TEXT: _text,
    Listing.YAML: _yaml,
    Listing.JSON: lambda found: json_text(allocation_data(found)),
}
