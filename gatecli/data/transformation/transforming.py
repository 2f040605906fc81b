"""A table, transformed column by column, and the record of what was done: both, or neither."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from tempfile import TemporaryDirectory

from gatecli.anonymity.hierarchies import Bands, Level
from gatecli.anonymity.measure import measure
from gatecli.anonymity.pseudonyms import identifier_table
from gatecli.anonymity.tables.columns import require_columns
from gatecli.anonymity.tables.digests import file_digest
from gatecli.anonymity.tables.functions import arrow_batches, column_text
from gatecli.anonymity.tables.interface import OpenedTable, Table, TableOptions
from gatecli.anonymity.tables.opening import open_table
from gatecli.anonymity.tables.problems import computing
from gatecli.anonymity.tables.writing import dialect_of, reading_options, require_writable, write_batches
from gatecli.checks.personal_data import search_of
from gatecli.checks.tables.column_classes import find_faults
from gatecli.checks.tables.measures import AnonymitySubject, find_anonymity
from gatecli.data.isolation.pseudonyms import PseudonymProcess
from gatecli.data.transformation.cells import CellChanges, found_sentence
from gatecli.data.transformation.generalising import generalised_table, levels_of
from gatecli.errors import GatecliError, NothingToCheckError, UsageError
from gatecli.frontdoor.publish import write_together
from gatecli.model.anonymity import AnonymityQuestion, Missing, Thresholds
from gatecli.model.column_classification import ColumnClass, ColumnClassification, ColumnTreatment
from gatecli.model.document import Document, Place
from gatecli.model.policy import PrivacyPolicy, bound_tiers, stamp
from gatecli.model.secret_reference import SecretReference
from gatecli.model.table_evidence import EvidenceTool, TableSource
from gatecli.model.thresholds import as_mapping, strictest
from gatecli.model.transformation import (
    DigestedDocument,
    MeasuredAnonymity,
    PseudonymKeyReference,
    Transformation,
    TreatedColumn,
)
from gatecli.package import VERSION


class TransformationRefusedError(GatecliError):
    """The new table would not keep what the policy demands. Nothing was written."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class TransformationTask:
    """What is to be done: `source` is read, `target` and `record` are written.

    `secret` is where the key of the pseudonyms is kept; None where no column is pseudonymised.
    """

    source: str
    target: Path
    record: Path
    classified: ColumnClassification
    document: Document
    policy: PrivacyPolicy
    options: TableOptions
    secret: SecretReference | None = None

    @property
    def folder(self) -> Path:
        """What paths in the classification are relative to."""
        return Path(self.document.path).parent


def transform_table(task: TransformationTask) -> Transformation:
    """Write the new table and its record; what was done.

    Raises UsageError where the classification does not fit the policy or the table,
    TransformationRefusedError where what it makes would still hold personal data or is below k. In any case
    nothing is left half-written.
    """
    _require_permitted(task)
    require_writable(task.target)
    levels = levels_of(task.classified.spec, task.folder)
    bands = tuple(name for name, level in levels.items() if isinstance(level, Bands))
    options = replace(task.options, numeric=bands)
    with open_table(task.source, options) as opened, _beside(task.target) as unfinished:
        _require_all_classified(task, opened)
        with _key_process(task) as keyed:
            changes = _changes(task, keyed)
            _write(task, opened, levels, changes, unfinished)
        _require_clean(task, changes)
        anonymity = _measure_anonymity(task, unfinished, options)
        record = _record(task, opened, unfinished, changes.rows, keyed, anonymity)
        _publish(task, unfinished, record)
    return record


