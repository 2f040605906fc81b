"""The values of the engine: entities as data, what a validator answers, what a detection says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal

THRESHOLD = 0.5
"""A score from which a match is reported."""


class Strength(IntEnum):
    """How much a match proves by itself; the stronger wins where two overlap."""

    SHAPE = 1
    """A written form, no check digit."""
    CHECKED = 2
    """A check digit, or a form nothing else has."""
    STRUCTURED = 3
    """Check digits and structure (date, region, country) together."""


@dataclass(frozen=True, slots=True)
class ValidityEvidence:
    """A validator's yes: what was verified, in words; `score` replaces the pattern's where given."""

    words: str
    score: float | None = None


Validator = Callable[[str], "ValidityEvidence | None"]
"""The matched text in, None where it is no such number. Never raises for a value it dislikes."""


def unknown(_value: str) -> bool:
    """No value of the entity is a published test value."""
    return False


@dataclass(frozen=True, slots=True)
class EntityPattern:
    """One written form: a linear-time regular expression, and the score it earns when valid.

    0.5 and above is reported without any context; below, a context word must raise it.
    """

    name: str
    regex: str
    score: float
    engine: Literal["re", "re2", "regex"] = "re"
    """What runs it: RE2, in linear time whatever it is, where it comes from a policy; `regex` where presidio
    ships it."""
    anchor: str = ""
    """A character of every match, where it is rarer than how a match begins: it is sought first."""
    before: int = 0
    """Characters of a match before its anchor, at most."""
    after: int = 0
    """Characters of a match behind it, at most."""
    refuse: Callable[[str, int, int], bool] | None = None
    """Whether what stands around [start, end) of a text makes it something else."""
    doubt: Callable[[str, int, int], bool] | None = None
    """Whether it is rather something else where no word tells what it is."""
    names: tuple[str, ...] = ()
    """Where given, only these context words raise it, and only as the name of the value."""


@dataclass(frozen=True, slots=True)
class Cue:
    """What every match of every pattern of an entity contains: a necessary condition, no boundaries.

    `regex` is the condition. `hints` are literals of which it implies one, in a coded text that is
    quicker to search (`gatecli.pii.cue_encoding`); without hints the expression itself is searched.
    """

    regex: str
    hints: tuple[bytes, ...] = ()
    coding: Coding = "classes"


Coding = Literal["classes", "squeezed", "runs"]


@dataclass(frozen=True, slots=True)
class Entity:
    """A kind of personal data, as data.

    The prefilter looks for its `cue` and nothing else. `context` words raise a score,
    `negative_context` words lower it, both as whole words of key paths and of the text before and
    after. `label` names it in a message ("holds a {label}").
    """

    id: str
    label: str
    pack: str
    patterns: tuple[EntityPattern, ...]
    cue: Cue
    context: tuple[str, ...] = ()
    negative_context: tuple[str, ...] = ()
    validate: Validator | None = None
    well_known: Callable[[str], bool] = unknown
    strength: Strength = Strength.CHECKED
    source: str = ""
    default: bool = True

    @property
    def rule(self) -> str:
        """The id of the rule that reports it."""
        return rule_id(self.id)


def rule_id(entity: str) -> str:
    """`CN_RESIDENT_ID` → `pii-cn-resident-id`."""
    return "pii-" + entity.lower().replace("_", "-")


@dataclass(frozen=True, slots=True)
class Match:
    """A pattern that matched and a validator that agreed; the context is not weighed yet."""

    entity: Entity
    pattern: EntityPattern
    start: int
    end: int
    score: float
    validity: str
    well_known: bool


@dataclass(frozen=True, slots=True)
class Detection:
    """Personal data at [start, end) of the text that was given; the value itself is not kept.

    `steps` is how it was decoded, `key` the JSON pointer inside the decoded text where there is one.
    `explanation` says which recognizer, form, check and context led to the score.
    """

    entity: Entity
    start: int
    end: int
    score: float
    validity: str
    well_known: bool = False
    steps: tuple[str, ...] = ()
    explanation: tuple[str, ...] = ()
    normalised: str = field(default="", repr=False)

    @property
    def rule(self) -> str:
        return self.entity.rule

    @property
    def path(self) -> str:
        """How the value was reached, for a message: `base64 → json /user/id`."""
        return " → ".join(self.steps)


NameFinder = Callable[[str], Iterator[Detection]]
"""The personal names in a text."""

PERSON_NAME = Entity(
    id="PERSON_NAME",
    label="personal name",
    pack="names",
    patterns=(),
    cue=Cue("(?!)"),
    default=False,
    source="the labels PERSON and PER of the spaCy model that was named",
)
"""Names have no form: a language model finds them (`gatecli.pii.names`)."""
