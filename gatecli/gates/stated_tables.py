"""The tables whose columns a policy states: whoever asks about one of them is held to that."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gatecli.checks.tables.stated_questions import StatedQuestion
from gatecli.gates.judgement import JudgementTerms
from gatecli.model.anonymity import Missing, Thresholds
from gatecli.model.identity import identity_of
from gatecli.model.policy import CheckedTable, PrivacyPolicy, bound_tiers
from gatecli.model.thresholds import strictest
from gatecli.sources.files import ON_DISK, ReadError, sha256_of


@dataclass(frozen=True, slots=True)
class StatedTable:
    """A table of the policy: what is stated for it, by which name, and where it may stand."""

    question: StatedQuestion
    name: str
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StatedTables:
    """The tables that a policy states; the same bytes under another name are the same table.

    `digest_at` gives the SHA-256 of the file at an absolute path, which it reads once.
    """

    tables: Sequence[StatedTable]
    digest_at: Callable[[str], str]

    def of(self, *, place: str = "", name: str = "", digest: Callable[[], str]) -> Iterator[StatedQuestion]:
        """What is stated for a table at an absolute path, of a dataset's name, or of a digest."""
        for table in self.tables:
            is_named = bool(name) and identity_of(name) == identity_of(table.name)
            if is_named or place in table.places or self._is_same(table, digest()):
                yield table.question

    def _is_same(self, table: StatedTable, digest: str) -> bool:
        stated = (table.question.table.sha256 or "").lower()
        return bool(digest) and (digest == stated or digest in map(self.digest_at, table.places))


def stated_tables(terms: JudgementTerms, base: Path | None) -> StatedTables:
    """The tables of the policy; their paths are relative to its folder, to this one, and to `base`."""
    policy = terms.policy
    own = terms.policy_path.parent if terms.policy_path is not None else None
    bases = [at for at in (own, Path(), base) if at is not None]
    tables = [_stated_table(table, policy, bases) for table in policy.spec.check.tables]
    return StatedTables(tables, cache(_digest_at))


def _stated_table(table: CheckedTable, policy: PrivacyPolicy, bases: Sequence[Path]) -> StatedTable:
    demands = demands_of(table.thresholds, table.name, table.sensitivity, policy)
    question = StatedQuestion(table, demands, Missing(policy.spec.anonymity.missing))
    places = dict.fromkeys(place_of(base / table.path) for base in bases) if "://" not in table.path else ()
    return StatedTable(question, table.name, tuple(places))


def demands_of(own: Thresholds, dataset: str, sensitivity: str | None, policy: PrivacyPolicy) -> Thresholds:
    """What a table must keep: its own thresholds, the policy's, and those of its tiers."""
    names = (*bound_tiers(policy, [dataset]), sensitivity or "")
    tiers = [policy.spec.tiers[name].thresholds for name in names if name in policy.spec.tiers]
    return strictest([own, policy.spec.anonymity.thresholds, *tiers])


def place_of(path: Path | str) -> str:
    """An absolute path without links, so that two names of one file are one; a name of none is itself."""
    return ON_DISK.identify(Path(path))


def _digest_at(place: str) -> str:
    """The SHA-256 of a file; empty for a folder, and for what cannot be read."""
    try:
        return sha256_of(Path(place))
    except (OSError, ValueError, ReadError):
        return ""
