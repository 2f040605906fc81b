"""The modules that `terraform init` installed: which calls a file belongs to, and what their text is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from gatecli.sources.files import ReadError, read_bytes
from gatecli.sources.plan.fingerprints import files_digest
from gatecli.sources.plan.module_files import is_module_file
from gatecli.sources.plan.places import installed_modules
from gatecli.sources.plan.snapshots import below_module

_MAX_BYTES = 4 * 2**20


def installed_at(directory: Path, file: str) -> tuple[tuple[str, ...], str]:
    """The addresses of the module calls that `file` (as Terraform names it) is of, and their text's digest.

    A digest as a saved plan would give it. Nothing where the modules are not installed, or cannot be read.
    """
    installed = installed_modules(directory)
    place = os.path.dirname(os.path.normpath(directory / file))  # noqa: PTH120 - lexical, as Terraform names it
    keys = sorted(key for key, folder in installed.items() if key and os.path.normpath(folder) == place)
    try:
        texts = {_digest(installed, key) for key in keys}
    except (OSError, ReadError):
        return (), ""
    addresses = tuple("module." + key.replace(".", ".module.") for key in keys)
    return (addresses, texts.pop()) if len(texts) == 1 else ((), "")


def _digest(installed: Mapping[str, Path], key: str) -> str:
    files = {
        f"{below}{path.name}": read_bytes(path, _MAX_BYTES)
        for other, folder in installed.items()
        if (below := below_module(other, key)) is not None
        for path in folder.iterdir()
        if is_module_file(path.name)
    }
    return files_digest(files)
