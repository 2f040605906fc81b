"""The tables that declarations promise something about, as tasks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gatecli.anonymity.tables.interface import TableOptions
from gatecli.anonymity.tables.opening import DEFAULTS
from gatecli.checks.anonymity_table import uncheckable
from gatecli.cli.table_task import TableTask
from gatecli.model.anonymity import AnonymityQuestion, Missing
from gatecli.model.dataset import Anonymity, Dataset
from gatecli.model.document import Document
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
    "nothing is demanded of the table: neither the declaration nor the policy gives a threshold"
)


@dataclass(frozen=True, slots=True)
class DeclaredTables:
    """Tables to be measured, what already stands against others, and whether any was declared at all."""

    tasks: tuple[TableTask, ...] = ()
    findings: tuple[Finding, ...] = ()


def is_declaration(source: str) -> bool:
    """Whether DATA names a declaration, by the ending of its name."""
    return "://" not in source and Path(source).suffix.lower() in SUFFIXES


def declared_tables(
    paths: Sequence[Path], policy: PrivacyPolicy, options: TableOptions = DEFAULTS
) -> DeclaredTables:
    """The tables of every release that `paths` declare."""
    return tables_of({path: read_declarations(path) for path in paths}, policy, options)


def tables_of(
    files: Mapping[Path, Loaded[Declared]], policy: PrivacyPolicy, options: TableOptions = DEFAULTS
) -> DeclaredTables:
    """The same of declarations that were read, by their files."""
    tasks: list[TableTask] = []
    findings: list[Finding] = []
    for path, read in files.items():
        findings.extend(read.findings)
        for release, document in read.values:
            for task in _of_release(release, document, path.parent, policy, options):
                (findings if isinstance(task, Finding) else tasks).append(task)  # type: ignore[arg-type]  # each to its own
    return DeclaredTables(tuple(tasks), tuple(findings))


def _of_release(
    release: ModelRelease, document: Document, base: Path, policy: PrivacyPolicy, options: TableOptions
) -> Iterator[TableTask | Finding]:
    for number, dataset in enumerate(release.spec.datasets):
        if dataset.anonymity is not None:
            pointer = f"/spec/datasets/{number}/anonymity"
            yield _task(release, dataset, dataset.anonymity, document, pointer, base, policy, options)


def _task(
    release: ModelRelease,
    dataset: Dataset,
    declared: Anonymity,
    document: Document,
    pointer: str,
    base: Path,
    policy: PrivacyPolicy,
    options: TableOptions,
) -> TableTask | Finding:
    place = document.place(f"{pointer}/path")
    name = f"{release.subject} {dataset.name}"
    try:
        source = _file(base, declared.path)
        reference = None if declared.reference is None else str(_file(base, declared.reference))
    except ReadError as error:
        return uncheckable(name, place, f"the table {declared.path} {error.problem}", error.mend)
    tier = policy.spec.tiers.get(release.spec.sensitivity or "")
    rules = policy.spec.anonymity
    demands = strictest([declared.thresholds, rules.thresholds, *([tier.thresholds] if tier else [])])
    if demands == strictest([]):
        return uncheckable(name, place, NOTHING_DEMANDED, "declare k, or a sensitivity that the policy knows")
    question = AnonymityQuestion(
        declared.quasi_identifiers,
        declared.sensitive,
        Missing(rules.missing),
        unit=declared.unit,
        normalise=declared.normalise,
        recursive_l=demands.recursive.l if demands.recursive else 2,
        scales=declared.scales,
        sampling_fraction=declared.sampling_fraction,
    )
    reading = TableOptions(
        numeric=declared.numeric,
        memory_limit=options.memory_limit,
        threads=options.threads,
        timeout=options.timeout,
    )
    return TableTask(
        str(source),
        name,
        place,
        question,
        demands,
        reading,
        reference=reference,
        is_declared=True,
        declared_digest=declared.sha256,
    )


def _file(base: Path, path: str) -> Path:
    """A declaration comes from a pull request: it must not make the gate open a connection."""
    if "://" in path:
        raise ReadError("is a database", "declare a file, or measure it by: gatecli anonymity check URL")
    return inside(base, path)
