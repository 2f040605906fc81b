"""What may be computed of a row: numbers, comparisons and truth values, as data.

    column("age") >= 18
    (column("weight") / 80).clip(0, 3)

An expression looks at one row, and never at a second one. It has a value for every row or is missing there:
nothing in it can fail for some values, since an error would tell about them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from gatecli.data.numbers import flat_values, python_value
from gatecli.errors import UsageError

Constant: TypeAlias = int | float | str | bool


class ColumnKind(StrEnum):
    """What the values of an expression are."""

    NUMBER = "a number"
    TEXT = "text"
    TRUTH = "a truth value"
    DATE = "a date"


class Expression:
    """A value of each row. Operators make new ones; nothing is computed."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]  # == makes an expression, so none can be a key

    def __add__(self, other: Expression | Constant) -> Expression:
        return _operation("+", self, other)

    def __radd__(self, other: Constant) -> Expression:
        return _operation("+", other, self)

    def __sub__(self, other: Expression | Constant) -> Expression:
        return _operation("-", self, other)

    def __rsub__(self, other: Constant) -> Expression:
        return _operation("-", other, self)

    def __mul__(self, other: Expression | Constant) -> Expression:
        return _operation("*", self, other)

    def __rmul__(self, other: Constant) -> Expression:
        return _operation("*", other, self)

    def __truediv__(self, other: Constant) -> Expression:
        return _operation("/", self, other)

    def __floordiv__(self, other: Constant) -> Expression:
        return _operation("//", self, other)

    def __eq__(self, other: object) -> Expression:  # type: ignore[override]  # as in pandas
        return _operation("==", self, other)

    def __ne__(self, other: object) -> Expression:  # type: ignore[override]  # as in pandas
        return ~_operation("==", self, other)

    def __lt__(self, other: Expression | Constant) -> Expression:
        return _operation("<", self, other)

    def __le__(self, other: Expression | Constant) -> Expression:
        return _operation("<=", self, other)

    def __gt__(self, other: Expression | Constant) -> Expression:
        return _operation("<", other, self)

    def __ge__(self, other: Expression | Constant) -> Expression:
        return _operation("<=", other, self)

    def __and__(self, other: Expression | Constant) -> Expression:
        return _operation("and", self, other)

    def __rand__(self, other: Constant) -> Expression:
        return _operation("and", other, self)

    def __or__(self, other: Expression | Constant) -> Expression:
        return _operation("or", self, other)

    def __ror__(self, other: Constant) -> Expression:
        return _operation("or", other, self)

    def __invert__(self) -> Expression:
        return _operation("not", self)

    def __abs__(self) -> Expression:
        return _operation("abs", self)

    if not TYPE_CHECKING:  # with any name, it would be of every protocol that operators of Python look for

        def __getattr__(self, name: str) -> NoReturn:
            ours = _OTHER_NAMES.get(name)
            raise AttributeError(f"an expression has no {name}" + (f"; use {ours}" if ours else ""))

    def __repr__(self) -> str:
        return f"<an expression of more than {LONGEST} parts>" if is_long(self) else show_expression(self)

    def __bool__(self) -> bool:
        raise TypeError("an expression has a value for each row; combine with & | ~ and in parentheses")

    def clip(self, lower: float, upper: float) -> Expression:
        """The value, and what is outside of the bounds as the bound."""
        return _operation("clip", self, lower, upper)

    def is_in(self, *values: Constant | Sequence[Constant]) -> Expression:
        """Whether the value is one of these, given one by one or as a list."""
        return _operation("in", self, *flat_values(values))

    def is_missing(self) -> Expression:
        """Whether the row has no value there; NaN is none."""
        return _operation("missing", self)

    def year(self) -> Expression:
        """The year of a date."""
        return _operation("year", self)

    def month(self) -> Expression:
        """The month of a date, 1 to 12."""
        return _operation("month", self)


