"""The plans that a caller gives: files, folders to plan, folders of plans, and a stream."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from gatecli.errors import UsageError
from gatecli.gates.plan_input import STDIN
from gatecli.gates.terraform import PlanSource
from gatecli.sources.files import ON_DISK, ReadError, read_start
from gatecli.sources.plan.module_files import holds_configuration
from gatecli.sources.plan.terraform import PlanRequest
from gatecli.sources.plan.text import is_saved_plan

_SIGNATURE = 4


def given_plans(
    targets: Sequence[str], ask: Callable[[Path], PlanRequest], stream: BinaryIO | None = None
) -> tuple[PlanSource, ...]:
    """The plans that are meant, each once, in their order; `ask` says how Terraform is asked in a folder.

    A folder without a configuration is one of plans, as Terragrunt's `--json-out-dir` writes it: every JSON
    file below it is one, and so is every saved plan that none stands beside; hidden folders are not looked
    into. Raises UsageError for a second "-": a stream can be read once.
    """
    if targets.count(STDIN) > 1:
        raise UsageError("- is given more than once", advice="give it once, and the other plans as files")
    sources: dict[str, PlanSource] = {}
    for target in targets:
        if target == STDIN and stream is not None:
            sources.setdefault(STDIN, PlanSource(STDIN, ask(Path()), stream=stream))
            continue
        for path in _plans_in(Path(target)):
            folder = path if path.is_dir() else path.parent
            sources.setdefault(ON_DISK.identify(path), PlanSource(str(path), ask(folder)))
    return tuple(sources.values())


def _plans_in(target: Path) -> tuple[Path, ...]:
    """The target itself; of a folder of plans, these. One without any is left for Terraform to refuse."""
    if not target.is_dir() or holds_configuration(target):
        return (target,)
    return tuple(_plans_below(target)) or (target,)


def _plans_below(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        plans = sorted(name for name in names if name.lower().endswith(".json"))
        saved = () if plans else (name for name in sorted(names) if _is_saved(place, name))
        yield from (Path(place, name) for name in (*plans, *saved))


def _is_saved(place: str, name: str) -> bool:
    try:
        return is_saved_plan(read_start(Path(place, name), _SIGNATURE))
    except ReadError:
        return False
