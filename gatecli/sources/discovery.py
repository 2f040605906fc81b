"""Which files under some paths are declarations, and which models stand there without one."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import translate
from functools import cache
from pathlib import Path

from gatecli.sources.files import MissingFileError, ReadError, read_bytes, read_start, read_text
from gatecli.sources.toml_text import embedded_release, load
from gatecli.sources.weights import MODELS, companions, is_shipped, is_weights

NAMES = ("privacy.yaml", "privacy.yml", "privacy.json", "privacy.toml", "*.privacy.yaml", "*.privacy.yml")

_SKIPPED = frozenset({"node_modules", "__pycache__", "site-packages", "venv"})
_FENCE = "---"
_PRIVACY = re.compile(r"""^["']?privacy["']?[ \t]*:""", re.MULTILINE)
_MARKS = "\xef\xbb\xbf\xff\xfe"


def find_declarations(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Every declaration, sorted: files that are named, and those found in folders that are named.

    A folder is searched for `privacy.yaml` and its relatives, for Markdown whose front matter has the
    key `privacy`, and for a pyproject.toml with `[tool.gatecli.release]`. Hidden folders, installed
    packages and links to folders are passed over. What cannot be looked into is returned too, so that
    its reader says so.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        for file in filter(is_declaration, _files(path)) if _is_folder(path) else (path,):
            found.setdefault(_absolute(file), file)
    return tuple(sorted(found.values()))


def find_models(
    paths: Iterable[Path], patterns: Sequence[str] = MODELS, declarations: Iterable[Path] | None = None
) -> tuple[str, ...]:
    """Files of model weights in the folders among `paths` that no declaration covers, sorted.

    A declaration covers its folder and all below. `declarations` are found where they are not given.
    """
    places = tuple(paths)
    known = find_declarations(places) if declarations is None else declarations
    files = (file for root in filter(_is_folder, places) for file in _files(root))
    return models_among(files, known, patterns)


def models_among(
    files: Iterable[Path], declarations: Iterable[Path], patterns: Sequence[str] = MODELS
) -> tuple[str, ...]:
    """Those of `files` that hold a model's weights and that none of the declarations covers, sorted."""
    covered = {_absolute(path).parent for path in declarations}
    models = {
        file
        for file in files
        if is_weights(file.name, tuple(patterns)) and covered.isdisjoint(_absolute(file).parents)
    }
    return tuple(file.as_posix() for file in sorted(models))


def find_weights(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Files of weights and of fitted preprocessing under the folders among `paths`, sorted.

    Of a file that is named, those in its folder: what lies beside a declaration ships with it.
    """
    places = tuple(paths)
    files = {file for root in filter(_is_folder, places) for file in _files(root)}
    beside = {place.parent for place in places if not _is_folder(place)}
    files |= {file for folder in beside for file in _in_folder(folder)}
    return weights_in(files)


def weights_in(files: Iterable[Path]) -> tuple[Path, ...]:
    """Those of `files` that hold weights or fitted preprocessing, and what ONNX files keep elsewhere."""
    return tuple(
        sorted({each for file in files if is_shipped(file.name) for each in (file, *companions(file))})
    )


def find_beside(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Declarations in the folders of those that are named, which are not named themselves."""
    named = {_absolute(path) for path in paths if not _is_folder(path)}
    folders = {path.parent for path in paths if not _is_folder(path)}
    found = {file for folder in folders for file in _in_folder(folder) if _absolute(file) not in named}
    return tuple(sorted(filter(is_declaration, found)))


def files_below(paths: Iterable[Path]) -> Iterator[Path]:
    """The files in the folders among `paths` that a search for declarations reaches."""
    return (file for root in filter(_is_folder, paths) for file in _files(root))


def _in_folder(folder: Path) -> Iterator[Path]:
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208 - names alone
    except OSError:
        return  # what cannot be listed is said by the reader of what was named in it
    yield from (folder / name for name in names if not _is_folder(folder / name))


def searched_among(files: Iterable[Path], root: Path) -> Iterator[Path]:
    """Those of `files` below `root` that a search for declarations and models reaches.

    Files in hidden folders and among installed packages are left out, as `find_declarations` does.
    """
    known: dict[Path, bool] = {root: True}

    def is_reached(folder: Path) -> bool:
        if folder not in known:
            is_above = folder == folder.parent
            known[folder] = is_above or (is_reached(folder.parent) and not _is_skipped(folder))
        return known[folder]

    return (file for file in files if file == root or is_reached(file.parent))


@cache
def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """One expression for several patterns: a repository has thousands of files to ask about."""
    return re.compile("|".join(map(translate, patterns)))


def is_declaration(path: Path) -> bool:
    """Whether something found in a folder must be judged, or at least be looked at by a reader."""
    name = path.name.lower()
    if _any_of(NAMES).fullmatch(name) or _is_folder(path):
        return True
    try:
        if name.endswith(".md"):
            return _is_card(path)
        return name == "pyproject.toml" and _is_project(path)
    except MissingFileError:
        return False
    except ReadError:
        return True


def _is_card(path: Path) -> bool:
    # Bytes are enough to see the key; the reader deals with the encoding.
    if not _narrow(read_start(path, 16)).startswith(_FENCE):
        return False
    head, fence, _ = _narrow(read_bytes(path))[len(_FENCE) :].partition(f"\n{_FENCE}")
    return bool(fence) and _PRIVACY.search(head) is not None


def _narrow(content: bytes) -> str:
    return content.replace(b"\0", b"").decode("latin-1").lstrip(_MARKS)


def _is_project(path: Path) -> bool:
    text = read_text(path)
    return "gatecli" in text and embedded_release(load(text)) is not None


def _is_folder(path: Path) -> bool:
    return os.path.isdir(path)  # noqa: PTH112 - Path.is_dir raises where a parent is closed


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - a link counts where it stands, not where it leads


def _files(root: Path) -> Iterator[Path]:
    """The files below `root`, and the folders in it that cannot be listed."""
    unlisted: list[OSError] = []
    for folder, folders, files in os.walk(root, onerror=unlisted.append):
        folders[:] = sorted(name for name in folders if not _is_skipped(Path(folder, name)))
        yield from (Path(folder, name) for name in sorted(files))
    yield from (Path(error.filename) for error in unlisted)


def _is_skipped(folder: Path) -> bool:
    return folder.name.startswith(".") or folder.name in _SKIPPED or os.path.exists(folder / "pyvenv.cfg")  # noqa: PTH110 - as in _is_folder
