"""`gatecli anonymity apply`: write the table that keeps its thresholds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from gatecli.anonymity.dictionary_encoding import searchable_table
from gatecli.anonymity.measure import measure
from gatecli.anonymity.search import generalisation
from gatecli.anonymity.search.classes import Base
from gatecli.anonymity.search.generalisation import Proposal, describe
from gatecli.anonymity.tables.interface import OpenedTable, Table
from gatecli.anonymity.tables.opening import open_table
from gatecli.anonymity.tables.problems import computing
from gatecli.anonymity.tables.writing import dialect_of, reading_options, require_writable, write
from gatecli.checks.personal_data import search_of
from gatecli.checks.tables.column_entities import Classify, classifier
from gatecli.checks.tables.measures import AnonymitySubject, find_anonymity
from gatecli.checks.tables.statements import ask_for_codes, ask_for_formats
from gatecli.cli import table_options as given
from gatecli.cli.identifiers import (
    Identifiers,
    Treatment,
    about_pseudonyms,
    prove_no_identifier,
    require_no_identifier,
    require_treatable,
)
from gatecli.cli.numbers import split_pairs
from gatecli.cli.table_arguments import (
    Columns,
    Demands,
    Persons,
    Population,
    SearchGiven,
    TableGiven,
    start_of,
    task_of,
)
from gatecli.cli.target_files import require_another
from gatecli.errors import UncheckableError, UsageError
from gatecli.frontdoor.console import err
from gatecli.frontdoor.option_groups import spread
from gatecli.frontdoor.options import GATE, PolicyFile, option
from gatecli.gates.policies import read_policy
from gatecli.gates.table_measurement import doubts_of, search_table, without_answer
from gatecli.gates.table_task import TableTask
from gatecli.model.anonymity import Measures


@spread
def apply(
    data: given.Data,
    target: given.TargetFile,
    columns: Columns,
    identifiers: Identifiers,
    demands: Demands,
    persons: Persons,
    opened: TableGiven,
    search: SearchGiven,
    choice: Annotated[
        int,
        option("--proposal", panel=GATE, min=1, help="The number of a proposal that `check` lists, from 1."),
    ] = 1,
    policy: PolicyFile = None,
) -> None:
    """Write the generalised table that meets the thresholds with the least loss that was found.

    Only the named columns are changed. A column that names people is dropped or replaced on demand; it is
    never written as it is.
    """
    start = start_of(data)
    rules = read_policy(policy, start).policy
    options = opened.options(columns.numeric)
    require_writable(target)
    treatment = identifiers.treatment()
    require_another(data, _files(columns, identifiers), target)
    task = task_of(data, columns, demands, Population(**asdict(persons)), rules, options, search)
    for line in _write_table(task, choice, target, treatment, classifier(search_of(rules.spec.pii))):
        err(f"{target}: {line}\n")
    if treatment.changes:
        err(f"{target}: {about_pseudonyms(tuple(treatment.changes))}\n")


def _write_table(
    task: TableTask, choice: int, target: Path, treatment: Treatment, classify: Classify
) -> tuple[str, ...]:
    """The proposal that was applied, and what is open; nothing is written unless that keeps the demands."""
    with open_table(task.source, task.options) as opened, _beside(target) as unfinished:
        require_treatable(opened, task, treatment)
        require_no_identifier(opened, task, treatment, classify)
        dialect = dialect_of(task.source, task.options, target)
        measures = measure(opened, task.question)
        found = search_table(opened, task, measures)
        if not found.proposals:
            raise UncheckableError(
                f"{task.name}: {without_answer(opened, task, measures)}",
                advice="ask for less, or allow more suppression",
            )
        chosen = _choose_proposal(found.proposals, choice)
        with computing(opened):
            new = _generalise(opened, task, measures, chosen, found.base)
            write(new.drop(*treatment.dropped), unfinished, dialect, treatment.changes)
        with open_table(unfinished, reading_options(target, dialect, task.options)) as written:
            prove_no_identifier(written, chosen, treatment, classify)
            # What is dropped cannot be read again: then what is written is measured before.
            is_whole = not {*task.question.columns} & {*treatment.dropped}
            _prove(written if is_whole else replace(opened, table=new), task, measures)
        unfinished.replace(target)
    return (
        describe(chosen),
        *_about_suppressed(measures.suppressed),
        *ask_for_codes(measures),
        *ask_for_formats(doubts_of(task, measures)),
    )


def _about_suppressed(count: int) -> tuple[str, ...]:
    rows = "1 row that was" if count == 1 else f"{count:,} rows that were"
    return (f"{rows} suppressed before {'is' if count == 1 else 'are'} left out",) if count else ()


def _generalise(
    opened: OpenedTable, task: TableTask, measures: Measures, chosen: Proposal, base: Base
) -> Table:
    """The new table; sensitive columns as they are written, whatever they were read as."""
    names = task.question.sensitive
    written = {f"written {name}": opened.table[name] for name in names}
    own = replace(opened, table=opened.table.mutate(**written))
    table = generalisation.apply(searchable_table(own, task.question, measures), chosen, base)
    return table.mutate(**{name: table[f"written {name}"] for name in names}).drop(*written)


def _files(columns: Columns, identifiers: Identifiers) -> list[str]:
    """Files that are read beside the table."""
    key = [] if identifiers.key_file is None else [str(identifiers.key_file)]
    return [*split_pairs(columns.hierarchies, "--hierarchy").values(), *key]


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A file of the same name in a folder that is gone afterwards, on the target's own file system."""
    try:
        with suppress(FileNotFoundError):
            target.lstat()  # a name that no file can have
        with TemporaryDirectory(dir=target.parent, prefix=".gatecli-") as folder:
            yield Path(folder) / target.name
    except OSError as error:
        raise UsageError(
            f"cannot write {target}: {error.strerror}", advice="choose a writable place"
        ) from None


def _choose_proposal(found: tuple[Proposal, ...], choice: int) -> Proposal:
    if choice > len(found):
        raise UsageError(
            f"--proposal {choice}: there are {len(found)}", advice="gatecli anonymity check lists them"
        )
    return found[choice - 1]


def _prove(written: OpenedTable, task: TableTask, before: Measures) -> None:
    """Measure what was written, as a stranger would."""
    sensitive = task.question.sensitive
    question = replace(
        task.question,
        scales={each.attribute: each.scale for each in before.by_sensitive},
        # What a generalised date was written in no longer applies.
        formats={name: written for name, written in task.question.formats.items() if name in sensitive},
    )
    after = AnonymitySubject(task.name, task.place, measure(written, question))
    broken = next(find_anonymity(after, task.demands), None)
    if broken is not None:
        raise UncheckableError(
            f"{task.name}: the generalised table does not meet its thresholds ({broken.message})",
            advice="choose another --proposal, or search for more than is needed (a larger --k)",
        )