def _require_permitted(task: TransformationTask) -> None:
    """Raises UsageError for what the policy does not permit, and for a key without a use or the reverse."""
    for fault in find_faults(task.classified, task.policy):
        raise UsageError(f"{task.document.place(fault.pointer)}: {fault.message}", advice=fault.mend)
    is_keyed = bool(task.classified.spec.treated_columns(ColumnTreatment.PSEUDONYMISE))
    if is_keyed and task.secret is None:
        raise UsageError(
            "columns are to be pseudonymised, and no key is named",
            advice="name the secret that holds it: --key-vault-secret "
            "https://VAULT.vault.azure.net/secrets/NAME/VERSION",
        )
    if task.secret is not None and not is_keyed:
        raise UsageError(
            "a key is named, and no column is pseudonymised",
            advice="leave --key-vault-secret out, or pseudonymise a column",
        )


def _require_all_classified(task: TransformationTask, opened: OpenedTable) -> None:
    """Raises UsageError for a column that is not in the table, or that is not classified."""
    columns = task.classified.spec.columns
    require_columns(opened.name, opened.columns, columns)
    for name in opened.columns:
        if name not in columns:
            close = get_close_matches(name.casefold(), {each.casefold(): each for each in columns}, n=1)
            near = f"; did you mean it by {close[0]!r}?" if close else ""
            raise UsageError(
                f"{opened.name}: the column {name!r} is not classified",
                advice=f"give it a class and a treatment in {task.document.path}{near}",
            )


@contextmanager
def _key_process(task: TransformationTask) -> Iterator[PseudonymProcess | None]:
    """The process that holds the key, for as long as pseudonyms are made."""
    if task.secret is None:
        yield None
        return
    with PseudonymProcess(task.secret, task.classified.spec.context) as process:
        yield process


def _changes(task: TransformationTask, keyed: PseudonymProcess | None) -> CellChanges:
    spec = task.classified.spec
    pseudonymised = frozenset(spec.treated_columns(ColumnTreatment.PSEUDONYMISE))
    masked = frozenset(spec.treated_columns(ColumnTreatment.MASK))
    return CellChanges(
        search_of(task.policy.spec.pii),
        None if keyed is None else keyed.pseudonyms,
        pseudonymised,
        masked,
        frozenset(spec.columns) - pseudonymised - masked - {*spec.treated_columns(ColumnTreatment.DROP)},
    )


def _write(
    task: TransformationTask,
    opened: OpenedTable,
    levels: Mapping[str, Level],
    changes: CellChanges,
    unfinished: Path,
) -> None:
    table = identifier_table(opened, task.classified.spec.treated_columns(ColumnTreatment.PSEUDONYMISE))
    table = generalised_table(opened, table, levels)
    dropped = task.classified.spec.treated_columns(ColumnTreatment.DROP)
    kept = [name for name in opened.table.columns if name not in dropped]
    if not kept:
        raise UsageError("every column is dropped", advice="keep what the table is made for")
    table = _as_text(table.select(*kept), changes.pseudonymised | changes.masked)
    with computing(opened):
        schema, batches = arrow_batches(table)
        dialect = dialect_of(task.source, task.options, task.target)
        write_batches(unfinished, schema, changes.apply(batches), dialect)


def _as_text(table: Table, columns: frozenset[str]) -> Table:
    return table.mutate(**{name: column_text(table[name]) for name in table.columns if name in columns})


def _require_clean(task: TransformationTask, changes: CellChanges) -> None:
    """Raises TransformationRefusedError where personal data was found, NothingToCheckError for no rows."""
    if not changes.rows:
        raise NothingToCheckError("the table has no rows", advice="give a table that holds records")
    found = found_sentence(changes.found)
    if found is not None:
        raise TransformationRefusedError(
            f"the new table would hold personal data, whatever its classification says: {found}",
            advice=f"pseudonymise, mask or drop it in {task.document.path}",
        )


def _demands(task: TransformationTask) -> Thresholds:
    """The strictest of what the tiers and the policy demand."""
    spec = task.policy.spec
    named = task.classified.spec.sensitivity
    tiers = (*bound_tiers(task.policy, [task.classified.metadata.name]), *([] if named is None else [named]))
    return strictest([*(spec.tiers[name].thresholds for name in tiers), spec.anonymity.thresholds])


