"""What the two processes say to each other: one JSON object a line, and nothing that is code."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cache
from typing import IO, Any

from pydantic import TypeAdapter

from gatecli.data.answers import Answer
from gatecli.data.refusals import BudgetUsedUpError, RefusedError
from gatecli.data.respondent import Spent
from gatecli.errors import (
    ConfigurationError,
    GatecliError,
    MissingExtraError,
    NothingToCheckError,
    UncheckableError,
    UsageError,
)

_ERRORS: Mapping[str, type[GatecliError]] = {
    each.__name__: each
    for each in (
        ConfigurationError,
        MissingExtraError,
        NothingToCheckError,
        RefusedError,
        UncheckableError,
        UsageError,
    )
}


def write_message(stream: IO[str], message: Mapping[str, Any]) -> None:
    """Send one message. Raises OSError."""
    stream.write(json.dumps(message, ensure_ascii=True, allow_nan=False) + "\n")
    stream.flush()


def read_message(stream: IO[str]) -> dict[str, Any] | None:
    """The next message; None at the end. Raises ValueError, OSError."""
    line = stream.readline()
    if not line.endswith("\n"):
        return None
    found: dict[str, Any] = json.loads(line)
    return found


def error_data(error: GatecliError) -> dict[str, Any]:
    """An error as data; its text was written by us, and holds no value."""
    if isinstance(error, BudgetUsedUpError):
        return {"dataset": error.dataset, "left": str(error.left), "needs_delta": error.needs_delta}
    return {"class": type(error).__name__, "message": error.message, "advice": error.advice}


def read_error(data: Mapping[str, Any]) -> GatecliError:
    """The error that was written so."""
    if "left" in data:
        return BudgetUsedUpError(data["dataset"], Fraction(data["left"]), needs_delta=data["needs_delta"])
    return _ERRORS.get(data["class"], UncheckableError)(data["message"], advice=data["advice"])


@cache
def _answer_adapter() -> TypeAdapter[list[Answer]]:
    return TypeAdapter(list[Answer])


@cache
def _spent_adapter() -> TypeAdapter[Spent]:
    return TypeAdapter(Spent)


def answers_data(answers: Sequence[Answer]) -> Any:
    """Answers as data."""
    return _answer_adapter().dump_python(list(answers), mode="json")


def read_answers(data: Any) -> list[Answer]:
    """The answers that were written so."""
    return _answer_adapter().validate_python(data)


def spent_data(spent: Spent) -> Any:
    """How a budget stands, as data."""
    return _spent_adapter().dump_python(spent, mode="json")


def read_spent(data: Any) -> Spent:
    """The standing that was written so."""
    return _spent_adapter().validate_python(data)
