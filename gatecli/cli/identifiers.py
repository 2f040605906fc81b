"""What becomes of the columns that name people: `apply` writes none as it is."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from gatecli.anonymity.discovery.identifying_columns import discover
from gatecli.anonymity.discovery.roles import ColumnRole, direct_identifiers
from gatecli.anonymity.hierarchies import Exact
from gatecli.anonymity.pseudonyms import SHORTEST_KEY, pseudonym
from gatecli.anonymity.search.generalisation import Proposal
from gatecli.anonymity.tables.columns import require_columns
from gatecli.anonymity.tables.interface import OpenedTable
from gatecli.anonymity.tables.problems import computing
from gatecli.anonymity.tables.writing import Change
from gatecli.checks.tables.column_entities import Classify
from gatecli.cli import table_options as given
from gatecli.errors import UncheckableError, UsageError
from gatecli.gates.concealment import without_values
from gatecli.gates.policies import read_key
from gatecli.gates.table_task import TableTask
from gatecli.model.comma_list import split_list


@dataclass(frozen=True, slots=True)
class Treatment:
    """Columns that are left out, and what becomes of the values of others."""

    dropped: tuple[str, ...] = ()
    changes: Mapping[str, Change] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Identifiers:
    """What was said about the columns that name people, as it was typed."""

    drop: given.Drop = None
    pseudonymise: given.Pseudonymise = None
    key_file: given.PseudonymKey = None

    def treatment(self) -> Treatment:
        """What it means. Raises UsageError for a key without a use, and for a use without a good key."""
        replaced = split_list(self.pseudonymise)
        if self.key_file is None and replaced:
            raise UsageError(
                "--pseudonymise without --key-file",
                advice="make a key (openssl rand -hex 32 > FILE), and keep it apart from the table",
            )
        if self.key_file is None:
            return Treatment(split_list(self.drop))
        if not replaced:
            raise UsageError("--key-file without --pseudonymise", advice="name the columns of identifiers")
        key = read_key(self.key_file, "pseudonym key", SHORTEST_KEY)
        change = partial(pseudonym, key=key)
        return Treatment(split_list(self.drop), dict.fromkeys(replaced, change))


def about_pseudonyms(columns: Sequence[str]) -> str:
    """What pseudonyms in some columns are worth."""
    hold = "hold" if len(columns) > 1 else "holds"
    return (
        f"{', '.join(columns)} {hold} pseudonyms, which are still personal data (GDPR, Article 4(5)); "
        "the table is pseudonymous, not anonymous: whoever holds the key finds each person"
    )


def require_treatable(opened: OpenedTable, task: TableTask, treatment: Treatment) -> None:
    """Raises UsageError for columns that are not there, or that have another role too."""
    question = task.question
    roles = (*question.quasi_identifiers, *question.sensitive)
    used = [name for name in (*treatment.dropped, *treatment.changes) if name in roles]
    if used:
        raise UsageError(
            f"{used[0]!r} has a role, and is dropped or replaced besides",
            advice="leave it out of --quasi-identifier and --sensitive, or out of --drop and --pseudonymise",
        )
    require_columns(task.name, opened.columns, (*roles, *treatment.dropped, *treatment.changes))


def require_no_identifier(
    opened: OpenedTable, task: TableTask, treatment: Treatment, classify: Classify
) -> None:
    """Raises UsageError where a direct identifier would be written; quasi-identifiers may change before."""
    changed = {*task.question.quasi_identifiers, *treatment.dropped, *treatment.changes}
    found = _identifiers(opened, changed, classify)
    if found:
        names = ",".join(column.name for column in found)
        raise UsageError(
            f"{task.name}: {_describe_identifiers(found)}",
            advice=f"--drop {names}, or --pseudonymise {names} --key-file FILE; where a column is about "
            "things and not people, give it a name that says so",
        )


def prove_no_identifier(
    written: OpenedTable, chosen: Proposal, treatment: Treatment, classify: Classify
) -> None:
    """Raises UncheckableError where an identifier was written that is neither coarser nor a pseudonym."""
    levels = zip(chosen.quasi_identifiers, chosen.levels, strict=True)
    changed = {*treatment.changes, *(name for name, level in levels if level != Exact())}
    found = _identifiers(written, changed, classify)
    if found:
        raise UncheckableError(
            f"the new table would hold a direct identifier ({_describe_identifiers(found)})",
            advice="choose another --proposal, or drop the column",
        )


def _identifiers(
    opened: OpenedTable, left_out: Collection[str], classify: Classify
) -> tuple[ColumnRole, ...]:
    kept = [name for name in opened.table.columns if name not in left_out]
    if not kept:
        return ()
    with computing(opened):
        return direct_identifiers(
            without_values(discover(opened.table.select(*kept), max_columns=1, classify=classify))
        )


def _describe_identifiers(found: Sequence[ColumnRole]) -> str:
    return "; ".join(f"{column.name} is a direct identifier: {column.why}" for column in found)
