"""Datasets that a release was made from, and what is promised about them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from gatecli.model.base import Many, Text, Value
from gatecli.model.number import NonNegative, Proportion

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$")]


class Anonymity(Value):
    """The k-anonymity promise of a table; thresholds not given come from the policy's tier."""

    path: Text
    sha256: Sha256 | None = None
    quasi_identifiers: Annotated[Many[Text], Field(min_length=1)]
    sensitive: Many[Text] = ()
    k: Annotated[int, Field(ge=1)] | None = None
    l: Annotated[int, Field(ge=1)] | None = None  # noqa: E741 - the field's standard name
    t: NonNegative | None = None
    max_risk: Proportion | None = None


class Dataset(Value):
    """A dataset by name; `records` counts units of privacy where `unit` is not a record."""

    name: Text
    records: Annotated[int, Field(ge=1)] | None = None
    anonymity: Anonymity | None = None
