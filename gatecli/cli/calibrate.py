"""`gatecli release calibrate`: the noise, or the steps, that meets a budget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from gatecli.accounting.account import account, describe
from gatecli.accounting.calibration import Calibration, Unreachable
from gatecli.accounting.calibration import calibrate as search
from gatecli.accounting.interface import Question
from gatecli.accounting.written import calibration_data
from gatecli.cli.numbers import exact
from gatecli.cli.yaml_output import json_text, yaml_lines
from gatecli.errors import UncheckableError, UsageError
from gatecli.frontdoor.console import err, out
from gatecli.frontdoor.options import Listing, ListingFormat, option
from gatecli.gates.concealment import without_values
from gatecli.model.budget import Budget, Neighbouring
from gatecli.model.mechanism import Mechanism
from gatecli.model.number import BelowOne, NonNegative, show, show_up
from gatecli.model.release import ModelRelease, Privacy
from gatecli.model.verdict import ExitCode
from gatecli.sources.declaration import read_declarations
from gatecli.sources.problems import problems_of

TARGET, COMPUTATION = "Target", "Computation"

_EPSILON: TypeAdapter[Fraction] = TypeAdapter(NonNegative)
_DELTA: TypeAdapter[Fraction] = TypeAdapter(BelowOne)


class UnknownQuantity(StrEnum):
    NOISE = "noise"
    STEPS = "steps"


# What is searched for needs a starting value where the declaration's model wants one.
_START = {
    UnknownQuantity.NOISE: {
        "dp-sgd": {"noiseMultiplier": 1},
        "dp-ftrl": {"noiseMultiplier": 1},
        "gaussian": {"noiseMultiplier": 1},
        "discrete-gaussian": {"standardDeviation": 1},
        "laplace": {"scale": 1},
        "discrete-laplace": {"scale": 1},
    },
    UnknownQuantity.STEPS: {"dp-sgd": {"steps": 1}},
}


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be met, and by what."""

    question: Question
    budget: Budget


Epsilon = Annotated[str | None, option("--epsilon", panel=TARGET, metavar="NUMBER", help="The ε to meet.")]
Delta = Annotated[
    str | None, option("--delta", panel=TARGET, metavar="NUMBER", help="The δ to meet; 0 for pure DP.")
]
Relation = Annotated[
    Neighbouring | None,
    option(
        "--neighbouring",
        panel=TARGET,
        help="The neighbouring relation (default: the declaration's, else add-remove).",
    ),
]


def calibrate(
    declaration: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="A declaration; options override what it says.")
    ] = None,
    epsilon: Epsilon = None,
    delta: Delta = None,
    neighbouring: Relation = None,
    solve: Annotated[
        UnknownQuantity,
        option("--solve", panel=COMPUTATION, help="Whether to search for the least noise or the most steps."),
    ] = UnknownQuantity.NOISE,
    mechanism: Annotated[
        list[str] | None,
        option(
            "--mechanism",
            panel=COMPUTATION,
            metavar="KIND[,KEY=VALUE]...",
            help="A mechanism, such as laplace,sensitivity=2; repeatable.",
        ),
    ] = None,
    noise_multiplier: Annotated[
        str | None,
        option(
            "--noise-multiplier",
            panel=COMPUTATION,
            metavar="NUMBER",
            help="DP-SGD: σ divided by the clipping norm.",
        ),
    ] = None,
    sampling_rate: Annotated[
        str | None,
        option(
            "--sampling-rate",
            panel=COMPUTATION,
            metavar="NUMBER",
            help="DP-SGD: batch size divided by dataset size.",
        ),
    ] = None,
    steps: Annotated[
        int | None, option("--steps", panel=COMPUTATION, metavar="N", help="DP-SGD: the number of steps.")
    ] = None,
    output: ListingFormat = Listing.TEXT,
) -> None:
    """Find the least noise (or the most steps) that meets a budget.

    The gate accepts what this prints: both use the same accountants.
    """
    flags = {"noiseMultiplier": noise_multiplier, "samplingRate": sampling_rate, "steps": steps}
    sgd: dict[str, object] = {key: value for key, value in flags.items() if value is not None}
    written = [_keys(text) for text in mechanism or ()] + ([{"kind": "dp-sgd", **sgd}] if sgd else [])
    claim = _claim(declaration) if declaration else Privacy()
    mechanisms = tuple(_mechanism(keys, solve) for keys in written) or claim.mechanisms
    target = _target(claim, mechanisms, epsilon, delta, neighbouring)
    found = search(target.question, target.budget, solve.value, account)
    if isinstance(found, Unreachable):
        err("".join(f"gatecli: {reason}\n" for reason in found.reasons))
        raise typer.Exit(ExitCode.CLOSED)
    out(_RENDER[output](without_values(found)))


