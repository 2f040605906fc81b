"""`spec.admission` of a policy: what the webhook does with what it finds; no other gate reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from gatecli.model.base import Text, Value

Action = Literal["deny", "mask", "warn", "audit", "ignore"]
Mode = Literal["deny", "warn", "audit", "mask"]
Existing = Literal["warn", "deny"]

Pattern = Annotated[str, Field(pattern=r"^[a-z0-9*?]([a-z0-9*?-]{0,61}[a-z0-9*?])?$")]
"""A namespace, or several by `*` and `?`."""


class NamespaceRules(Value):
    """What holds in some namespaces instead."""

    mode: Mode | None = None
    entities: dict[str, Action] = Field(
        default_factory=dict, description="overrides `pii.entities`, entity by entity"
    )
    exempt: bool = Field(
        default=False, description="whether the namespace is not searched at all; needs a reason"
    )
    reason: Text | None = Field(default=None, description="why it is exempt")

    @model_validator(mode="after")
    def _exempt_for_a_reason(self) -> NamespaceRules:
        if self.exempt and self.reason is None:
            raise ValueError("an exempt namespace needs a reason")
        if self.exempt and (self.mode or self.entities):
            raise ValueError("an exempt namespace has no mode and no entities")
        return self


class AdmissionRules(Value):
    """How the admission webhook answers."""

    mode: Mode = Field(
        default="deny",
        description="`deny`: each entity's own action holds; `mask`: what is not expressly denied is masked; "
        "`warn`, `audit`: nothing is refused",
    )
    namespaces: dict[Pattern, NamespaceRules] = Field(
        default_factory=dict,
        description="by name, or by a pattern with * and ?; a name wins over a pattern, a longer pattern "
        "a shorter one",
    )
    existing: Existing = Field(
        default="warn",
        description="what becomes of a value that was there before: `warn`: an update that adds none is "
        "admitted, and so is what a controller makes of a workload that holds it; `deny`: it is judged as "
        "if it were new",
    )
    grandfather: bool | None = Field(
        default=None,
        exclude=True,
        description="the older name of `existing`: true means `warn`, false means `deny`",
    )
    on_incomplete: Literal["deny", "warn"] = Field(
        default="deny", description="what happens when the search could not be finished"
    )
    secrets: Literal["metadata", "data", "ignore"] = Field(
        default="metadata", description="which part of a Secret is searched; values belong in its data"
    )
    max_findings: Annotated[int, Field(ge=1, le=100)] = Field(
        default=20, description="how many findings an answer lists at most"
    )
    secret_ref: bool = Field(default=False, description="whether masking moves variables to a Secret instead")

    @model_validator(mode="before")
    @classmethod
    def _read_older_name(cls, data: object) -> object:
        """`grandfather` in a file is `existing` from here on, so that policies compose by one key."""
        if not isinstance(data, Mapping) or not isinstance(data.get("grandfather"), bool):
            return data
        meant = "warn" if data["grandfather"] else "deny"
        if data.get("existing", meant) != meant:
            raise ValueError(
                "grandfather is the older name of existing, and they differ; keep existing alone"
            )
        return {**{key: value for key, value in data.items() if key != "grandfather"}, "existing": meant}

    @model_validator(mode="after")
    def _never_off_everywhere(self) -> AdmissionRules:
        if any(rules.exempt and not name.strip("*?") for name, rules in self.namespaces.items()):
            raise ValueError("every namespace would be exempt; mode: audit searches and refuses nothing")
        return self
