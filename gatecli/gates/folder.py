"""What a run over a folder is about: read once, and given to every gate."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from gatecli.checks.personal_data import Search
from gatecli.checks.terraform.tagged_evidence import TaggedReports
from gatecli.gates import GateName
from gatecli.gates.caching import Cache
from gatecli.gates.judgement import JudgementTerms
from gatecli.gates.notices import Notify, ignore
from gatecli.model.policy import CheckRules, PrivacyPolicy, stamp
from gatecli.sources.contents import KeptContents
from gatecli.sources.declaration import Declared, read_declarations
from gatecli.sources.discovery import is_declaration, searched_among
from gatecli.sources.interface import Loaded
from gatecli.sources.locations import inside
from gatecli.sources.tree import Tree, changed_among

if TYPE_CHECKING:
    from gatecli.gates.reserving import LedgerUse


@dataclass(frozen=True)
class Folder:
    """One run. What `.gitignore` or `--exclude` leaves out is not in `tree`, and so in no gate."""

    root: Path
    tree: Tree
    terms: JudgementTerms
    gates: frozenset[GateName]
    search: Search
    """The search for personal data that the policy asks for."""
    cache: Cache
    changed_since: str | None = None
    left_out: tuple[GateName, ...] = ()
    """Gates that the policy left out, and the command line did not."""
    evidence: TaggedReports = field(default_factory=TaggedReports)
    """Reports that tags in plans may name."""
    plans_with: Mapping[str, str] | None = None
    """The environment to plan folders with that the policy names; None where no program may be run."""
    draws: bool = False
    """Whether pictures of tables are drawn."""
    notify: Notify = ignore
    ledger: LedgerUse | None = None
    """The ledger whose budgets releases must fit into."""

    @property
    def policy(self) -> PrivacyPolicy:
        return self.terms.policy

    @property
    def base(self) -> Path:
        """What paths in the policy are relative to."""
        return base_of(self.terms.policy_path, self.root)

    @cached_property
    def policy_digest(self) -> str:
        """What results that depend on the policy are bound to: on all but what is looked at."""
        spec = self.policy.spec.model_copy(update={"check": CheckRules()})
        return stamp(self.policy.model_copy(update={"spec": spec})).sha256

    def resolve_name(self, name: str) -> Path | None:
        """What a path in the policy names; None where that is not below what is checked. Raises ReadError."""
        path = inside(self.base, name)
        relative = os.path.relpath(path, self.root)
        is_below = Path(relative).parts[:1] != ("..",)
        return self.root / relative if is_below else None

    @cached_property
    def searched(self) -> tuple[Path, ...]:
        """Files and links to files that a name makes a declaration or a model."""
        return tuple(searched_among((*self.tree.files, *self.tree.links), self.root))

    @cached_property
    def contents(self) -> KeptContents:
        """Files that several gates look through for their documents."""
        return KeptContents()

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
