"""The table of what publishes, serves or opens: the shipped rows, and what a policy adds to them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from typing import Any, Literal

from pydantic import TypeAdapter

from gatecli.model.plan_forms import FormKind, PlanForm, ReadArgument
from gatecli.model.policy import TerraformRules

FAMILIES = ("aws", "google", "azure", "lakehouses", "kubernetes", "others")
"""The files of shipped rows: one a family of providers."""

ShortKind = FormKind | Literal["ignore"]

_DIGESTS = ("source_hash", "checksum_sha256", "content_sha256", "source_sha256", "sha256")
GENERIC_READS = (
    ReadArgument(path="source", holds="file", digests=_DIGESTS),
    *(ReadArgument(path=name, holds="text") for name in ("content", "source_content")),
    ReadArgument(path="content_base64", holds="base64"),
    *(ReadArgument(path=name, holds="image") for name in ("image", "image_uri", "containers.image")),
    *(ReadArgument(path=name, holds="address") for name in ("model_data_url", "artifact_uri", "s3_uri")),
)
"""By which arguments a type that only a policy knows may read bytes."""


@dataclass(frozen=True, slots=True)
class FormTable:
    """The shipped rows, a policy's own, and what its short list says of whole types."""

    own: Sequence[PlanForm] = ()
    short: Mapping[str, ShortKind] = field(default_factory=dict)

    def rows_of(self, types: Iterable[str]) -> Mapping[str, Sequence[PlanForm]]:
        """The rows of each of the types; a type without rows is left out."""
        found = {type_: tuple(self._rows(type_)) for type_ in dict.fromkeys(types)}
        return {type_: rows for type_, rows in found.items() if rows}

    def _rows(self, type_: str) -> list[PlanForm]:
        shipped = _shipped_forms_of(type_) if type_ in _shipped_by_type() else ()
        rows = [*shipped, *(row for row in self.own if row.type == type_)]
        rows += [row for row in self.own if row.is_pattern and fnmatchcase(type_, row.type)]
        kind = self.short.get(type_)
        return rows if kind is None else _with_kind(type_, kind, rows)


def table_of(rules: TerraformRules) -> FormTable:
    """The shipped table with the rows of a policy, and what its short list says of whole types."""
    return FormTable(rules.forms, rules.publishers)


def shipped_forms() -> tuple[PlanForm, ...]:
    """The rows that gatecli ships, family by family."""
    return tuple(row for family in FAMILIES for row in rows_of_family(family))


def rows_of_family(family: str) -> tuple[PlanForm, ...]:
    """The shipped rows of one of `FAMILIES`."""
    return _forms_of(_read_family(family))


def _read_family(family: str) -> list[dict[str, Any]]:
    content = (resources.files(__package__) / "forms" / f"{family}.json").read_text("utf-8")
    rows: list[dict[str, Any]] = json.loads(content)
    return rows


@cache
def _shipped_by_type() -> Mapping[str, Sequence[dict[str, Any]]]:
    """The shipped rows as JSON: to make them of all types takes longer than to judge most plans by them."""
    found: dict[str, list[dict[str, Any]]] = {}
    for family in FAMILIES:
        for row in _read_family(family):
            found.setdefault(row["type"], []).append(row)
    return found


@cache
def _shipped_forms_of(type_: str) -> tuple[PlanForm, ...]:
    return _forms_of(_shipped_by_type()[type_])


def _forms_of(rows: Sequence[dict[str, Any]]) -> tuple[PlanForm, ...]:
    return _reader().validate_python(rows, by_alias=True, by_name=False, strict=False)


@cache
def _reader() -> TypeAdapter[tuple[PlanForm, ...]]:
    return TypeAdapter(tuple[PlanForm, ...])


def _with_kind(type_: str, kind: ShortKind, rows: Sequence[PlanForm]) -> list[PlanForm]:
    """The rows of a type of which the short list says what it publishes, whatever its arguments are."""
    others = [row for row in rows if not row.needs_gate]
    if kind == "ignore":
        return others
    known = next((row for row in rows if row.needs_gate and row.reads), None)
    reads = known.reads if known else GENERIC_READS
    return [PlanForm.model_construct(type=type_, holds=kind, reads=reads), *others]
