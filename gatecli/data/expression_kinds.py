"""What an expression gives, by what the columns hold; one that makes no sense is refused here."""

from __future__ import annotations

from collections.abc import Mapping

from gatecli.data.expressions import (
    LONGEST,
    OPERATORS,
    ColumnKind,
    ColumnReference,
    Constant,
    ConstantValue,
    Expression,
    RowOperation,
    is_long,
)
from gatecli.errors import UsageError


def kind_of(expression: Expression, kinds: Mapping[str, ColumnKind]) -> ColumnKind:
    """What an expression's values are, by what the columns hold. Raises UsageError for a senseless one."""
    if is_long(expression):
        raise UsageError(f"an expression has more than {LONGEST} parts", advice="make a shorter one")
    return _kind(expression, kinds)


def column_kind(name: object, kinds: Mapping[str, ColumnKind]) -> ColumnKind:
    """What a column holds. Raises UsageError where there is none of that name."""
    if not isinstance(name, str) or name not in kinds:
        raise UsageError(f"there is no column {name!r}", advice="the table's columns are in its .columns")
    return kinds[name]


def _kind(expression: Expression, kinds: Mapping[str, ColumnKind]) -> ColumnKind:
    match expression:
        case ColumnReference(name):
            return column_kind(name, kinds)
        case ConstantValue(value):
            return _kind_of_constant(value)
        case RowOperation(operator, operands):
            found = [_kind(each, kinds) for each in operands]
            return _judge_operation(operator, operands, found)
    raise TypeError


def _kind_of_constant(value: Constant) -> ColumnKind:
    if isinstance(value, bool):
        return ColumnKind.TRUTH
    return ColumnKind.TEXT if isinstance(value, str) else ColumnKind.NUMBER


def _judge_operation(word: str, operands: tuple[Expression, ...], found: list[ColumnKind]) -> ColumnKind:
    operator = OPERATORS[word]
    wrong = (
        (operator.operands or max(2, len(found))) != len(found)
        or (operator.takes is not None and any(kind is not operator.takes for kind in found))
        or (operator.takes is None and len(set(found)) > 1)
        or (operator.constants and not all(isinstance(each, ConstantValue) for each in operands[1:]))
    )
    if wrong:
        taken = "values that are alike" if operator.takes is None else f"{operator.takes} on each side"
        raise UsageError(
            f"{word} takes {taken}{', a constant after the first' if operator.constants else ''}; "
            f"here it is given {' and '.join(found)}",
            advice="see what a column holds: .columns",
        )
    constants = [each.value for each in operands if isinstance(each, ConstantValue)]
    if word in ("/", "//") and constants == [0]:
        raise UsageError("an expression divides by zero", advice="divide by another constant")
    if word == "clip" and float(constants[-2]) >= float(constants[-1]):
        raise UsageError("the lower bound of clip is not below the upper one", advice="exchange them")
    return operator.gives