_OTHER_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "isin": "is_in(…)",
        "isna": "is_missing()",
        "isnull": "is_missing()",
        "notna": "~ and is_missing()",
        "notnull": "~ and is_missing()",
        "between": ">= and <=, joined by &",
        "dt": "year() and month()",
    }
)
"""What pandas calls it, and what it is here."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ColumnReference(Expression):
    """The value of a column."""

    name: str


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ConstantValue(Expression):
    """The same value for every row."""

    value: Constant


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class RowOperation(Expression):
    """An operator, by its word, and what it is of."""

    operator: str
    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class RowOperator:
    """What an operator takes and gives; `compute` makes it of columns of the engine.

    `takes` is the kind of each operand; None where they need only be alike. With `constants` all operands but
    the first are constants.
    """

    takes: ColumnKind | None
    gives: ColumnKind
    operands: int | None
    compute: Callable[..., Any]
    constants: bool = False


def _is_same(one: Any, other: Any) -> Any:
    return one == other


LARGEST_WHOLE = 2.0**53
"""Beyond it doubles do not hold every whole number, and engines that count in integers fail."""


def _whole_part(one: Any, by: float) -> Any:
    """The quotient rounded down; a value for every row, since an error would tell of one."""
    ratio = one / by
    known = ratio.isnan().ifelse(None, ratio)
    return known.clip(-LARGEST_WHOLE, LARGEST_WHOLE).floor().cast("float64")


OPERATORS: Mapping[str, RowOperator] = MappingProxyType(
    {
        "+": RowOperator(ColumnKind.NUMBER, ColumnKind.NUMBER, 2, lambda one, other: one + other),
        "-": RowOperator(ColumnKind.NUMBER, ColumnKind.NUMBER, 2, lambda one, other: one - other),
        "*": RowOperator(ColumnKind.NUMBER, ColumnKind.NUMBER, 2, lambda one, other: one * other),
        "/": RowOperator(
            ColumnKind.NUMBER, ColumnKind.NUMBER, 2, lambda one, by: one * (1 / by), constants=True
        ),
        "//": RowOperator(ColumnKind.NUMBER, ColumnKind.NUMBER, 2, _whole_part, constants=True),
        "abs": RowOperator(ColumnKind.NUMBER, ColumnKind.NUMBER, 1, lambda one: one.abs()),
        "clip": RowOperator(
            ColumnKind.NUMBER,
            ColumnKind.NUMBER,
            3,
            lambda one, low, high: one.clip(low, high),
            constants=True,
        ),
        "==": RowOperator(None, ColumnKind.TRUTH, 2, _is_same),
        "<": RowOperator(ColumnKind.NUMBER, ColumnKind.TRUTH, 2, lambda one, other: one < other),
        "<=": RowOperator(ColumnKind.NUMBER, ColumnKind.TRUTH, 2, lambda one, other: one <= other),
        "and": RowOperator(ColumnKind.TRUTH, ColumnKind.TRUTH, 2, lambda one, other: one & other),
        "or": RowOperator(ColumnKind.TRUTH, ColumnKind.TRUTH, 2, lambda one, other: one | other),
        "not": RowOperator(ColumnKind.TRUTH, ColumnKind.TRUTH, 1, lambda one: ~one),
        "in": RowOperator(
            None, ColumnKind.TRUTH, None, lambda one, *values: one.isin(values), constants=True
        ),
        "missing": RowOperator(None, ColumnKind.TRUTH, 1, lambda one: one.isnull()),
        "year": RowOperator(ColumnKind.DATE, ColumnKind.NUMBER, 1, lambda one: one.year().cast("float64")),
        "month": RowOperator(ColumnKind.DATE, ColumnKind.NUMBER, 1, lambda one: one.month().cast("float64")),
    }
)
"""By the word that stands for it in a file of queries."""

LONGEST = 200
"""Operators in one expression, and values that it is compared with."""


def column(name: str) -> Expression:
    """The value that a row has in a column. Raises UsageError if the name is not a text."""
    return ColumnReference(require_name(name, "a column", 'write column("age")'))


def _operation(operator: str, *operands: object) -> Expression:
    return RowOperation(operator, tuple(map(as_expression, operands)))


def as_expression(value: object) -> Expression:
    """An expression, or a constant as one. Raises UsageError for anything else."""
    match python_value(value):
        case Expression() as expression:
            return expression
        case str() as text:
            return ConstantValue(require_text(text, "an expression"))
        case bool() as truth:
            return ConstantValue(truth)
        case int() | float() as number:
            return ConstantValue(_require_finite(number))
    raise UsageError(
        f"a {type(value).__name__} cannot stand in an expression",
        advice="use columns, finite numbers, text, True and False",
    )


def _require_finite(number: float) -> float:
    """The number, if a double holds it. Raises UsageError."""
    try:
        is_finite = math.isfinite(number)
    except OverflowError:
        is_finite = False
    if not is_finite:
        raise UsageError(
            "an expression holds a number that is not finite, or that no double holds",
            advice="use numbers up to 1e308",
        )
    return number


def require_name(name: object, what: str, advice: str) -> str:
    """The name of something. Raises UsageError for what is no text, and for none."""
    if not isinstance(name, str) or not name:
        raise UsageError(f"a {type(name).__name__} does not name {what}", advice=advice)
    return require_text(name, f"the name of {what}")


def require_text(text: str, where: str) -> str:
    """The text, if engines can be told it: a lone surrogate is no character. Raises UsageError."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{where} holds text that is not Unicode", advice="use whole characters") from None
    return text


