"""A cursor over a definition: each part with its pointer, as far as its value is known before the start.

Forms differ in how they write a value that is known later; a `ValueDialect` says how. What it does not know
is `HOLE`, alone or inside a text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from gatecli.model.document import pointer_of
from gatecli.model.job_definition import HOLE, MOUNT, VALUE, JobCount, JobFlag, JobText, JobWords

ABSENT = object()
"""What a dialect gives for a value that counts as not written."""


@dataclass(frozen=True, slots=True)
class ValueDialect:
    """How a form writes what is known later.

    Each of `resolvers` gives a value as far as it is known. A key that ends in `later` holds an expression.
    """

    resolvers: tuple[Callable[[Any], Any], ...] = ()
    later: str = ""

    def resolve(self, value: Any) -> Any:
        for each in self.resolvers:
            value = each(value)
        return value

    def within(self, outer: ValueDialect) -> ValueDialect:
        """This dialect in a document that itself is of another."""
        return ValueDialect((*outer.resolvers, *self.resolvers), self.later)


PLAIN = ValueDialect()


@dataclass(frozen=True, slots=True)
class JobPart:
    """A value in a document, resolved, and its pointer."""

    value: Any = field(repr=False)
    pointer: str
    dialect: ValueDialect = PLAIN

    @classmethod
    def of(cls, value: Any, pointer: str, dialect: ValueDialect = PLAIN) -> JobPart:
        return cls(dialect.resolve(value), pointer, dialect)

    @property
    def is_unknown(self) -> bool:
        """Whether nothing of it is known."""
        return bool(self.value == HOLE)

    def member(self, name: str) -> JobPart | None:
        """The value of a key; None where it is not written. A part that is unknown may hold any."""
        if self.is_unknown:
            return JobPart(HOLE, self.pointer, self.dialect)
        if not isinstance(self.value, dict):
            return None
        if self.dialect.later and f"{name}{self.dialect.later}" in self.value:
            return JobPart(HOLE, self._below(f"{name}{self.dialect.later}"), self.dialect)
        if name not in self.value:
            return None
        return self._present(self.value[name], name)

    def below(self, *names: str) -> JobPart | None:
        """The value at a path of keys."""
        part: JobPart | None = self
        for name in names:
            part = None if part is None else part.member(name)
        return part

    def members(self) -> Iterator[tuple[str, JobPart]]:
        """Every key, as it is meant, and its value; none of a part that is no block of keys."""
        later = self.dialect.later
        for key, value in self.value.items() if isinstance(self.value, dict) else ():
            if later and key.endswith(later):
                yield key.removesuffix(later), JobPart(HOLE, self._below(key), self.dialect)
            elif (part := self._present(value, key)) is not None:
                yield key, part

    def items(self) -> Iterator[JobPart]:
        """The items of a list; none of a part that is no list."""
        for number, value in enumerate(self.value if isinstance(self.value, list) else ()):
            part = self._present(value, number)
            if part is not None:
                yield part

    def text(self) -> JobText | None:
        """The text that it is, also one that is not known; None for anything else."""
        return JobText(plain_text(self.value), self.pointer) if isinstance(self.value, str) else None

    def scalar(self) -> JobText | None:
        """The text that it is, or that a number or a switch becomes where a text is wanted."""
        value = self.value
        if isinstance(value, bool):
            return JobText(str(value).lower(), self.pointer)
        return JobText(str(value), self.pointer) if isinstance(value, int | Decimal) else self.text()

    def flag(self) -> JobFlag | None:
        """The switch that it is; CloudFormation takes the words for one too."""
        value = self.value
        if isinstance(value, bool):
            return JobFlag(value, self.pointer)
        if isinstance(value, str):
            return JobFlag({"true": True, "false": False}.get(value.lower()), self.pointer)
        return None

    def count(self) -> JobCount:
        """The whole number that it is."""
        value = self.value
        if isinstance(value, str) and value.isdecimal() and len(value) < 10:
            value = int(value)
        is_number = isinstance(value, int) and not isinstance(value, bool)
        return JobCount(value if is_number else None, self.pointer)

    def words(self) -> JobWords:
        """The list of texts that it is; whatever is none of it makes the list not whole."""
        texts = [item.scalar() for item in self.items()]
        known = tuple(text for text in texts if text is not None)
        is_whole = isinstance(self.value, list) and len(known) == len(self.value)
        return JobWords(known, self.pointer, is_whole)

    def _present(self, value: Any, key: str | int) -> JobPart | None:
        part = JobPart.of(value, self._below(key), self.dialect)
        return None if part.value is ABSENT else part

    def _below(self, key: str | int) -> str:
        return self.pointer + pointer_of((key,))


def plain_text(text: str) -> str:
    """A text of a definition: characters that stand for something here are not known in it."""
    return text.replace(MOUNT, HOLE).replace(VALUE, HOLE)


def text_of(part: JobPart | None) -> JobText | None:
    """The text of a part that may not be there."""
    return None if part is None else part.text()


def name_of(part: JobPart | None, otherwise: str) -> str:
    """The name that a part says, where all of it is known."""
    text = text_of(part)
    return text.text if text is not None and text.text and text.is_known else otherwise
