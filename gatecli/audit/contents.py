"""Values as bytes, by which they are compared and known again: never cut, as the words for people are."""

from __future__ import annotations

import io
import json
import pickle  # nosec - written, never read
from collections.abc import Mapping
from types import FunctionType
from typing import Any

from gatecli.errors import UncheckableError


def content_of(value: Any, modules: set[str] | None = None) -> bytes:
    """A value as bytes: equal bytes are equal values of equal types.

    As JSON where that says all, else as Python pickles it. `modules` gets the modules of the functions and
    classes in it, of which pickle writes the name alone. Raises UncheckableError for a value that cannot
    be written so: a function, an open file, a generator.
    """
    try:
        if _is_plain(value):
            return json.dumps(value, sort_keys=True).encode()
        file = io.BytesIO()
        pickler = _ModulePickler(file, protocol=5)
        pickler.dump(value)
    except Exception as error:  # noqa: BLE001 - pickling runs a stranger's code
        raise UncheckableError(
            f"a value of type {type(value).__name__} cannot be written as bytes: {type(error).__name__}",
            advice="pass numbers, texts, lists, arrays, or objects that pickle can write",
        ) from None
    if modules is not None:
        modules |= pickler.modules
    return file.getvalue()


class _ModulePickler(pickle.Pickler):
    """A pickler that keeps the modules of the functions and classes that it writes by their names."""

    def __init__(self, file: io.BytesIO, protocol: int) -> None:
        super().__init__(file, protocol)
        self.modules: set[str] = set()

    def reducer_override(self, value: Any) -> Any:
        """Pickle's own way, after a look."""
        if isinstance(value, FunctionType | type):
            self.modules.add(value.__module__)
        return NotImplemented


def _is_plain(value: Any) -> bool:
    match value:
        case None | bool() | int() | float() | str():
            return type(value) in {type(None), bool, int, float, str}
        case list():
            return type(value) is list and all(map(_is_plain, value))
        case Mapping():
            return (
                type(value) is dict
                and all(type(key) is str for key in value)
                and all(map(_is_plain, value.values()))
            )
        case _:
            return False
