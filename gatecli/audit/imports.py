"""The files that a file of Python imports, found by reading it: nothing is imported for it.

A name that is put together while the program runs is not seen.
"""

from __future__ import annotations

import ast
import importlib.util
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.machinery import ModuleSpec
from importlib.metadata import packages_distributions, version
from pathlib import Path

from gatecli.package import VERSION

_INSTALLED = {"site-packages", "dist-packages"}


@dataclass(frozen=True, slots=True)
class ImportedCode:
    """What a program is made of: the bytes of its own files, and the versions of installed packages."""

    files: Mapping[Path, bytes]
    versions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _ModulePlace:
    """A module's full name, its file, and the package that its relative imports start from."""

    name: str
    file: Path
    package: str


def imported_code(modules: Iterable[str]) -> ImportedCode:
    """The files of modules, and of all that they import, directly or not.

    Of the standard library the version of Python says all; of an installed package, its version.
    """
    files: dict[Path, bytes] = {}
    versions = {"python": sys.version}
    waiting = [each for name in modules for each in _places(name)]
    seen = set(waiting)
    while waiting:
        place = waiting.pop()
        top = place.name.partition(".")[0]
        if top == "gatecli":
            versions[top] = VERSION
        elif _is_installed(place.file):
            versions[top] = ", ".join(version(each) for each in _distributions().get(top, ()))
        elif place.file.is_file() and not _is_standard(place.file):
            files[place.file] = place.file.read_bytes()
            names = _imported_names(files[place.file], place.package)
            found = {each for name in names for each in _places(name)} - seen
            seen |= found
            waiting += found
    return ImportedCode(files, versions)


@cache
def _distributions() -> Mapping[str, list[str]]:
    return packages_distributions()


def _imported_names(source: bytes, package: str) -> Iterator[str]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return  # a compiled file, or one of another Python
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (module := _module_of(node, package)):
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def _module_of(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    try:
        return importlib.util.resolve_name("." * node.level + (node.module or ""), package)
    except ImportError:
        return ""


def _places(name: str) -> Iterator[_ModulePlace]:
    """A module and the packages around it, as far as they are in files: each is run by the import."""
    folders, parts = None, name.split(".")
    for end in range(1, len(parts) + 1):
        whole = ".".join(parts[:end])
        spec = _find(whole, folders)
        if spec is None:
            file = getattr(sys.modules.get(whole), "__file__", None)  # __main__ has no spec
            if file:
                yield _ModulePlace(whole, Path(file), "")
            return
        if spec.has_location and spec.origin:
            yield _ModulePlace(whole, Path(spec.origin), spec.parent or "")
        folders = spec.submodule_search_locations
        if folders is None:
            return


def _find(name: str, folders: list[str] | None) -> ModuleSpec | None:
    loaded: ModuleSpec | None = getattr(sys.modules.get(name), "__spec__", None)
    if loaded is not None:
        return loaded
    finders = (getattr(each, "find_spec", None) for each in sys.meta_path)
    return next((found for finder in finders if finder and (found := finder(name, folders))), None)


def _is_installed(file: Path) -> bool:
    return not _INSTALLED.isdisjoint(file.parts)


def _is_standard(file: Path) -> bool:
    return file.is_relative_to(sysconfig.get_path("stdlib")) or file.is_relative_to(
        sysconfig.get_path("platstdlib")
    )
