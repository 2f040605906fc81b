"""What of a table is asked about: a lazy plan, as data. Nothing is read until a question is answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from types import MappingProxyType
from typing import Any, TypeAlias

from gatecli.data.expression_kinds import column_kind, kind_of
from gatecli.data.expressions import (
    LARGEST_WHOLE,
    ColumnKind,
    Expression,
    read_expression,
    require_name,
    require_text,
    write_expression,
)
from gatecli.data.numbers import exact_number, python_value
from gatecli.errors import UsageError
from gatecli.model.number import plain

Key: TypeAlias = int | str | bool

MOST_CELLS = 100_000
"""Groups that one question may have."""

FARTHEST_BOUND = 10**100
"""So far from 0 that no square, sum or share of a step of bounds overflows, or is lost, in a double."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Public bounds of a column; values outside are clipped to them."""

    lower: Fraction
    upper: Fraction

    @property
    def middle(self) -> Fraction:
        return (self.lower + self.upper) / 2

    @property
    def half(self) -> Fraction:
        return (self.upper - self.lower) / 2

    @property
    def largest(self) -> Fraction:
        """The largest distance from 0."""
        return max(abs(self.lower), abs(self.upper))


@dataclass(frozen=True, slots=True)
class Filter:
    """Keep the rows for which a condition holds; where it is missing it does not."""

    condition: Expression


@dataclass(frozen=True, slots=True)
class Derivation:
    """A new column, or another in place of one."""

    name: str
    expression: Expression


Step: TypeAlias = Filter | Derivation

