"""`gatecli.check_table`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypeVar

from pydantic import TypeAdapter, ValidationError

from gatecli.checks.tables.column_entities import classifier
from gatecli.errors import UsageError
from gatecli.gates.anonymity import AnonymityRequest, check_tables
from gatecli.gates.table_task import MeasurementOptions, task_for
from gatecli.library.calls import File, Verdict, begin, end, tier_thresholds
from gatecli.model.anonymity import AnonymityQuestion, Missing, Scale, Thresholds, ValueCode, ValueFormat
from gatecli.model.finding import Severity
from gatecli.model.number import NonNegative
from gatecli.model.policy import PrivacyPolicy
from gatecli.model.thresholds import strictest

Number: TypeAlias = int | float | str | Decimal | Fraction
"""A threshold. A float stands for the decimal number that it is written as: 0.3 is 3/10."""

Choice = TypeVar("Choice", bound=StrEnum)

_NUMBER: TypeAdapter[Fraction] = TypeAdapter(NonNegative)


def check_table(
    source: File,
    *,
    quasi_identifiers: Sequence[str],
    k: int | None = None,
    sensitive: Sequence[str] = (),
    l: int | None = None,  # noqa: E741 - the field's standard name
    t: Number | None = None,
    entropy_l: Number | None = None,
    alpha: Number | None = None,
    beta: Number | None = None,
    max_risk: Number | None = None,
    tier: str | None = None,
    unit: str | None = None,
    trajectory: bool = False,
    known: int | None = None,
    household: str | None = None,
    weights: str | None = None,
    scales: Mapping[str, Literal["numeric", "categorical"]] | None = None,
    formats: Mapping[str, str] | None = None,
    missing_codes: Sequence[str] = (),
    suppressed_codes: Sequence[str] = (),
    missing: Literal["own-value", "wildcard", "refuse"] | None = None,
    policy: PrivacyPolicy | File | None = None,
    waivers: Sequence[File] = (),
    today: date | None = None,
    fail_on: Severity = Severity.ERROR,
    baseline: File | None = None,
    policy_from: str | None = None,
) -> Verdict:
    """Check that a table is as anonymous as is demanded: `gatecli anonymity check`.

    `source` is a file (CSV, Parquet, Excel, JSON lines, …), a folder or pattern of Parquet files, or a
    database's URL. `quasi_identifiers` are the columns that others may know of a person, `sensitive` those
    that nobody may learn. `unit` is the column that names the person a row is about: k then counts persons.

    With `trajectory`, others may know all rows of a person, with `known` any so many; `household` is the
    column that says which rows belong together. `weights` is the column of the sampling weights: risks are
    then those of a sample, and k is not. `scales` says how far apart the values of a sensitive
    column are, `formats` how its text is written (`day-first`, `decimal-comma`, …). `missing_codes` and
    `suppressed_codes` are values, or `COLUMN=VALUE`, that stand for a missing or a suppressed one.

    `k` is the least number of rows (or persons) in an equivalence class, `l` the fewest distinct sensitive
    values in one, `entropy_l` the least e^H; `t` is the greatest distance (0 … 1) between the sensitive
    values of a class and of the table; `alpha` the largest share of one value, `beta` the greatest basic
    β-likeness, `max_risk` the highest risk of a row (1 ÷ k, or what the weights give). `tier` names a tier of
    the policy, whose thresholds hold too. At least one threshold must come from here, the tier or the policy.

    The other parameters are those of `check_release`. Raises GatecliError for a table that cannot be opened,
    a column that it does not have, and where nothing is demanded.
    """
    text = os.fspath(source)
    start = Path() if "://" in text else Path(text)
    call = begin(start, policy, waivers, today, fail_on, baseline, policy_from)
    numbers = {"t": t, "entropy_l": entropy_l, "alpha": alpha, "beta": beta, "max_risk": max_risk}
    typed = Thresholds(k=k, l=l, **_exact(numbers))
    question = AnonymityQuestion(
        tuple(quasi_identifiers),
        tuple(sensitive),
        Missing(missing or call.policy.spec.anonymity.missing),
        unit=unit,
        trajectory=trajectory,
        known=_at_least_one(known),
        household=household,
        weights=weights,
        scales=_members(Scale, scales),
        formats=_members(ValueFormat, formats),
        missing_codes=tuple(map(ValueCode.read, missing_codes)),
        suppressed_codes=tuple(map(ValueCode.read, suppressed_codes)),
    )
    task = task_for(text, question, _demands(typed, tier, call.policy))
    return end(
        check_tables(
            AnonymityRequest(call.terms, (task,), wanted=MeasurementOptions(classifier(call.search)))
        )
    )


def _at_least_one(known: int | None) -> int | None:
    if known is not None and known < 1:
        raise UsageError(f"known={known}", advice="at least 1 row of a person is known")
    return known


def _members(kind: type[Choice], names: Mapping[str, str] | None) -> dict[str, Choice]:
    """By column. Raises UsageError for a name that means nothing."""
    for name in (names or {}).values():
        if name not in {each.value for each in kind}:
            raise UsageError(f"{name!r} means nothing here", advice=f"choose among {', '.join(kind)}")
    return {column: kind(name) for column, name in (names or {}).items()}


def _exact(numbers: Mapping[str, Number | None]) -> dict[str, Any]:
    """The numbers that are given, as exact ones. Raises UsageError for one that is negative or not finite."""
    given = {name: number for name, number in numbers.items() if number is not None}
    try:
        return {
            name: _NUMBER.validate_python(str(number) if isinstance(number, float) else number)
            for name, number in given.items()
        }
    except ValidationError as error:
        raise UsageError(f"a threshold is not a number: {error.errors()[0]['msg']}") from None


def _demands(typed: Thresholds, tier: str | None, policy: PrivacyPolicy) -> Thresholds:
    """The strictest of what the call, the tier and the policy demand."""
    demands = strictest([typed, tier_thresholds(tier, policy), policy.spec.anonymity.thresholds])
    if demands == Thresholds():
        raise UsageError("no threshold is given for the table", advice="give k, another threshold, or a tier")
    return demands
