"""What declarations and the policy promise about publications beside tables of rows, as tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from gatecli.anonymity.tables.interface import TableOptions
from gatecli.anonymity.tables.opening import DEFAULTS
from gatecli.checks.tables.table_findings import uncheckable
from gatecli.gates.publication_task import PublicationTask
from gatecli.gates.stated_tables import demands_of
from gatecli.model.anonymity import Thresholds
from gatecli.model.document import Document, Place
from gatecli.model.finding import Finding
from gatecli.model.policy import PrivacyPolicy
from gatecli.model.publication import Publication
from gatecli.model.release import ModelRelease
from gatecli.sources.files import ReadError
from gatecli.sources.locations import inside

Locate = Callable[[str], Path | None]
"""From a path as it is written to where that is; None outside of what is checked. Raises ReadError."""


def declared_publications(
    release: ModelRelease, document: Document, base: Path, policy: PrivacyPolicy, options: TableOptions
) -> Iterator[PublicationTask | Finding]:
    """A task for each publication of a release, or a finding that says why it cannot be judged."""
    for number, dataset in enumerate(release.spec.datasets):
        yield from _tasks(
            dataset.publications,
            f"{release.subject} {dataset.name}",
            partial(_declared_place, document, number),
            partial(inside, base),
            partial(demands_of, dataset=dataset.name, sensitivity=release.spec.sensitivity, policy=policy),
            policy,
            options,
        )


def policy_publications(
    rules: PrivacyPolicy, located: Locate, path: str
) -> Iterator[PublicationTask | Finding]:
    """The same of what the policy in `path` names itself; what is located nowhere is not asked about."""
    for number, named in enumerate(rules.spec.check.publications):
        yield from _tasks(
            named.publications,
            named.name,
            partial(_policy_place, path, number),
            located,
            partial(demands_of, dataset=named.name, sensitivity=named.sensitivity, policy=rules),
            rules,
            DEFAULTS,
        )


def _declared_place(document: Document, number: int, key: str) -> Place:
    return document.place(f"/spec/datasets/{number}/{key}/path")


def _policy_place(path: str, number: int, key: str) -> Place:
    return Place(path, pointer=f"/spec/check/publications/{number}/{key}/path")


def _tasks(
    publications: Mapping[str, Publication],
    name: str,
    place_of: Callable[[str], Place],
    located: Locate,
    demands_for: Callable[[Thresholds], Thresholds],
    policy: PrivacyPolicy,
    options: TableOptions,
) -> Iterator[PublicationTask | Finding]:
    for key, asked in publications.items():
        place = place_of(key)
        try:
            if _file(located, asked.path) is None:
                continue
            found = asked.locate_paths(partial(_require_path, located))
        except ReadError as error:
            yield uncheckable(name, place, error.problem, error.mend)
            continue
        demands = demands_for(asked.thresholds)
        if found.needs_threshold and demands == Thresholds():
            yield uncheckable(
                name,
                place,
                "no threshold is given: neither the declaration nor the policy gives one",
                "declare one, or a sensitivity that the policy knows",
            )
            continue
        zips = policy.spec.anonymity.restricted_zips
        yield PublicationTask(
            found, name, place, demands, _reading(options), is_declared=True, restricted_zips=zips
        )


def _require_path(located: Locate, path: str) -> str:
    found = _file(located, path)
    if found is None:
        raise ReadError(f"{path} is outside of what is checked", "check a folder that holds all of its files")
    return str(found)


def _file(located: Locate, path: str) -> Path | None:
    """A declaration comes from a pull request: it must not make the gate open a connection."""
    if "://" in path:
        raise ReadError(f"{path} is a database", "declare a file, or give the database to the command itself")
    try:
        return located(path)
    except ReadError as error:
        raise ReadError(f"{path} {error.problem}", error.mend) from None


def _reading(options: TableOptions) -> TableOptions:
    return TableOptions(memory_limit=options.memory_limit, threads=options.threads, timeout=options.timeout)