_NO_BOUNDS: Mapping[str, Interval] = MappingProxyType({})
_NO_KEYS: Mapping[str, tuple[Key, ...]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class TableView:
    """Columns by what they hold, steps in their order, and what is public about columns.

    `bounds` and `keys` are declared, never found in the data. `groups` are the columns that answers are split
    by: each combination of their keys is answered, whether a row has it or not.
    """

    kinds: Mapping[str, ColumnKind]
    steps: tuple[Step, ...] = ()
    bounds: Mapping[str, Interval] = field(default_factory=lambda: _NO_BOUNDS)
    keys: Mapping[str, tuple[Key, ...]] = field(default_factory=lambda: _NO_KEYS)
    groups: tuple[str, ...] = ()

    @property
    def unknown(self) -> str | None:
        """The column whose keys are to be found: it is grouped by, and has none."""
        return next((name for name in self.groups if not self.keys[name]), None)

    def as_data(self) -> dict[str, Any]:
        """What is asked about, as data; the columns of the table are not part of it."""
        return {
            "steps": [_written_step(step) for step in self.steps],
            "bounds": {name: [plain(each.lower), plain(each.upper)] for name, each in self.bounds.items()},
            "keys": {name: list(self.keys[name]) for name in self.groups},
            "groups": list(self.groups),
        }


def _written_step(step: Step) -> dict[str, Any]:
    match step:
        case Filter(condition):
            return {"filter": write_expression(condition)}
        case Derivation(name, expression):
            return {"derive": name, "as": write_expression(expression)}


def read_view(data: Mapping[str, Any], view: TableView) -> TableView:
    """What was written by `as_data`, of a table with the columns of `view`: judged anew. Raises UsageError.

    Also KeyError, TypeError, ValueError and AttributeError where it is nothing that `as_data` writes.
    """
    for step in data["steps"]:
        if "filter" in step:
            view = filter_rows(view, read_expression(step["filter"]))
        else:
            view = derive_column(view, str(step["derive"]), read_expression(step["as"]))
    groups, keys = list(data["groups"]), dict(data["keys"])
    unknown = [name for name in groups if not keys.get(name, True)]
    known = {name: each for name, each in keys.items() if name not in unknown}
    view = with_keys(with_bounds(view, data["bounds"]), known)
    view = group_by_keys(view, [name for name in groups if name not in unknown])
    for name in unknown:
        view = with_unknown_keys(view, name)
    return view


def filter_rows(view: TableView, condition: Expression) -> TableView:
    """The view of the rows for which a condition holds. Raises UsageError."""
    if kind_of(condition, view.kinds) is not ColumnKind.TRUTH:
        raise UsageError("a filter is not a truth value", advice='compare: column("age") >= 18')
    return replace(view, steps=(*view.steps, Filter(condition)))


def derive_column(view: TableView, name: str, expression: Expression) -> TableView:
    """The view with one more column, which has no bounds and no keys yet. Raises UsageError."""
    require_name(name, "a column", 'write derive({"bmi": …})')
    if name in view.groups:
        raise UsageError(f"{name} is grouped by", advice="derive columns before groupby")
    kind = kind_of(expression, view.kinds)
    return replace(
        view,
        kinds={**view.kinds, name: kind},
        steps=(*view.steps, Derivation(name, expression)),
        bounds={key: each for key, each in view.bounds.items() if key != name},
        keys={key: each for key, each in view.keys.items() if key != name},
    )


def select_columns(view: TableView, names: Iterable[str]) -> TableView:
    """The view of these columns alone. Raises UsageError for one that is not there."""
    kept = {name: require_column(view, name) for name in names}
    if not kept:
        raise UsageError("no column is selected", advice="name one")
    return replace(
        view,
        kinds=kept,
        bounds={name: each for name, each in view.bounds.items() if name in kept},
        keys={name: each for name, each in view.keys.items() if name in kept},
    )


def with_unknown_keys(view: TableView, name: str) -> TableView:
    """The view, grouped by values of a column that nobody declared: its keys are none. Raises UsageError."""
    kind = require_column(view, name)
    if view.groups or kind not in (ColumnKind.TEXT, ColumnKind.NUMBER):
        raise UsageError(
            f"keys of {name} are not looked for: it holds {kind}"
            if not view.groups
            else "the table is grouped",
            advice="look in a column of text or whole numbers, before groupby",
        )
    return replace(view, keys={**view.keys, name: ()}, groups=(name,))


def with_bounds(view: TableView, bounds: Mapping[str, Any]) -> TableView:
    """The view with public bounds of columns, (LOWER, UPPER) each. Raises UsageError."""
    require_mapping(bounds, "bounds", "(LOWER, UPPER)")
    read = {name: _read_interval(view, name, given) for name, given in bounds.items()}
    return replace(view, bounds={**view.bounds, **read})


def with_keys(view: TableView, keys: Mapping[str, Iterable[Key]]) -> TableView:
    """The view with the public values of columns to group by. Raises UsageError."""
    require_mapping(keys, "keys", "[VALUE, …]")
    read = {name: _read_keys(view, name, given) for name, given in keys.items()}
    return replace(view, keys={**view.keys, **read})


def is_mapping(given: object) -> bool:
    """Whether it is, whatever its type says."""
    return isinstance(given, Mapping)


def require_mapping(given: object, name: str, form: str) -> None:
    """Raises UsageError where a keyword that is by column is not."""
    if not is_mapping(given):
        raise UsageError(f"{name} are not given by column", advice=f"write {name}={{COLUMN: {form}}}")


def group_by_keys(view: TableView, names: Iterable[str]) -> TableView:
    """The view, split by the keys of columns. Raises UsageError for a column without public keys."""
    groups = tuple(dict.fromkeys((*view.groups, *names)))
    cells = 1
    for name in groups:
        require_column(view, name)
        if name not in view.keys:
            raise UsageError(
                f"nobody declared the keys of {name}, and which values occur is not public",
                advice=f'declare them: keys={{"{name}": [VALUE, …]}}, or find them: find_keys("{name}", …)',
            )
        cells *= len(view.keys[name])
    if cells > MOST_CELLS:
        raise UsageError(
            f"the keys make {cells} groups, and a question has at most {MOST_CELLS}",
            advice="group by fewer columns, or declare fewer keys",
        )
    return replace(view, groups=groups)


def require_column(view: TableView, name: object) -> ColumnKind:
    """What a column holds. Raises UsageError where there is none of that name."""
    return column_kind(name, view.kinds)


def bounds_of(view: TableView, name: str) -> Interval:
    """The public bounds of a column. Raises UsageError where none were declared."""
    require_column(view, name)
    if name not in view.bounds:
        raise UsageError(
            f"nobody declared bounds of {name}, and the least and the greatest value are not public",
            advice=f'declare them: bounds={{"{name}": (LOWER, UPPER)}}',
        )
    return view.bounds[name]


def _read_interval(view: TableView, name: str, given: Any) -> Interval:
    if require_column(view, name) is not ColumnKind.NUMBER:
        raise UsageError(f"{name} holds {view.kinds[name]}, and bounds are of numbers", advice="leave it out")
    if isinstance(given, str | bytes | Mapping):
        raise _no_interval(name)
    try:
        low, high = given
    except (TypeError, ValueError):
        raise _no_interval(name) from None
    lower, upper = (
        exact_number(low, f"the lower bound of {name}"),
        exact_number(high, f"the upper bound of {name}"),
    )
    if lower >= upper:
        raise UsageError(
            f"the bounds of {name} are the wrong way round, or alike", advice="write (LOWER, UPPER)"
        )
    return _computable(name, Interval(lower, upper))


def _no_interval(name: str) -> UsageError:
    return UsageError(f"the bounds of {name} are not two numbers", advice="write (LOWER, UPPER)")


def _computable(name: str, found: Interval) -> Interval:
    """Bounds that doubles compute with: else values would be told apart by what fails. Raises UsageError."""
    if found.largest > FARTHEST_BOUND:
        raise UsageError(
            f"the bounds of {name} are farther than 1e100 from 0", advice="declare bounds nearer to 0"
        )
    steps = float(found.lower) < float(found.middle) < float(found.upper)
    if not steps or found.half < Fraction(1, FARTHEST_BOUND):
        raise UsageError(
            f"the bounds of {name} are so close that doubles do not tell them apart",
            advice="declare bounds farther apart",
        )
    return found


_PYTHON_TYPES: Mapping[ColumnKind, type] = MappingProxyType(
    {ColumnKind.NUMBER: int, ColumnKind.TEXT: str, ColumnKind.TRUTH: bool}
)


def _read_keys(view: TableView, name: str, given: Iterable[Key]) -> tuple[Key, ...]:
    kind = require_column(view, name)
    if isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable):
        raise UsageError(f"the keys of {name} are not a list", advice=f'write keys={{"{name}": [VALUE, …]}}')
    keys = [python_value(key) for key in given]
    wanted = _PYTHON_TYPES.get(kind)
    if wanted is None or not keys or any(type(key) is not wanted for key in keys):
        named = "text, whole numbers or truth values" if wanted is None else f"{wanted.__name__} values"
        raise UsageError(
            f"the keys of {name}, which holds {kind}, are not {named}",
            advice=f'declare keys={{"{name}": […]}} as the column holds them, or derive a column',
        )
    for key in keys:
        _require_exact_key(name, key)
    return tuple(dict.fromkeys(keys))


def _require_exact_key(name: str, key: Key) -> None:
    """Raises UsageError for a key that the engine would take for another one, or cannot be told."""
    if isinstance(key, str):
        require_text(key, f"a key of {name}")
    elif abs(key) > LARGEST_WHOLE:
        raise UsageError(
            f"a key of {name} is beyond 2**53, where doubles do not tell whole numbers apart",
            advice="declare smaller keys, or group by text",
        )
