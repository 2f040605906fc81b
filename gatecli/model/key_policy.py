"""`kind: KeyPolicy`: who may open an artifact that several centres get, by what they are and what for."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from gatecli.model.base import Many, Metadata, Resource, Text, Value
from gatecli.model.number import BelowOne, NonNegative

MOST_TERMS = 512
DEEPEST_FORMULA = 16
MOST_RECIPIENTS = 1000

Epoch = Annotated[int, Field(ge=1, le=1_000_000)]
Attribute = Annotated[str, Field(max_length=100, pattern=r"^[\w*?%.:@+-]+( [\w*?%.:@+-]+)*$")]

_HIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def require_visible(text: str) -> str:
    """Raises ValueError where a terminal would obey a character, and not show it."""
    if _HIDDEN.search(text):
        raise ValueError("holds a control character or an invisible one")
    return text


KeyPolicyName = Annotated[str, Field(min_length=1, max_length=253), AfterValidator(require_visible)]


class Epochs(Value):
    """The first epoch and the last one; without a last, until further notice."""

    first: Epoch = 1
    last: Epoch | None = None

    @model_validator(mode="after")
    def _require_order(self) -> Epochs:
        if self.last is not None and self.last < self.first:
            raise ValueError("last is before first")
        return self

    def hold(self, epoch: int) -> bool:
        """Whether `epoch` is among them."""
        return self.first <= epoch and (self.last is None or epoch <= self.last)


class Formula(Value):
    """What one recipient must be: attributes, all of them; or `all`, `any` or `atLeast` k of formulas."""

    centre: Attribute | None = None
    role: Attribute | None = None
    purpose: Attribute | None = None
    epochs: Epochs | None = Field(default=None, description="the epochs that the term holds in")
    all: Many[Formula] | None = Field(default=None, min_length=1, max_length=MOST_TERMS)
    any: Many[Formula] | None = Field(default=None, min_length=1, max_length=MOST_TERMS)
    at_least: Annotated[int, Field(ge=1, le=MOST_TERMS)] | None = Field(
        default=None, description="how many of the formulas in `of` must hold, for the same recipient"
    )
    of: Many[Formula] | None = Field(default=None, min_length=1, max_length=MOST_TERMS)

    @model_validator(mode="after")
    def _require_one_form(self) -> Formula:
        attributes = (self.centre, self.role, self.purpose, self.epochs)
        forms = [any_of(attributes), self.all is not None, self.any is not None, self.at_least is not None]
        if forms.count(True) != 1 or (self.at_least is None) != (self.of is None):
            raise ValueError(
                "give one of: attributes (centre, role, purpose, epochs), all, any, atLeast with of"
            )
        return self

    @property
    def branches(self) -> tuple[tuple[str, Formula], ...]:
        """The formulas below this one, each with its pointer from here."""
        lists = (("all", self.all), ("any", self.any), ("of", self.of))
        return tuple(
            (f"/{key}/{number}", branch) for key, held in lists for number, branch in enumerate(held or ())
        )

    @property
    def needed(self) -> int:
        """How many branches must hold."""
        return self.at_least or (1 if self.any is not None else len(self.branches))


def any_of(values: tuple[object, ...]) -> bool:
    return any(value is not None for value in values)


class KeyRecipient(Value):
    """A key, who holds it, and what a centre answers for that the holder is."""

    name: Attribute
    centre: Attribute
    roles: Many[Attribute] = ()
    purposes: Many[Attribute] = ()
    public_key: Annotated[str, Field(min_length=1, max_length=500)] = Field(
        description="an X25519 recipient of age, `age1…` (gatecli keys new)"
    )
    epochs: Epochs = Field(default=Epochs(), description="the epochs that the key is valid in")


class KeyRevocation(Value):
    """A recipient that gets nothing from an epoch on."""

    recipient: Attribute
    epoch: Epoch = Field(description="the first epoch that it gets nothing in")
    reason: Text


class ModelDisclosure(Value):
    """What a decrypted model may tell of the people it was trained on."""

    statement: Text | None = Field(default=None, description="in words")
    epsilon: NonNegative | None = Field(default=None, description="of the claim of the release")
    delta: BelowOne | None = None

    @model_validator(mode="after")
    def _require_a_whole_claim(self) -> ModelDisclosure:
        if (self.epsilon is None) != (self.delta is None):
            raise ValueError("a claim has epsilon and delta; give both or none")
        return self


class KeyPolicySpec(Value):
    epoch: Epoch | None = Field(default=None, description="the epoch that is sealed for now")
    purposes: dict[Attribute, Text] = Field(
        default_factory=dict, description="every purpose that the artifact may serve, each with a sentence"
    )
    access: Formula = Field(description="what a recipient must be")
    recipients: Many[KeyRecipient] = Field(default=(), max_length=MOST_RECIPIENTS)
    revoked: Many[KeyRevocation] | None = Field(
        default=None, max_length=MOST_RECIPIENTS, description="who gets nothing any more; `[]` for nobody"
    )
    disclosure: ModelDisclosure | None = Field(
        default=None, description="what a decrypted model may leak: a statement, the claim (ε, δ), or both"
    )

    @model_validator(mode="after")
    def _require_a_small_formula(self) -> KeyPolicySpec:
        terms = deepest = 0
        for pointer, _ in formulas_of(self.access):
            terms, deepest = terms + 1, max(deepest, pointer.count("/") // 2)
        if terms > MOST_TERMS or deepest > DEEPEST_FORMULA:
            raise ValueError(
                f"access has {terms} terms, {deepest} levels deep; at most {MOST_TERMS} terms and "
                f"{DEEPEST_FORMULA} levels are judged"
            )
        return self


class KeyPolicyMetadata(Metadata):
    """Which KeyPolicy it is: manifests repeat its name, and a rotation stays with it."""

    name: KeyPolicyName


class KeyPolicy(Resource):
    """Who may open an artifact, and until when."""

    kind: Literal["KeyPolicy"]
    metadata: KeyPolicyMetadata
    spec: KeyPolicySpec


def formulas_of(formula: Formula, pointer: str = "") -> Iterator[tuple[str, Formula]]:
    """A formula and all below it, each with its pointer from the first one."""
    yield pointer, formula
    for branch, below in formula.branches:
        yield from formulas_of(below, pointer + branch)


def key_policy_digest(policy: KeyPolicy) -> str:
    """The SHA-256 of what a KeyPolicy says, in canonical JSON: comments, order and format do not count."""
    content = policy.model_dump(mode="json", by_alias=True, exclude_unset=True)
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()
