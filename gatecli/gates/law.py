"""The law of a run: the policy, the waivers and the baseline that judge it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gatecli.gates.policies import PolicyBundle, read_policy, with_waivers
from gatecli.model.baseline import Baseline
from gatecli.model.policy import PrivacyPolicy

if TYPE_CHECKING:
    from gatecli.model.finding import Finding
    from gatecli.sources.files import Files
    from gatecli.sources.revision import Revision


@dataclass(frozen=True, slots=True)
class LawFiles:
    """What was named to judge by; a policy that was not is looked for from `start` upward."""

    start: Path
    policy: PrivacyPolicy | Path | None = None
    waivers: Sequence[Path] = ()
    baseline: Path | None = None

    @property
    def named(self) -> tuple[Path, ...]:
        """The files that were named."""
        given = (self.policy if isinstance(self.policy, Path) else None, *self.waivers, self.baseline)
        return tuple(path for path in given if path is not None)

    def read_bundle(self, files: Files | None = None) -> PolicyBundle:
        """The policy and the waivers; where `files` is None, from this machine. Raises ConfigurationError."""
        if isinstance(self.policy, PrivacyPolicy):
            return with_waivers(self.policy, self.waivers, files)
        return read_policy(self.policy, self.start, self.waivers, files)


@dataclass(frozen=True, slots=True)
class LawTarget:
    """The revision that the law is of, and what the change adds to it, which does not hold: findings."""

    revision: Revision
    additions: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Law:
    """What judges a run. `target` is None where it stands as the working tree has it."""

    bundle: PolicyBundle
    baseline: Baseline | None
    target: LawTarget | None = None


def read_known(file: Path | None, files: Files | None = None) -> Baseline | None:
    """The baseline in a file; None where none is named. Raises ConfigurationError."""
    if file is None:
        return None
    from gatecli.sources.baseline import read_baseline  # noqa: PLC0415 - few runs have one

    return read_baseline(file) if files is None else read_baseline(file, files)
