"""What a type of resource publishes, serves or opens, and under which arguments: rows of a table.

The shipped table and what a policy adds to it (`spec.terraform.forms`) have this one format.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from gatecli.model.base import Many, Text, Value

FormKind = Literal["dataset", "model", "workload"]
Readers = Literal["everyone", "every-account", "another-organisation", "nobody"]
PUBLIC: frozenset[Readers] = frozenset({"everyone", "every-account"})
"""Anybody may have an account with a cloud: those are everyone, too."""

_TESTS = ("any_of", "none_of", "matches", "present", "opens")


class PolicyOpening(Value):
    """That a document of access rules lets everyone do one of `actions` (empty: anything)."""

    language: Literal["iam", "members"]
    actions: Many[Text] = ()


class ArgumentCondition(Value):
    """What an argument must be. `path` goes through lists and blocks by itself; `*` is every key, `**` any
    number of keys.

    A text that holds JSON is gone into like a block. A path that begins with `/` is one of the resource, not
    of the part that a row is about. `computed` says of a block that the provider fills it where the
    configuration does not. `made_of` judges an unknown value by the types of what it is made of.
    """

    path: str = Field(default="", description="the argument, for example `grant.permission`")
    any_of: Many[Text] | None = Field(default=None, description="one of its values is one of these")
    none_of: Many[Text] | None = Field(default=None, description="none of its values is one of these")
    matches: Text | None = Field(
        default=None, description="a regular expression that is found in one of its values"
    )
    present: bool | None = Field(default=None, description="whether it is set")
    opens: PolicyOpening | None = Field(default=None, description="it is a policy that lets everyone in")
    computed: bool = False
    made_of: Many[Text] = Field(
        default=(), description="types; an unknown value passes the test if it is made of one of them"
    )

    @field_validator("matches")
    @classmethod
    def _check_pattern(cls, pattern: str | None) -> str | None:
        if pattern is not None:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"not a regular expression: {error}") from None
        return pattern

    @property
    def tests(self) -> int:
        """How many tests it holds."""
        return sum(getattr(self, name) is not None for name in _TESTS)


class Neighbour(Value):
    """Another resource of the plan that belongs to this one: their arguments are equal, or refer to the same.

    `joined` is by this resource's argument the other's.
    """

    types: Annotated[Many[Text], Field(min_length=1)]
    joined: dict[str, str]
    when: Many[ArgumentCondition] = ()


class FormCondition(ArgumentCondition):
    """A condition on an argument, or that there is such a neighbour."""

    beside: Neighbour | None = Field(default=None, description="another resource of the plan is like this")

    @model_validator(mode="after")
    def _check_one_test(self) -> FormCondition:
        if self.tests + (self.beside is not None) != 1:
            raise ValueError("a condition has exactly one test")
        return self


class ReadArgument(Value):
    """An argument by which the provider reads the bytes that it publishes.

    `holds` says what stands there: a local `file`, the bytes themselves (`text`, `base64`), the name of an
    `image`, or another `address`. `digests` state the digest of a file. It is not read where one of `unless`
    is set beside it.
    """

    path: Text
    within: str = Field(default="", description="the block that `path`, `digests` and `unless` stand in")
    holds: Literal["file", "text", "base64", "image", "address"]
    digests: Many[Text] = ()
    unless: Many[Text] = ()


class PlanForm(Value):
    """A row. Without `readers` it publishes or serves, which needs a gate; so does what another
    organisation may read. What everyone or every account may read is open. `nobody` takes a resource out
    of every row of its type.

    All of `when` must hold and none of `unless`, for one of the parts at `within`.
    """

    type: Text = Field(description="a resource type; `*` stands for any rest: `awscc_*`")
    holds: FormKind = "dataset"
    readers: Readers | None = None
    within: str = Field(default="", description="the block that all conditions are about, one by one")
    when: Many[FormCondition] = ()
    unless: Many[FormCondition] = ()
    reads: Many[ReadArgument] = ()
    stored_at: Many[Text] = Field(
        default=(), description="the addresses of what it publishes: `s3://{bucket}/{key}`"
    )
    routes: bool = Field(
        default=False, description="it leads to models that other objects hold, and holds none itself"
    )
    guesses: bool = Field(
        default=False, description="it guesses by a name: where that is unknown, it says nothing"
    )
    source: str = Field(default="", description="where the provider documents it")
    verified: bool = Field(
        default=True, description="whether its arguments were checked in the provider's schema"
    )

    @property
    def is_pattern(self) -> bool:
        return "*" in self.type

    @property
    def needs_gate(self) -> bool:
        return self.readers in {None, "another-organisation"}

    @property
    def is_public(self) -> bool:
        return self.readers in PUBLIC
