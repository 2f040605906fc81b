"""Fields of a plan's JSON by type; a field of another type makes it no plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gatecli.sources.files import ReadError
from gatecli.sources.plan.long_lists import LongList
from gatecli.sources.plan.text import SHOW


def malformed_plan(where: str, problem: str, mend: str = "") -> ReadError:
    """The error that the JSON is not a plan; `where` is a pointer of fixed keys and indices alone."""
    at = f"{where or '/'} is " if not problem.startswith("it ") else ""
    return ReadError(f"is not a Terraform plan: {at}{problem}", mend or f"write it again, whole: {SHOW}")


def text(data: Mapping[str, Any], key: str, where: str) -> str:
    """A text that must be there, and not empty."""
    value = data.get(key)
    if not isinstance(value, str) or not value:
        raise malformed_plan(f"{where}/{key}", "not text")
    return value


def optional_text(data: Mapping[str, Any], key: str, where: str) -> str:
    value = data.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise malformed_plan(f"{where}/{key}", "not text")
    return value


def flag(data: Mapping[str, Any], key: str) -> bool | None:
    value = data.get(key)
    if value is not None and not isinstance(value, bool):
        raise malformed_plan(f"/{key}", "neither true nor false")
    return value


def table(data: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
    """An object that may be missing."""
    value = data.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise malformed_plan(f"{where}/{key}", "not an object")
    return value


def items(data: Mapping[str, Any], key: str, where: str) -> Sequence[Mapping[str, Any]]:
    """A list of objects that may be missing; a long one is parsed each time that it is gone through."""
    value = data.get(key)
    if value is None:
        return []
    if isinstance(value, LongList):
        return value
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise malformed_plan(f"{where}/{key}", "not a list of objects")
    return value


def texts(data: Mapping[str, Any], key: str, where: str) -> list[str]:
    """A list of texts that may be missing."""
    value = data.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise malformed_plan(f"{where}/{key}", "not a list of texts")
    return value
