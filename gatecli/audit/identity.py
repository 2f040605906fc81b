"""What a mechanism is, so that a test of it can go on another day.

Its code, all that this imports, and the values that the function carries: defaults, what it closes over,
the arguments of a partial call, the object of a method. Not seen are values that are put into a module while
the program runs, files that are read, and services.
"""

from __future__ import annotations

import functools
import hashlib
import marshal  # nosec - written, never read
from collections.abc import Iterator
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from gatecli.audit.contents import content_of
from gatecli.audit.imports import imported_code
from gatecli.errors import UncheckableError

_NO_REFERENCES = 2
"""The version of marshal whose bytes do not depend on who else refers to a constant."""


def identity_of(mechanism: Any, module: str = "") -> str:
    """The SHA-256 of what a mechanism is, and of the module that it was named in. Raises UncheckableError
    where it carries a value that cannot be written as bytes.
    """
    try:
        parts, modules = _Carried(module).of(mechanism)
    except RecursionError:
        raise UncheckableError(
            "the mechanism carries values that are nested too deeply", advice="name it as MODULE:FUNCTION"
        ) from None
    whole = hashlib.sha256()
    for part in (*parts, *_code(modules)):
        whole.update(len(part).to_bytes(8) + part)
    return whole.hexdigest()


class _Carried:
    """A walk through functions and what they carry; each function is visited once."""

    def __init__(self, module: str) -> None:
        self._seen: set[int] = set()
        self._modules = {module}

    def of(self, mechanism: Any) -> tuple[list[bytes], list[str]]:
        parts = list(self._walk(mechanism))
        return parts, sorted(self._modules - {""})

    def _walk(self, value: Any) -> Iterator[bytes]:
        match value:
            case FunctionType():
                yield _code_content(value.__code__)
                if id(value) not in self._seen:
                    self._seen.add(id(value))
                    yield from self._function(value)
            case MethodType():
                yield from self._walk(value.__self__)
                yield from self._walk(value.__func__)
            case functools.partial():
                for part in (value.func, *value.args, *sorted(value.keywords.items())):
                    yield from self._walk(part)
            case ModuleType():
                self._modules.add(value.__name__)
                yield value.__name__.encode()
            case type():
                self._modules.add(value.__module__)
                yield from self._object(value)  # one that is made in a function cannot be known again
            case tuple() | list():
                for part in value:
                    yield from self._walk(part)
                yield f"{type(value).__name__} of {len(value)}".encode()
            case _:
                yield from self._object(value)

    def _function(self, function: FunctionType) -> Iterator[bytes]:
        self._modules.add(function.__module__ or "")
        yield f"{function.__module__}:{function.__qualname__}:{function.__code__.co_firstlineno}".encode()
        cells = [each.cell_contents for each in function.__closure__ or () if _is_filled(each)]
        named = sorted((function.__kwdefaults__ or {}).items())
        wrapped = getattr(function, "__wrapped__", None)
        for part in (*cells, *(function.__defaults__ or ()), *named, wrapped):
            yield from self._walk(part)

    def _object(self, value: Any) -> Iterator[bytes]:
        self._modules.add(type(value).__module__)
        try:
            yield content_of(value, self._modules)
        except UncheckableError as error:
            raise UncheckableError(
                f"{error.message}: the mechanism carries it, and would not be known again",
                advice="name it as MODULE:FUNCTION, or keep no state for it",
            ) from None


def _code_content(code: CodeType) -> bytes:
    """Code as bytes: two functions of one line differ in it. The folder of its file is not part of it."""
    return marshal.dumps(_without_file(code), _NO_REFERENCES)


def _without_file(code: CodeType) -> CodeType:
    parts = (_without_file(each) if isinstance(each, CodeType) else each for each in code.co_consts)
    return code.replace(co_filename="", co_consts=tuple(parts))


def _is_filled(cell: Any) -> bool:
    try:
        _ = cell.cell_contents
    except ValueError:
        return False
    return True


def _code(modules: list[str]) -> Iterator[bytes]:
    found = imported_code(modules)
    # By their contents: the same project may lie in another folder.
    yield from sorted(hashlib.sha256(each).digest() for each in found.files.values())
    yield from (f"{name} {number}".encode() for name, number in sorted(found.versions.items()))
