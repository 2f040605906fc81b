"""What judges, from files: the law (policy, waivers, baseline), held against all rules; and a secret key."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gatecli.errors import UsageError
from gatecli.gates.catalogue import FALSEHOOD_IDS, RULE_IDS, UNCHECKABLE_IDS, RuleIds, severity_of
from gatecli.model.baseline import Baseline
from gatecli.model.document import Document
from gatecli.model.policy import PrivacyPolicy
from gatecli.sources.files import ON_DISK, Files, ReadError, read_bytes
from gatecli.sources.policy import PolicyBundle as PolicyBundle  # noqa: PLC0414 - what the functions return
from gatecli.sources.policy import policy_in, read_waivers
from gatecli.sources.policy import read_policy as read_policy_file

if TYPE_CHECKING:
    from gatecli.model.finding import Finding
    from gatecli.sources.revision import Revision

SHORTEST_KEY = 16
"""Bytes."""


@dataclass(frozen=True, slots=True)
class LawFiles:
    """What was named to judge by; a policy that was not is looked for from `start` upward."""

    start: Path
    policy: PrivacyPolicy | Path | None = None
    waivers: Sequence[Path] = ()
    baseline: Path | None = None

    @property
    def paths(self) -> tuple[Path, ...]:
        """All files that were named."""
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


def read_policy(
    path: Path | None, start: Path, waiver_files: Sequence[Path] = (), files: Files | None = None
) -> PolicyBundle:
    """The policy at `path`, else that of the gatecli.yaml files from `start` upward, else the shipped one.

    The one at the root is a floor: a nearer one may only tighten it. `files` is where all of it is read from
    (None: this machine).

    Raises ConfigurationError for a policy or a waiver that cannot be used.
    """
    return read_policy_file(
        path,
        waiver_files=waiver_files,
        rule_ids=RULE_IDS,
        uncheckable=UNCHECKABLE_IDS,
        start=start,
        false=FALSEHOOD_IDS,
        severity_of=severity_of,
        files=files or ON_DISK,
    )


def with_waivers(
    policy: PrivacyPolicy, waiver_files: Sequence[Path], files: Files | None = None
) -> PolicyBundle:
    """A policy that stands in no file, with the waivers in files. Raises ConfigurationError."""
    own = policy.spec.pii.own_rules
    waivers = read_waivers(
        waiver_files, rule_ids=RuleIds(own), uncheckable=UNCHECKABLE_IDS, files=files or ON_DISK
    )
    return PolicyBundle(policy, waivers, None, tuple(waiver_files))


def policy_of_documents(documents: Sequence[Document], known: Collection[str] = ()) -> PolicyBundle:
    """The policy and the waivers in documents that stand in no file; `known` are rules of other policies.

    Raises ConfigurationError as `read_policy` does.
    """
    return policy_in(
        documents, rule_ids=RuleIds(frozenset(known)), uncheckable=UNCHECKABLE_IDS, false=FALSEHOOD_IDS
    )


def read_known(file: Path | None, files: Files | None = None) -> Baseline | None:
    """The baseline in a file; None where none is named. Raises ConfigurationError."""
    if file is None:
        return None
    from gatecli.sources.baseline import read_baseline  # noqa: PLC0415 - few runs have one

    return read_baseline(file) if files is None else read_baseline(file, files)


def read_key(file: Path, called: str = "key", shortest: int = SHORTEST_KEY) -> bytes:
    """A secret key in a file, without the white space around it. Raises UsageError for a short one."""
    try:
        key = read_bytes(file).strip()
    except ReadError as error:
        raise UsageError(f"the {called} {file} {error.problem}", advice=error.mend) from None
    if len(key) < shortest:
        raise UsageError(
            f"the {called} {file} is shorter than {shortest} bytes", advice="openssl rand -hex 32 > FILE"
        )
    return key
