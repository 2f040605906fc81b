"""The plans that a policy names: files, and folders that are to be planned."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gatecli.model.verdict import Examined
from gatecli.sources.files import ReadError
from gatecli.sources.plan.rules import unreadable
from gatecli.sources.tree import shown_path

if TYPE_CHECKING:
    from gatecli.gates.folder import Folder


@dataclass(frozen=True, slots=True)
class NamedPlans:
    """What the policy names: plans, folders to plan, and what cannot be either."""

    files: tuple[Path, ...] = ()
    folders: tuple[Path, ...] = ()
    problems: tuple[Examined, ...] = ()


def named_plans(folder: Folder) -> NamedPlans:
    """The plans of the policy; one that is not there is a problem, not nothing."""
    files: list[Path] = []
    folders: list[Path] = []
    problems: list[Examined] = []
    for name in folder.policy.spec.check.terraform:
        try:
            path = folder.resolve_name(name)
            if path is not None:
                (folders if path.is_dir() else files).append(path)
        except ReadError as error:
            problems.append(Examined(problems=(unreadable(name, error),)))
    return NamedPlans(tuple(dict.fromkeys(files)), tuple(dict.fromkeys(folders)), tuple(problems))


def folders_to_plan(folder: Folder) -> list[str]:
    """The folders that the policy names to be planned."""
    return [shown_path(each) for each in named_plans(folder).folders]
