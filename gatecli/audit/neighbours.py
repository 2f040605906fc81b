"""Pairs of neighbouring inputs to attack on: small datasets, since a wrong scale shows on small ones first.

The patterns for lists of answers are those of Ding et al., "Detecting violations of differential privacy"
(CCS 2018): one above, one below, all above, half, and their mixtures; here also with the odd one last,
since what stops early may never get to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from gatecli.audit.contents import content_of
from gatecli.audit.json_data import load_json, read_json_file
from gatecli.errors import ConfigurationError, UsageError
from gatecli.model.budget import Neighbouring
from gatecli.model.quoting import quote_text, tells

MOST_PAIRS = 200
_SHOWN = 80
"""Characters of an input in words."""
MOST_VALUES = 100_000
"""Values of a domain."""
_ANSWERS = 5
_MANY_ANSWERS = 10


class Relation(StrEnum):
    """How two inputs may differ."""

    COUNTS = "counts"
    """Lists of counts, as of a histogram: one count differs by 1."""
    ANSWERS = "answers"
    """Lists of answers to queries of sensitivity 1: each may differ by 1."""
    ADD_REMOVE = "add-remove"
    """Lists of records: one has a record more."""
    REPLACE_ONE = "replace-one"
    """Lists of records: one record is another."""


RELATIONS: dict[Relation, Neighbouring] = {
    Relation.COUNTS: Neighbouring.ADD_REMOVE,
    Relation.ANSWERS: Neighbouring.ADD_REMOVE,
    Relation.ADD_REMOVE: Neighbouring.ADD_REMOVE,
    Relation.REPLACE_ONE: Neighbouring.REPLACE_ONE,
}


def relation_of(name: str, *, has_domain: bool) -> Relation:
    """A relation by its name; without one, add-remove where there is a domain, else counts. Raises
    UsageError.
    """
    if not name:
        return Relation.ADD_REMOVE if has_domain else Relation.COUNTS
    if name not in set(Relation):
        raise UsageError(
            f"{name!r} is not a way in which inputs differ", advice=f"name one of {', '.join(Relation)}"
        )
    if has_domain and Relation(name) in {Relation.COUNTS, Relation.ANSWERS}:
        raise UsageError(
            f"neighbours {name} have no domain", advice="records have: add-remove or replace-one"
        )
    return Relation(name)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two neighbouring inputs."""

    first: Any
    second: Any
    number: int = field(default=0, compare=False)
    """Which one it is of a user's own pairs; 0 for one that was made here."""

    def words(self) -> tuple[str, str]:
        """Both, as a person would write them; of long ones, the part where they begin to differ, and of own
        ones only what can tell nothing of a person.
        """
        first, second = _flat(self.first), _flat(self.second)
        if self.number and (tells(first) or tells(second)):
            return f"first input of pair {self.number}", f"second input of pair {self.number}"
        if max(len(first), len(second)) <= _SHOWN:
            return first, second
        both = enumerate(zip(first, second, strict=False))
        differ = next((at for at, (one, other) in both if one != other), min(len(first), len(second)))
        start = max(0, differ - _SHOWN // 2)
        return _window(first, start), _window(second, start)

    def contents(self) -> tuple[bytes, bytes]:
        """Both as bytes, whole. Raises UncheckableError for a value that has none."""
        return content_of(self.first), content_of(self.second)


def make_pairs(relation: Relation, domain: Sequence[Any] = ()) -> tuple[Pair, ...]:
    """The pairs that are tried. Raises UsageError where records are compared and no domain says what they
    are.
    """
    if relation in {Relation.ADD_REMOVE, Relation.REPLACE_ONE}:
        least = 1 if relation is Relation.ADD_REMOVE else 2
        if len(domain) < least:
            raise UsageError(
                f"{relation} needs a domain of at least {least} values",
                advice="write for example --domain 0..9",
            )
        found = _add_records(domain) if relation is Relation.ADD_REMOVE else _replace_records(domain)
    else:
        found = _counts() if relation is Relation.COUNTS else _answers()
    return tuple({each.contents(): each for each in found}.values())


def _counts() -> Iterator[Pair]:
    yield Pair([0], [1])
    yield Pair([5], [6])
    yield Pair([0] * _ANSWERS, [1] + [0] * (_ANSWERS - 1))
    yield Pair([1] * _ANSWERS, [2] + [1] * (_ANSWERS - 1))
    yield Pair([1] * _ANSWERS, [0] + [1] * (_ANSWERS - 1))
    yield Pair([1] * (_ANSWERS - 1) + [5], [1] * (_ANSWERS - 1) + [6])
    yield Pair([10, 0, 0, 0, 0], [10, 0, 0, 0, 1])


def _answers() -> Iterator[Pair]:
    for size in (_ANSWERS, _MANY_ANSWERS):
        half = size // 2
        yield Pair([1] * size, [2] + [1] * (size - 1))
        yield Pair([1] * size, [0] + [1] * (size - 1))
        yield Pair([1] * size, [2] + [0] * (size - 1))
        yield Pair([1] * size, [0] + [2] * (size - 1))
        yield Pair([1] * size, [0] * (size - 1) + [2])
        yield Pair([1] * size, [2] * (size - 1) + [0])
        yield Pair([1] * size, [2] * half + [0] * (size - half))
        yield Pair([1] * size, [2] * size)
        yield Pair([1] * half + [0] * (size - half), [0] * half + [1] * (size - half))
    yield Pair([1], [2])


def _add_records(domain: Sequence[Any]) -> Iterator[Pair]:
    low, high, middle = domain[0], domain[-1], domain[len(domain) // 2]
    for base in ([], [low], [high], [middle] * 3, [low] * 5, [low, high], list(domain[:10])):
        for value in (low, high, middle):
            yield Pair(list(base), [*base, value])


def _replace_records(domain: Sequence[Any]) -> Iterator[Pair]:
    low, high, middle = domain[0], domain[-1], domain[len(domain) // 2]
    for rest in ([], [low], [high], [middle] * 3, [low] * 5, list(domain[:10])):
        for old, new in ((low, high), (low, middle), (middle, high)):
            yield Pair([*rest, old], [*rest, new])


def read_domain(text: str) -> tuple[Any, ...]:
    """`0..9` (whole numbers, both ends), a JSON list, or values between commas. Raises UsageError on
    anything else.
    """
    try:
        values = _read_domain(text)
    except ValueError:
        raise UsageError(
            f"--domain {quote_text(text)}: not a domain", advice="write 0..9, a,b,c or a JSON list"
        ) from None
    if not values:
        raise UsageError(f"--domain {quote_text(text)}: it is empty", advice="write for example 0..9")
    return check_domain(values)


def _read_domain(text: str) -> Sequence[Any]:
    low, dots, high = text.partition("..")
    if dots:
        return range(_end(low), _end(high) + 1)
    if text.lstrip().startswith("["):
        return list(load_json(text))
    return [_value(part.strip()) for part in text.split(",") if part.strip()]


def _end(text: str) -> int:
    number = int(text)
    if abs(number) >= 2**53:
        raise ValueError("beyond the whole numbers that are told apart")
    return number


def check_domain(values: Sequence[Any]) -> tuple[Any, ...]:
    """The values of a domain. Raises UsageError where they are too many."""
    if len(values) > MOST_VALUES:
        raise UsageError(
            f"a domain of more than {MOST_VALUES:,} values",
            advice="name the least, the largest and a few between",
        )
    return tuple(values)


def _value(text: str) -> Any:
    try:
        return load_json(text)
    except ValueError:
        return text


def read_pairs(file: Path) -> tuple[Pair, ...]:
    """A JSON list of pairs: [[input, neighbour], …]. Raises ConfigurationError on anything else."""
    advice = "write a JSON list of pairs: [[[1, 2], [1, 2, 3]], …]"
    try:
        found = read_json_file(file)
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}", advice=advice) from None
    except ValueError as error:
        raise ConfigurationError(f"{file} {error}", advice=advice) from None
    if not isinstance(found, list) or not found:
        raise ConfigurationError(f"{file} is not a list of pairs of inputs", advice=advice)
    return own_pairs(found)


def own_pairs(given: Sequence[Sequence[Any]]) -> tuple[Pair, ...]:
    """The user's pairs. Raises ConfigurationError where an item is not a pair, and as `check_pairs` does."""
    if not isinstance(given, list | tuple):
        raise ConfigurationError("pairs are not a list of pairs", advice="write [(dataset, neighbour), …]")
    for number, each in enumerate(given, 1):
        if not isinstance(each, list | tuple) or len(each) != 2:
            raise ConfigurationError(f"pair {number} is not two inputs", advice="write (dataset, neighbour)")
    return check_pairs([Pair(first, second, number) for number, (first, second) in enumerate(given, 1)])


def check_pairs(pairs: Sequence[Pair]) -> tuple[Pair, ...]:
    """The pairs. Raises ConfigurationError where there are none, too many, or one of two equal inputs."""
    if not pairs or len(pairs) > MOST_PAIRS:
        raise ConfigurationError(f"{len(pairs)} pairs of inputs; between 1 and {MOST_PAIRS} can be tried")
    if same := [number for number, each in enumerate(pairs, 1) if len(set(each.contents())) == 1]:
        raise ConfigurationError(
            f"pair {same[0]} has the same input twice",
            advice="neighbours differ in one unit, and nothing is learnt from equal ones",
        )
    return tuple(pairs)


def _flat(value: Any) -> str:
    return str(value).replace("\n", " ")


def _window(text: str, start: int) -> str:
    shown = text[start : start + _SHOWN - 2]
    return f"{'…' if start else ''}{shown}{'…' if start + len(shown) < len(text) else ''}"
