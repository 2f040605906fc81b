"""Values as bytes, by which they are compared and known again: never cut, as the words for people are."""

from __future__ import annotations

import json
import pickle  # nosec - written, never read
from collections.abc import Mapping
from typing import Any

from gatecli.errors import UncheckableError


def content_of(value: Any) -> bytes:
    """A value as bytes: equal bytes are equal values of equal types.

    As JSON where that says all, else as Python pickles it. Raises UncheckableError for a value that cannot
    be written so: a function, an open file, a generator.
    """
    try:
        if _is_plain(value):
            return json.dumps(value, sort_keys=True).encode()
        return pickle.dumps(value, protocol=5)
    except Exception as error:  # noqa: BLE001 - pickling runs a stranger's code
        raise UncheckableError(
            f"a value of type {type(value).__name__} cannot be written as bytes: {type(error).__name__}",
            advice="pass numbers, texts, lists, arrays, or objects that pickle can write",
        ) from None


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
