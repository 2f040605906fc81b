"""Where the files that a declaration names may stand."""

from __future__ import annotations

import os
from pathlib import Path

from gatecli.sources.files import ReadError


def root_of(folder: Path) -> Path:
    """The repository that `folder` is in: the nearest parent with `.git`, else the folder itself."""
    absolute = Path(os.path.abspath(folder))  # noqa: PTH100 - lexical, so that a link cannot move the root
    return next((at for at in (absolute, *absolute.parents) if os.path.lexists(at / ".git")), absolute)


def inside(base: Path, name: str, below: Path | None = None) -> Path:
    """The path that `name` means beside a declaration in `base`.

    It may climb to anywhere in the repository, not out of it, and is never absolute: a declaration
    must mean the same on every machine. A link in the repository may lead elsewhere (a model cache
    does); what it leads to is held to its digest. It may also stand below the folder `below`, where one is
    given. Raises `ReadError`.
    """
    if "\0" in name:
        raise ReadError("is named by a path with a NUL in it", "write the path of a file")
    if Path(name).is_absolute():
        raise ReadError("is named by an absolute path", "write it relative to the declaration")
    path = Path(os.path.normpath(base / name))
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - lexical, as above
    roots = [root_of(base), *([] if below is None else [root_of(below)])]
    if not any(absolute.is_relative_to(root) for root in roots):
        raise ReadError("is named by a path that leaves the repository", "keep it beside the declaration")
    return path
