"""What every document of `apiVersion: gatecli.dev/v1` shares: strict, frozen, camelCase."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, Strict
from pydantic.alias_generators import to_camel

API_VERSION = "gatecli.dev/v1"

Item = TypeVar("Item")

# Strictness refuses lists where a tuple is meant and text where an enum is: all a file can hold.
LENIENT = Strict(strict=False)
Many = Annotated[tuple[Item, ...], LENIENT]
Text = Annotated[str, Field(min_length=1)]


class Value(BaseModel):
    """A frozen value; unknown keys are errors, nothing is coerced.

    Python code uses field names, files use the camelCase aliases (`from_file`).
    """

    model_config = ConfigDict(
        frozen=True,
        defer_build=True,  # a start pays only for the documents it reads
        extra="forbid",
        strict=True,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
    )

    @classmethod
    def from_file(cls, data: object) -> Self:
        """Validate what a file holds: aliases only. Raises `pydantic.ValidationError`."""
        return cls.model_validate(data, by_alias=True, by_name=False)


class Metadata(Value):
    """Who a document is about."""

    name: Text
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)


class Resource(Value):
    """The head of every document; `kind` is narrowed by each subclass."""

    api_version: Literal["gatecli.dev/v1"]
    kind: str


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a document as it stands in a file."""
    schema = model.model_json_schema(by_alias=True, mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema
