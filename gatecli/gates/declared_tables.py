"""The tables that declarations promise something about, as tasks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gatecli.anonymity.tables.interface import TableOptions
from gatecli.anonymity.tables.opening import DEFAULTS
from gatecli.checks.tables.table_findings import uncheckable
from gatecli.gates.declared_publications import Locate, declared_publications, policy_publications
from gatecli.gates.publication_task import PublicationTask
from gatecli.gates.stated_tables import demands_of
from gatecli.gates.table_task import TableTask
from gatecli.model.anonymity import AnonymityQuestion, Missing, Thresholds, ValueCode
from gatecli.model.dataset import Anonymity
from gatecli.model.document import Document, Place
from gatecli.model.finding import Finding
from gatecli.model.policy import PrivacyPolicy
from gatecli.model.release import ModelRelease
from gatecli.model.thresholds import strictest
from gatecli.sources.declaration import Declared, read_declarations
from gatecli.sources.files import ReadError
from gatecli.sources.interface import Loaded
from gatecli.sources.locations import inside

SUFFIXES = frozenset({".yaml", ".yml", ".toml", ".md", ".json"})
"""No table has one of these; a declaration may."""

NOTHING_DEMANDED = (
    "no threshold is given for the table: neither the declaration nor the policy gives a threshold"
)


@dataclass(frozen=True, slots=True)
class DeclaredTables:
    """Tables to be measured, what already stands against others, and whether any was declared at all."""

    tasks: tuple[TableTask, ...] = ()
    findings: tuple[Finding, ...] = ()
    publications: tuple[PublicationTask, ...] = ()


def is_declaration(source: str) -> bool:
    """Whether DATA names a declaration, by the ending of its name."""
    return "://" not in source and Path(source).suffix.lower() in SUFFIXES


def read_declared_tables(
    paths: Sequence[Path], policy: PrivacyPolicy, options: TableOptions = DEFAULTS
) -> DeclaredTables:
    """The tables of every release that `paths` declare."""
    return tables_in({path: read_declarations(path) for path in paths}, policy, options)


def tables_in(
    files: Mapping[Path, Loaded[Declared]], policy: PrivacyPolicy, options: TableOptions = DEFAULTS
) -> DeclaredTables:
    """The same of declarations that were read, by their files."""
    found: list[TableTask | PublicationTask | Finding] = []
    for path, read in files.items():
        found.extend(read.findings)
        for release, document in read.values:
            found.extend(_of_release(release, document, path.parent, policy, options))
            found.extend(declared_publications(release, document, path.parent, policy, options))
    return _sort_tasks(found)


def policy_tables(rules: PrivacyPolicy, located: Locate, path: str) -> DeclaredTables:
    """The tables that the policy in `path` names itself; one that is located nowhere is not asked about."""
    tables = [
        _task(table.name, table, table.name, table.sensitivity, place, located, rules, DEFAULTS)
        for number, table in enumerate(rules.spec.check.tables)
        for place in [Place(path, pointer=f"/spec/check/tables/{number}/path")]
    ]
    return _sort_tasks([*tables, *policy_publications(rules, located, path)])


def _sort_tasks(found: Sequence[TableTask | PublicationTask | Finding | None]) -> DeclaredTables:
    return DeclaredTables(
        tuple(each for each in found if isinstance(each, TableTask)),
        tuple(each for each in found if isinstance(each, Finding)),
        tuple(each for each in found if isinstance(each, PublicationTask)),
    )


def _of_release(
    release: ModelRelease, document: Document, base: Path, policy: PrivacyPolicy, options: TableOptions
) -> Iterator[TableTask | Finding]:
    for number, dataset in enumerate(release.spec.datasets):
        if dataset.anonymity is not None:
            place = document.place(f"/spec/datasets/{number}/anonymity/path")
            name = f"{release.subject} {dataset.name}"
            tier = release.spec.sensitivity
            located = partial(inside, base)
            task = _task(name, dataset.anonymity, dataset.name, tier, place, located, policy, options)
            if task is not None:
                yield task


def _task(
    name: str,
    declared: Anonymity,
    dataset: str,
    sensitivity: str | None,
    place: Place,
    located: Locate,
    policy: PrivacyPolicy,
    options: TableOptions,
) -> TableTask | Finding | None:
    try:
        source = _file(located, declared.path)
        reference = None if declared.reference is None else _reference(located, declared.reference)
    except ReadError as error:
        return uncheckable(name, place, f"the table {declared.path} {error.problem}", error.mend)
    if source is None:
        return None
    demands = demands_of(declared.thresholds, dataset, sensitivity, policy)
    if demands == strictest([]):
        return uncheckable(name, place, NOTHING_DEMANDED, "declare k, or a sensitivity that the policy knows")
    return TableTask(
        str(source),
        name,
        place,
        _question(declared, demands, policy),
        demands,
        _reading(declared, options),
        reference=reference,
        is_declared=True,
        dataset=dataset,
        declared_digest=declared.sha256,
    )


def _question(declared: Anonymity, demands: Thresholds, policy: PrivacyPolicy) -> AnonymityQuestion:
    return AnonymityQuestion(
        declared.quasi_identifiers,
        declared.sensitive,
        Missing(policy.spec.anonymity.missing),
        unit=declared.unit,
        trajectory=declared.trajectory,
        known=declared.known,
        household=declared.household,
        weights=declared.weights,
        formats=declared.formats,
        missing_codes=tuple(map(ValueCode.read, declared.missing_codes)),
        suppressed_codes=tuple(map(ValueCode.read, declared.suppressed_codes)),
        normalise=declared.normalise,
        recursive_l=demands.recursive_l,
        scales=declared.scales,
        sampling_fraction=declared.sampling_fraction,
    )


def _reading(declared: Anonymity, options: TableOptions) -> TableOptions:
    return TableOptions(
        numeric=declared.numeric,
        memory_limit=options.memory_limit,
        threads=options.threads,
        timeout=options.timeout,
    )


def _file(located: Locate, path: str) -> Path | None:
    """A declaration comes from a pull request: it must not make the gate open a connection."""
    if "://" in path:
        raise ReadError("is a database", "declare a file, or measure it with: gatecli anonymity check URL")
    return located(path)


def _reference(located: Locate, path: str) -> str:
    found = _file(located, path)
    if found is None:
        raise ReadError("has a reference outside of what is checked", "check a folder that holds both")
    return str(found)
