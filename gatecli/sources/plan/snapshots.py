"""The configuration inside a saved plan: the very text that its apply evaluates.

A saved plan is a ZIP archive that holds the files of every module (`tfconfig/m-KEY/NAME`), so that an
apply cannot use others. A plan's JSON says neither conditions nor locals; these files do.
"""

from __future__ import annotations

import json
import posixpath
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from gatecli.model.plan import Module, Plan
from gatecli.model.plan_graph import nodes_of
from gatecli.sources.archives import BROKEN_ZIP
from gatecli.sources.files import ReadError
from gatecli.sources.plan.blocks import Block, blocks_of
from gatecli.sources.plan.fingerprints import files_digest
from gatecli.sources.plan.module_files import reading_order

Snapshot = Mapping[str, Mapping[str, bytes]]
"""The files of each module, by its key (`gates.evidence`; the root is "") and their names."""

_FILE = re.compile(r"tfconfig/m-([^/]*)/([^/]+)")
_MANIFEST = "tfconfig/modules.json"
_SLASHES = re.compile(r"[\\/]+")
_MAX_BYTES = 64 << 20


def snapshot_of(plan: Path) -> Snapshot | None:
    """The configuration in a saved plan; None where it cannot be had, which is evidence of nothing."""
    try:
        with zipfile.ZipFile(plan) as archive:
            return _files(archive)
    except (OSError, *BROKEN_ZIP):
        return None


def with_configuration(plan: Plan, snapshot: Snapshot) -> Plan:
    """The plan with what only its files say: what its locals refer to, and what its gates are."""
    edges = dict(plan.edges)
    composed: set[str] = set()
    for module in ("", *(module.address for module in plan.modules)):
        blocks = list(_blocks(snapshot.get(_key(module), {})))
        for name, references in _locals(blocks).items():
            node = f"{module}.local.{name}" if module else f"local.{name}"
            edges.setdefault(node, tuple(nodes_of(module, references)))
        composed |= {f"{module}.{node}" if module else node for node in _composed_nodes(blocks)}
    modules = tuple(_with_digest(module, snapshot) for module in plan.modules)
    return replace(plan, edges=edges, modules=modules, composed=frozenset(composed))


def _files(archive: zipfile.ZipFile) -> Snapshot | None:
    members = archive.infolist()
    names = {member.filename for member in members}
    if len(names) < len(members) or sum(member.file_size for member in members) > _MAX_BYTES:
        return None  # two readers could see two plans; or a bomb
    files: dict[str, dict[str, bytes]] = {}
    for name in names:
        if (found := _FILE.fullmatch(name)) is not None:
            files.setdefault(found[1], {})[found[2]] = archive.read(name)
    folders = _folders(archive.read(_MANIFEST)) if _MANIFEST in names else {}
    return files if files and _agree(files, folders) else None


def _folders(manifest: bytes) -> Mapping[str, str]:
    """The folder of each module, by its key; empty where it could be read in two ways."""
    try:
        records = json.loads(manifest)
        named = {each["Key"]: posixpath.normpath(_SLASHES.sub("/", each["Dir"])) for each in records}
        is_plain = all(len({name.casefold() for name in each}) == len(each) for each in records)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    return named if is_plain and len(named) == len(records) else {}


def _agree(files: Snapshot, folders: Mapping[str, str]) -> bool:
    """Whether every module has a folder, and modules of one folder the same files.

    Terraform looks a file up by its module's folder, not by its key. Where the files of two modules of one
    folder differ, it takes those of either.
    """
    if not files.keys() <= folders.keys():
        return False
    held: dict[str, Mapping[str, bytes]] = {}
    return all(
        held.setdefault(folder, files.get(key, {})) == files.get(key, {}) for key, folder in folders.items()
    )


def _with_digest(module: Module, snapshot: Snapshot) -> Module:
    """A module that may be a gate, with the digest of its files and of those of the modules inside it."""
    key = _key(module.address)
    if not module.configuration or key not in snapshot:
        return module
    files = {
        f"{below}{name}": content
        for other, held in snapshot.items()
        if (below := below_module(other, key)) is not None
        for name, content in held.items()
    }
    return replace(module, text=files_digest(files))


def below_module(key: str, module: str) -> str | None:
    """Where a module's files stand inside another's; None where they do not."""
    if key == module:
        return ""
    return key[len(module) + 1 :].replace(".", "/") + "/" if key.startswith(f"{module}.") else None


def _key(address: str) -> str:
    return ".".join(address.split(".")[1::2])


def _blocks(files: Mapping[str, bytes]) -> Iterator[Block]:
    """The blocks of a module's files, overrides last."""
    for name in sorted(files, key=reading_order):
        try:
            yield from list(blocks_of(name, files[name].decode("utf-8", "replace")))
        except ReadError:
            continue  # Terraform read it: then it is JSON, and a local that is missing stays unresolved


def _locals(blocks: Iterable[Block]) -> Mapping[str, tuple[str, ...]]:
    """What each local of a module refers to."""
    found: dict[str, tuple[str, ...]] = {}
    for block in blocks:
        if block.kind == "locals":
            found |= {local: argument.references for local, argument in block.arguments.items()}
    return found


def _composed_nodes(blocks: Iterable[Block]) -> Iterator[str]:
    """Locals, outputs, inputs of modules and arguments that make a text of what they refer to."""
    for block in blocks:
        for name, argument in block.arguments.items():
            if argument.composed:
                match block.kind, block.labels:
                    case "locals", _:
                        yield f"local.{name}"
                    case "output", [output]:
                        yield f"output.{output}"
                    case "module", [module]:
                        yield f"module.{module}.var.{name}"
                    case "resource", [type_, resource]:
                        yield f"{type_}.{resource}#{name}"
                    case "data", [type_, resource]:
                        yield f"data.{type_}.{resource}#{name}"
