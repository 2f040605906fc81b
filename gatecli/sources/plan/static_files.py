"""The files of a module as blocks: overrides in their places, and what files of variables set.

Source: Terraform, "Files and Configuration Structure"; "Override Files"; "Variable Definitions Files".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from gatecli.sources.files import ReadError, read_text
from gatecli.sources.hcl.bodies import read_bodies
from gatecli.sources.hcl.json_bodies import read_json_bodies, read_json_values
from gatecli.sources.hcl.syntax import Attribute, Body, NestedBlock, SyntaxTree
from gatecli.sources.plan.module_files import is_override, reading_order

_LOADED = ("terraform.tfvars", "terraform.tfvars.json")
_MAX_BYTES = 2**20


@dataclass
class ModuleText:
    """What the files of a module hold. `unread` are those that could not be read whole, `size` characters."""

    blocks: list[NestedBlock] = field(default_factory=list)
    given: dict[str, Attribute] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    size: int = 0

    def of_type(self, type_: str, labels: int) -> list[NestedBlock]:
        """The blocks of a type that have so many labels."""
        return [block for block in self.blocks if block.type == type_ and len(block.labels) == labels]

    def read(self, file: Path) -> SyntaxTree | None:
        """What a file holds; None where it cannot be read."""
        name = file.name
        try:
            text = read_text(file, _MAX_BYTES)
            self.size += len(text)
            if name.endswith(".tfvars.json"):
                return SyntaxTree(read_json_values(name, text))
            tree = read_json_bodies(name, text) if name.endswith(".json") else read_bodies(text)
        except ReadError:
            self.unread.append(name)
            return None
        if not tree.is_whole:
            self.unread.append(name)
        return tree


def text_of_module(files: Iterable[Path], variable_files: Iterable[Path] = ()) -> ModuleText:
    """The text of a module; of `variable_files`, those count that Terraform loads unasked."""
    text = ModuleText()
    for file in sorted(files, key=lambda file: reading_order(file.name)):
        tree = text.read(file)
        if tree is not None:
            blocks = tree.body.blocks
            text.blocks = (
                _override(text.blocks, blocks) if is_override(file.name) else [*text.blocks, *blocks]
            )
    for file in sorted(filter(_is_loaded, variable_files), key=_rank):
        tree = text.read(file)
        if tree is not None:
            text.given |= tree.body.attributes
    return text


def _is_loaded(file: Path) -> bool:
    return file.name in _LOADED or file.name.endswith((".auto.tfvars", ".auto.tfvars.json"))


def _rank(file: Path) -> tuple[int, str]:
    """Later ones outweigh earlier ones."""
    return (_LOADED.index(file.name) if file.name in _LOADED else len(_LOADED)), file.name


def _override(blocks: list[NestedBlock], later: Iterable[NestedBlock]) -> list[NestedBlock]:
    """Blocks with the arguments of later ones of the same labels in the place of their own."""
    merged: dict[tuple[Any, ...], NestedBlock] = {}
    for number, block in enumerate(blocks):
        key: tuple[Any, ...] = (block.type, block.labels) if block.labels else (number,)
        merged[key if key not in merged else (number,)] = block
    for number, block in enumerate(later):
        key = (block.type, block.labels) if block.labels else (number, "override")
        merged[key] = replace(block, body=_amend(merged[key].body, block.body)) if key in merged else block
    return list(merged.values())


def _amend(body: Body, by: Body) -> Body:
    replaced = {block.type for block in by.blocks}
    kept = tuple(block for block in body.blocks if block.type not in replaced)
    return Body({**body.attributes, **by.attributes}, (*kept, *by.blocks))