_METHODS: Mapping[str, str] = MappingProxyType({"in": "is_in", "missing": "is_missing"})
_SIGNS: Mapping[str, str] = MappingProxyType({"and": "&", "or": "|"})
_CALLED = frozenset({"clip", "in", "missing", "year", "month"})


def show_expression(expression: Expression) -> str:
    """The expression as it is written in Python."""
    match expression:
        case ColumnReference(name):
            return f"column({name!r})"
        case ConstantValue(value):
            return repr(value)
        case RowOperation("not", (operand,)):
            return f"~{show_expression(operand)}"
        case RowOperation("abs", (operand,)):
            return f"abs({show_expression(operand)})"
        case RowOperation(word, operands) if word in _CALLED:
            first, *rest = map(show_expression, operands)
            return f"{first}.{_METHODS.get(word, word)}({', '.join(rest)})"
        case RowOperation(word, operands):
            return f"({f' {_SIGNS.get(word, word)} '.join(map(show_expression, operands))})"
    raise TypeError


def write_expression(expression: Expression) -> Any:
    """The expression as data: `{"column": NAME}`, a constant, or `{OPERATOR: [OPERANDS]}`."""
    match expression:
        case ColumnReference(name):
            return {"column": name}
        case ConstantValue(value):
            return value
        case RowOperation(operator, operands):
            return {operator: [write_expression(each) for each in operands]}
    raise TypeError


def read_expression(data: Any) -> Expression:
    """The expression that was written so. Raises UsageError; `kind_of` judges whether it makes sense."""
    match data:
        case {"column": str(name)} if len(data) == 1:
            return ColumnReference(name)
        case dict() if len(data) == 1:
            ((operator, operands),) = data.items()
            if operator in OPERATORS and isinstance(operands, list):
                return RowOperation(operator, tuple(map(read_expression, operands)))
        case bool() | int() | float() | str():
            return as_expression(data)
    raise UsageError("an expression is not written as one", advice="see write_expression")


def is_long(expression: Expression) -> bool:
    """Whether it has more than `LONGEST` parts. Parts that are shared are counted each time, up to there."""
    waiting, found = [expression], 0
    while waiting:
        found += 1
        if found > LONGEST:
            return True
        part = waiting.pop()
        if isinstance(part, RowOperation):
            waiting.extend(part.operands)
    return False


def compute_expression(expression: Expression, columns: Mapping[str, Any]) -> Any:
    """The expression of the engine's columns; numbers are floats there, so that nothing overflows."""
    match expression:
        case ColumnReference(name):
            return columns[name]
        case ConstantValue(value):
            return value if isinstance(value, bool | str) else float(value)
        case RowOperation(operator, operands):
            return OPERATORS[operator].compute(*(compute_expression(each, columns) for each in operands))
    raise TypeError
