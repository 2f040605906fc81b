"""What a run over a folder is about: read once, and given to every gate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from gatecli.checks.personal_data import Search
from gatecli.cli.checking.caching import Cache
from gatecli.cli.session import Session
from gatecli.model.policy import PrivacyPolicy, stamp
from gatecli.sources.declaration import Declared, read_declarations
from gatecli.sources.discovery import is_declaration, searched_among
from gatecli.sources.interface import Loaded
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

    @property
    def policy(self) -> PrivacyPolicy:
        return self.session.bundle.policy

    @cached_property
    def policy_digest(self) -> str:
        """What results that depend on the policy are bound to."""
        return stamp(self.policy).sha256

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