def budget_of(epsilon: str, delta: str) -> Budget:
    """The budget that two options name."""
    return Budget(exact(epsilon, "--epsilon", _EPSILON), exact(delta, "--delta", _DELTA))


def _keys(text: str) -> dict[str, object]:
    kind, *pairs = (part.strip() for part in text.split(","))
    split = [pair.partition("=") for pair in pairs]
    if wrong := [name for name, equals, value in split if not equals or not value]:
        raise UsageError(f"--mechanism {text}: {wrong[0]!r} has no value", advice="write KIND,KEY=VALUE,…")
    return {"kind": kind, **{name: int(value) if value.isdecimal() else value for name, _, value in split}}


def _mechanism(keys: dict[str, object], solve: UnknownQuantity) -> Mechanism:
    start = _START[solve].get(str(keys["kind"]), {})
    given = keys if "standardDeviation" in keys else {**start, **keys}
    claim = {"mechanisms": [given]}
    try:
        return Privacy.model_validate(claim, by_alias=True, by_name=False).mechanisms[0]
    except ValidationError as error:
        first = problems_of(error, claim, Privacy)[0]
        raise UsageError(
            f"--mechanism {keys['kind']}: {first.message.removesuffix(' in mechanisms[0]')}",
            advice=first.mend,
        ) from None


def _claim(file: Path) -> Privacy:
    read = read_declarations(file)
    if read.findings:
        first = read.findings[0]
        raise UncheckableError(f"{first.place}: {first.message}", advice=first.remediation)
    releases: list[ModelRelease] = [release for release, _ in read.values]
    if len(releases) != 1:
        raise UsageError(f"{file} holds {len(releases)} releases", advice="name a file that holds one")
    return releases[0].claim or Privacy()


def _target(
    claim: Privacy,
    mechanisms: tuple[Mechanism, ...],
    epsilon: str | None,
    delta: str | None,
    neighbouring: Neighbouring | None,
) -> Target:
    if not mechanisms:
        raise UsageError(
            "there is no mechanism to calibrate", advice="name a declaration, --mechanism or --steps"
        )
    spent = claim.epsilon if epsilon is None else exact(epsilon, "--epsilon", _EPSILON)
    missed = claim.delta if delta is None else exact(delta, "--delta", _DELTA)
    if spent is None or missed is None:
        missing = "--epsilon" if spent is None else "--delta"
        raise UsageError(f"{missing} is missing", advice="a budget has both; δ is 0 for pure DP")
    relation = neighbouring or claim.neighbouring or Neighbouring.ADD_REMOVE
    question = Question(mechanisms, missed, relation, claim.max_contributions or 1)
    return Target(question, Budget(spent, missed))


def _text(found: Calibration) -> str:
    bounds = found.bounds
    cost = "no finite ε" if bounds.upper is None else f"ε ≤ {show_up(bounds.upper)}"
    least = "" if found.tight else " (met, but the search ended before the best value)"
    what = "".join(f"  {describe(each)}\n" for each in found.mechanisms)
    return (
        f"{found.parameter} = {show(found.value)}{least}\n{what}"
        f"  costs {cost} at δ = {show(bounds.delta)} ({bounds.accountant}, {bounds.neighbouring})\n"
    )


def _yaml(found: Calibration) -> str:
    data = calibration_data(found)
    head = "".join(
        f"# {key}: {data[key]}\n" for key in ("parameter", "value", "epsilonUpper", "delta", "accountant")
    )
    mechanisms = data["mechanisms"]
    return head + yaml_lines("mechanisms", mechanisms if isinstance(mechanisms, list) else [])


_RENDER: dict[Listing, Callable[[Calibration], str]] = {
    Listing.TEXT: _text,
    Listing.YAML: _yaml,
    Listing.JSON: lambda found: json_text(calibration_data(found)),
}
