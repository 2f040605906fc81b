"""What declarations promise about publications that are more than a table of rows, as tasks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gatecli.anonymity.tables.interface import TableOptions
from gatecli.checks.tables.table_findings import uncheckable
from gatecli.gates.publication_task import PublicationTask
from gatecli.gates.stated_tables import demands_of
from gatecli.model.document import Document
from gatecli.model.finding import Finding
from gatecli.model.policy import PrivacyPolicy
from gatecli.model.release import ModelRelease
from gatecli.model.thresholds import strictest
from gatecli.sources.files import ReadError
from gatecli.sources.locations import inside


def declared_publications(
    release: ModelRelease, document: Document, base: Path, policy: PrivacyPolicy, options: TableOptions
) -> Iterator[PublicationTask | Finding]:
    """A task for each publication of a release, or a finding that says why it cannot be judged."""
    for number, dataset in enumerate(release.spec.datasets):
        for key, asked in dataset.publications.items():
            place = document.place(f"/spec/datasets/{number}/{key}/path")
            name = f"{release.subject} {dataset.name}"
            try:
                located = asked.locate_paths(lambda path: _file(base, path))
            except ReadError as error:
                yield uncheckable(name, place, error.problem, error.mend)
                continue
            demands = demands_of(asked.thresholds, dataset.name, release.spec.sensitivity, policy)
            if located.needs_threshold and demands == strictest([]):
                yield uncheckable(
                    name,
                    place,
                    "no threshold is given: neither the declaration nor the policy gives one",
                    "declare one, or a sensitivity that the policy knows",
                )
                continue
            zips = policy.spec.anonymity.restricted_zips
            yield PublicationTask(
                located, name, place, demands, _reading(options), is_declared=True, restricted_zips=zips
            )


def _file(base: Path, path: str) -> str:
    """A declaration comes from a pull request: it must not make the gate open a connection."""
    if "://" in path:
        raise ReadError(f"{path} is a database", "declare a file, or give the database to the command itself")
    try:
        return str(inside(base, path))
    except ReadError as error:
        raise ReadError(f"{path} {error.problem}", error.mend) from None


def _reading(options: TableOptions) -> TableOptions:
    return TableOptions(memory_limit=options.memory_limit, threads=options.threads, timeout=options.timeout)
