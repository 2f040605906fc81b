"""Where the objects of a plan stand in its .tf files: an address to a file and a line.

Places only adorn a finding: a file that cannot be read gives none, and the finding then stands at the
plan. What a plan says is judged by the plan, and the configuration that was saved with it, alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gatecli.model.document import Place
from gatecli.model.plan import config_address, module_of
from gatecli.sources.files import ReadError, read_text
from gatecli.sources.plan.blocks import Block, blocks_of
from gatecli.sources.plan.module_files import is_module_file, reading_order
from gatecli.sources.tree import shown_path

_NODE = {
    "resource": "{}.{}",
    "data": "data.{}.{}",
    "ephemeral": "ephemeral.{}.{}",
    "action": "action.{}.{}",
    "module": "module.{}",
    "variable": "var.{}",
    "output": "output.{}",
    "check": "check.{}",
}
_MAX_BYTES = 4 * 2**20

Named = Mapping[str, tuple[Path, Block]]


@dataclass(frozen=True)
class Places:
    """The configuration below a root module, read as far as it was asked for.

    `installed` are the folders of module calls, as `terraform init` noted them.
    """

    root: Path
    installed: Mapping[str, Path] = field(default_factory=dict)
    _read: dict[Path, Named] = field(default_factory=dict, repr=False, compare=False)

    def blocks(self, folder: Path) -> Named:
        """The blocks of a module by their name in it: `aws_s3_bucket.b`, `module.m`, `var.x`."""
        if folder not in self._read:
            self._read[folder] = _read_folder(folder)
        return self._read[folder]


def places_of(directory: Path) -> Places:
    """The places of a root module; nothing is read before it is asked for but what init noted."""
    return Places(directory, installed_modules(directory))


def place_of(places: Places, address: str, *keys: str | int) -> Place | None:
    """Where an address is declared, and the line of its first argument of `keys` where it has one.

    Resources, data sources, variables (`var.x`), outputs (`output.x`) and modules, with or without
    instance keys. Of a module that is not the user's own text, the call is the place. None where
    nothing is found.
    """
    plain = config_address(address)
    module = module_of(plain)
    folder, call = _folder(places, module)
    if folder is None:
        return call
    return _find_place(places.blocks(folder), plain[len(module) :].lstrip("."), keys) or call


def _folder(places: Places, module: str) -> tuple[Path | None, Place | None]:
    """The folder of a module, and the call of it that stands nearest in the user's own text."""
    folder, call = places.root, None
    names = module.split(".")[1::2] if module else []
    for depth, name in enumerate(names, 1):
        call = _find_place(places.blocks(folder), f"module.{name}", ()) or call
        below = _called_folder(places, folder, name, ".".join(names[:depth]))
        if below is None or _is_installed(places, below):
            return None, call
        folder = below
    return folder, call


def _called_folder(places: Places, folder: Path, name: str, key: str) -> Path | None:
    if key in places.installed:
        return places.installed[key]
    declared = places.blocks(folder).get(f"module.{name}")
    source = declared[1].arguments.get("source") if declared else None
    if source is None or not source.literal.startswith(("./", "../")):
        return None
    return folder / source.literal


def _is_installed(places: Places, folder: Path) -> bool:
    return (
        ".terraform" in folder.relative_to(places.root).parts if folder.is_relative_to(places.root) else False
    )


def _find_place(blocks: Named, node: str, keys: tuple[str | int, ...]) -> Place | None:
    if node not in blocks:
        return None
    path, block = blocks[node]
    argument = block.arguments.get(str(keys[0])) if keys else None
    at = argument.at if argument else block.at
    return Place(shown_path(path), at.line, at.column)


def installed_modules(directory: Path) -> Mapping[str, Path]:
    """The folder of each module call, by its key (`gates.evidence`; the root is ""), as init noted it."""
    try:
        noted = json.loads(read_text(directory / ".terraform" / "modules" / "modules.json", _MAX_BYTES))
    except (ReadError, ValueError, RecursionError):
        return {}  # not initialised: local calls are followed by their source
    modules = noted.get("Modules") if isinstance(noted, dict) else None
    return {
        entry["Key"]: directory / entry["Dir"]
        for entry in (modules if isinstance(modules, list) else ())
        if isinstance(entry, dict) and isinstance(entry.get("Key"), str) and isinstance(entry.get("Dir"), str)
    }


def _read_folder(folder: Path) -> Named:
    named: dict[str, tuple[Path, Block]] = {}
    for path in sorted(_files(folder), key=lambda path: reading_order(path.name)):
        for block in _blocks(path):
            form = _NODE.get(block.kind, "")
            if form and len(block.labels) == form.count("{}"):
                named.setdefault(form.format(*block.labels), (path, block))
    return named


def _files(folder: Path) -> Iterator[Path]:
    try:
        found = list(folder.iterdir())
    except OSError:
        found = []  # a module that is not there: its call is the place
    return (path for path in found if is_module_file(path.name))


def _blocks(path: Path) -> list[Block]:
    try:
        return list(blocks_of(path.name, read_text(path, _MAX_BYTES)))
    except ReadError:
        return []  # Terraform said what is wrong with it, or the plan was made from other files