def _measure_anonymity(
    task: TransformationTask, unfinished: Path, options: TableOptions
) -> MeasuredAnonymity | None:
    """What the new table keeps, as a stranger would measure it; None without a quasi-identifier."""
    spec = task.classified.spec
    quasi, sensitive = (
        spec.written_columns(ColumnClass.QUASI_IDENTIFIER),
        spec.written_columns(ColumnClass.SENSITIVE),
    )
    if not quasi:
        return None
    demands = _demands(task)
    if not sensitive:
        demands = replace(demands, l=None, t=None)
    question = AnonymityQuestion(
        quasi, sensitive, Missing(task.policy.spec.anonymity.missing), unit=_unit(task, quasi + sensitive)
    )
    dialect = dialect_of(task.source, task.options, task.target)
    with open_table(unfinished, reading_options(task.target, dialect, options)) as written:
        measures = measure(written, question)
        subject = AnonymitySubject(task.target.name, Place(str(task.target)), measures)
        broken = next(find_anonymity(subject, demands), None)
    if broken is not None:
        raise TransformationRefusedError(
            f"the new table does not keep what the policy demands: {broken.message}",
            advice=f"generalise further, or drop a quasi-identifier, in {task.document.path}",
        )
    return MeasuredAnonymity(
        k=measures.k,
        quasi_identifiers=quasi,
        unit=question.unit,
        demanded={name: value for name, value in as_mapping(demands).items() if isinstance(value, int | str)},
    )


def _unit(task: TransformationTask, others: tuple[str, ...]) -> str | None:
    unit = task.classified.spec.unit
    return None if unit in others else unit


def _record(
    task: TransformationTask,
    opened: OpenedTable,
    unfinished: Path,
    rows: int,
    keyed: PseudonymProcess | None,
    anonymity: MeasuredAnonymity | None,
) -> Transformation:
    judged = stamp(task.policy)
    spec = task.classified.spec
    return Transformation(
        tool=EvidenceTool(name="gatecli", version=VERSION),
        source=TableSource(sha256=opened.digest, digest_of=opened.digest_of),
        output=TableSource(sha256=file_digest(unfinished), digest_of="the file's bytes"),
        rows=rows,
        classification=DigestedDocument(name=task.classified.metadata.name, sha256=str(task.document.sha256)),
        policy=DigestedDocument(name=judged.name, sha256=judged.sha256),
        columns={
            name: TreatedColumn(column_class=each.column_class, treatment=each.treatment, to=each.to)
            for name, each in spec.columns.items()
        },
        key=None if keyed is None or task.secret is None else _key_of(task.secret, keyed, spec.context),
        anonymity=anonymity,
        is_pseudonymous=bool(spec.treated_columns(ColumnTreatment.PSEUDONYMISE)),
    )


def _key_of(secret: SecretReference, keyed: PseudonymProcess, context: str | None) -> PseudonymKeyReference:
    return PseudonymKeyReference(
        secret=secret.address, version=keyed.version, is_pinned=secret.version is not None, context=context
    )


def _publish(task: TransformationTask, unfinished: Path, record: Transformation) -> None:
    """The record first: a table that is there has one. An earlier table that stays keeps its own."""
    data = record.model_dump(mode="json", by_alias=True, exclude_none=True)
    earlier = task.record.read_bytes() if task.record.is_file() else None
    write_together({task.record: json.dumps(data, indent=2, ensure_ascii=False) + "\n"})
    try:
        unfinished.replace(task.target)
    except BaseException:
        if earlier is None:
            task.record.unlink(missing_ok=True)
        else:
            task.record.write_bytes(earlier)
        raise


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A file of the same name in a folder that is gone afterwards, on the target's own file system."""
    try:
        with TemporaryDirectory(dir=target.parent, prefix=".gatecli-") as folder:
            yield Path(folder) / target.name
    except OSError as error:
        raise UsageError(
            f"cannot write {target}: {error.strerror}", advice="choose a writable place"
        ) from None
