"""Options in groups: a command's parameter that is a dataclass stands for its fields, one option each."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import partial
from inspect import Parameter
from typing import Any, get_type_hints

Command = Callable[..., None]


def spread(command: Command) -> Command:
    """`command` with each group replaced by its fields, as typer reads a signature.

    A field's annotation is its option (`Annotated[…, option(…)]`), its default the option's.
    """
    given = inspect.signature(command, eval_str=True).parameters.values()
    groups: dict[str, Any] = {each.name: each.annotation for each in given if is_dataclass(each.annotation)}
    flat = [own for each in given for own in _own(each)]

    def with_groups(**values: Any) -> None:
        grouped = {
            name: group(**{field.name: values.pop(field.name) for field in fields(group)})
            for name, group in groups.items()
        }
        command(**grouped, **values)

    with_groups.__name__, with_groups.__doc__ = command.__name__, command.__doc__
    with_groups.__signature__ = inspect.Signature(flat)  # type: ignore[attr-defined]  # inspect.signature reads it
    with_groups.__annotations__ = {each.name: each.annotation for each in flat}
    return with_groups


def _own(parameter: Parameter) -> Iterator[Parameter]:
    """The parameter itself, by keyword alone; or those of its group."""
    named = partial(Parameter, kind=Parameter.KEYWORD_ONLY)
    if not is_dataclass(parameter.annotation):
        yield named(parameter.name, default=parameter.default, annotation=parameter.annotation)
        return
    hints = get_type_hints(parameter.annotation, include_extras=True)
    for field in fields(parameter.annotation):
        yield named(field.name, default=_default(field), annotation=hints[field.name])


def _default(field: Field[Any]) -> Any:
    return Parameter.empty if field.default is MISSING else field.default
