"""What a run over a folder is about: read once, and given to every gate."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from gatecli.checks.personal_data import Search
from gatecli.cli.checking.caching import Cache
from gatecli.cli.session import Session
from gatecli.model.policy import CheckRules, PrivacyPolicy, stamp
from gatecli.sources.declaration import Declared, read_declarations
from gatecli.sources.discovery import is_declaration, searched_among
from gatecli.sources.interface import Loaded
from gatecli.sources.locations import inside
from gatecli.sources.tree import Tree, changed_among


class Gate(StrEnum):
    RELEASE = "release"
    ANONYMITY = "anonymity"
    PII = "pii"
    TERRAFORM = "terraform"


@dataclass(frozen=True)
class Run:
    """One run. What `.gitignore` or `--exclude` leaves out is not in `tree`, and so in no gate."""

    root: Path
    session: Session
    tree: Tree
    gates: frozenset[Gate]
    search: Search
    cache: Cache
    changed_since: str | None = None
    left_out: tuple[Gate, ...] = ()
    """Gates that the policy left out, and the command line did not."""
    plans: bool = False
    """Whether the folders that the policy names may be planned, which runs programs."""

    @property
    def policy(self) -> PrivacyPolicy:
        return self.session.bundle.policy

    @cached_property
    def policy_digest(self) -> str:
        """What results that depend on the policy are bound to: on all but what is looked at."""
        spec = self.policy.spec.model_copy(update={"check": CheckRules()})
        return stamp(self.policy.model_copy(update={"spec": spec})).sha256

    def named(self, name: str) -> Path | None:
        """What a path in the policy names; None where that is not below what is checked. Raises ReadError."""
        path = inside(base_of(self.session.bundle.path, self.root), name)
        relative = os.path.relpath(path, self.root)
        is_below = Path(relative).parts[:1] != ("..",)
        return self.root / relative if is_below else None

    @cached_property
    def searched(self) -> tuple[Path, ...]:
        """Files and links to files that a name makes a declaration or a model."""
        return tuple(searched_among((*self.tree.files, *self.tree.links), self.root))

    @cached_property
    def declared(self) -> Mapping[Path, Loaded[Declared]]:
        """Every declaration, read once."""
        return {file: read_declarations(file) for file in sorted(filter(is_declaration, self.searched))}

    @cached_property
    def changed(self) -> tuple[Path, ...]:
        """The files whose texts are searched."""
        if self.changed_since is None:
            return self.tree.files
        return changed_among(self.tree.files, self.root, self.changed_since)


def base_of(policy: Path | None, root: Path) -> Path:
    """The policy's folder where it stands above what is checked, else (a central policy) what is checked."""
    if policy is None or not Path(os.path.abspath(root)).is_relative_to(os.path.abspath(policy.parent)):  # noqa: PTH100 - lexical, as all that walks
        return root
    return policy.parent
