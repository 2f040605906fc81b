"""The law of a revision, and what the working tree would add to it (ADR 16).

Everything that judges is read from the revision. What stands here instead is read too, for one purpose: to
say where it differs.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gatecli.checks.added_waivers import find_added_waivers
from gatecli.checks.law import (
    BASELINE_GROWN,
    find_baseline_growth,
    find_policy_change,
    find_unusable,
)
from gatecli.errors import ConfigurationError
from gatecli.gates.policies import Law, LawFiles, LawTarget, PolicyBundle, read_known
from gatecli.model.baseline import Baseline
from gatecli.model.finding import Finding
from gatecli.sources.files import ON_DISK, ReadError
from gatecli.sources.policy import NAMES, default_policy
from gatecli.sources.revision import Revision, open_revision
from gatecli.sources.tree import shown_path


def read_law_of_revision(files: LawFiles, name: str) -> Law:
    """The law of a revision. Raises as `gatecli.gates.law.read_law` does."""
    revision = open_revision(name, files.start, files.paths)
    held = _without_new_files(files, revision)
    try:
        bundle = held.read_bundle(revision)
        baseline = read_known(held.baseline, revision) or (None if files.baseline is None else Baseline())
    except ConfigurationError as error:
        message = f"the law of {revision.shown} cannot be used: {error.message}"
        raise ConfigurationError(message, advice=error.advice) from error
    additions = (*_policy_additions(files, bundle, revision), *_baseline_additions(files, baseline, revision))
    return Law(bundle, baseline, LawTarget(revision, additions))


def _without_new_files(files: LawFiles, revision: Revision) -> LawFiles:
    """What was named, without the files that the change brings; the shipped policy in place of one."""

    def is_new(path: Path) -> bool:
        return ON_DISK.holds(path) and not revision.holds(path)

    policy = files.policy
    return LawFiles(
        files.start,
        default_policy() if isinstance(policy, Path) and is_new(policy) else policy,
        [path for path in files.waivers if not is_new(path)],
        None if files.baseline is None or is_new(files.baseline) else files.baseline,
    )


def _policy_additions(files: LawFiles, law: PolicyBundle, revision: Revision) -> Iterator[Finding]:
    try:
        here = files.read_bundle()
    except ConfigurationError as error:
        first, _, _ = error.message.partition("\n")
        yield find_unusable(_changed_file(law, law, revision), first, revision.shown)
        return
    if here.policy != law.policy:
        path = _changed_file(law, here, revision)
        yield from find_policy_change(law.policy, here.policy, path, revision.shown)
    yield from find_added_waivers(law.waivers, here.waivers, revision.shown)


def _changed_file(law: PolicyBundle, here: PolicyBundle, revision: Revision) -> str:
    """The first file of either law that is not here as it is there."""
    files = dict.fromkeys((*here.read, *law.read))
    usual = next(iter(files), Path(NAMES[0]))
    return shown_path(next((file for file in files if _differs(file, revision)), usual))


def _differs(file: Path, revision: Revision) -> bool:
    contents = []
    for files in (ON_DISK, revision):
        try:
            contents.append(files.read(file))
        except ReadError:
            contents.append(b"")
    return contents[0] != contents[1]


def _baseline_additions(files: LawFiles, law: Baseline | None, revision: Revision) -> Iterator[Finding]:
    if files.baseline is None or law is None:
        return
    path = shown_path(files.baseline)
    try:
        here = read_known(files.baseline) if ON_DISK.holds(files.baseline) else Baseline()
    except ConfigurationError as error:
        yield find_unusable(path, error.message, revision.shown, BASELINE_GROWN)
        return
    yield from find_baseline_growth(law, here or Baseline(), path, revision.shown)
