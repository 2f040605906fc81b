"""From a publication to what is judged about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from gatecli.anonymity.discovery.identifying_columns import discover
from gatecli.anonymity.frequencies.atoms import link
from gatecli.anonymity.frequencies.audit import audit
from gatecli.anonymity.frequencies.published import CountFormat, read_counts
from gatecli.anonymity.magnitudes import contributions, given_cells, measure_magnitudes
from gatecli.anonymity.releases.intersection import IntersectionQuestion
from gatecli.anonymity.releases.joint import intersect_all
from gatecli.anonymity.safe_harbor import RESTRICTED_ZIPS, check_columns
from gatecli.anonymity.tables.interface import OpenedTable
from gatecli.anonymity.tables.opening import open_table
from gatecli.anonymity.tables.problems import computing
from gatecli.anonymity.trees import read_tree
from gatecli.checks.tables.column_entities import Classify
from gatecli.checks.tables.counts import find_in_counts
from gatecli.checks.tables.magnitudes import find_in_magnitudes
from gatecli.checks.tables.roles import find_direct_identifiers
from gatecli.checks.tables.safe_harbor import find_in_harbor
from gatecli.checks.tables.second_release import find_intersections
from gatecli.checks.tables.table_findings import uncheckable
from gatecli.errors import GatecliError, UncheckableError, UsageError
from gatecli.gates.publication_task import PublicationTask
from gatecli.model.anonymity import Thresholds
from gatecli.model.disclosure import CountDemands, CountMeasures, MagnitudeDemands
from gatecli.model.finding import Finding
from gatecli.model.publication import CountTables, MagnitudeTable, SafeHarborTable, SecondRelease
from gatecli.model.thresholds import as_mapping
from gatecli.model.verdict import Checked, Examined


class JudgedPublication(NamedTuple):
    """Measures by their names in a report, what is found, and what could not be judged."""

    measures: Mapping[str, object]
    findings: Iterable[Finding]
    problems: tuple[Finding, ...] = ()


def examine_publication(task: PublicationTask, classify: Classify | None = None) -> Examined:
    """A publication, judged; one that cannot be is a problem, so that none hides another.

    Raises UsageError and NothingToCheckError for one that the command line itself names.
    """
    try:
        return _examine(task, classify)
    except GatecliError as error:
        if not (task.is_declared or isinstance(error, UncheckableError)):
            raise
        return Examined(problems=(uncheckable(task.name, task.place, error.message, error.advice),))


def _examine(task: PublicationTask, classify: Classify | None) -> Examined:
    with ExitStack() as stack:
        opened = [stack.enter_context(open_table(path, task.options)) for path in task.asked.paths]
        judged = _judge(task, opened, classify)
        checked = Checked(task.asked.kind, task.name, task.place.path, judged.measures, _inputs(task, opened))
        return Examined((checked,), tuple(judged.findings), judged.problems)


def _judge(task: PublicationTask, opened: list[OpenedTable], classify: Classify | None) -> JudgedPublication:
    match task.asked:
        case SecondRelease():
            return _judge_release(task, task.asked, opened)
        case CountTables():
            return _judge_counts(task, task.asked, opened)
        case MagnitudeTable():
            return _judge_magnitudes(task, task.asked, opened[0])
        case SafeHarborTable():
            return _judge_harbor(task, opened[0], classify)


def _judge_release(
    task: PublicationTask, asked: SecondRelease, opened: list[OpenedTable]
) -> JudgedPublication:
    question = IntersectionQuestion(asked.quasi_identifiers, asked.sensitive, trees_of(asked.hierarchies))
    found = intersect_all([*opened[1:], opened[0]], question)
    measures = found[-1].as_mapping()
    if len(found) > 1:
        measures["pairsOfReleases"] = {", ".join(each.names): each.as_mapping() for each in found[:-1]}
    return JudgedPublication(measures, find_intersections(found, task.demands, task.name, task.place))


def _judge_counts(task: PublicationTask, asked: CountTables, opened: list[OpenedTable]) -> JudgedPublication:
    tables = [read_counts(each, count_format(asked)) for each in opened]
    linked = link(tables, trees_of(asked.hierarchies), absent_is_zero=asked.absent == "zero")
    demands = count_demands(asked, task.demands)
    measures = audit(linked, demands)
    findings = find_in_counts(measures, demands, task.name, task.place)
    return JudgedPublication(measures.as_mapping(), findings, tuple(_find_unsettled(measures, task)))


def _find_unsettled(measures: CountMeasures, task: PublicationTask) -> Iterator[Finding]:
    """What an audit left open is not safe: the tables could not be checked."""
    if measures.unsettled:
        yield uncheckable(
            task.name,
            task.place,
            f"of {measures.unsettled:,} counts it was not found out whether they can be computed: "
            "the tables are too large or too closely linked",
            "merge categories, or audit one category of the largest dimension at a time",
        )


def _judge_harbor(task: PublicationTask, opened: OpenedTable, classify: Classify | None) -> JudgedPublication:
    measures = check_columns(
        opened, RESTRICTED_ZIPS if task.restricted_zips is None else task.restricted_zips
    )
    with computing(opened):
        discovery = discover(opened.table, max_columns=1, classify=classify)
    identifiers = find_direct_identifiers(discovery, task.name, task.place)
    return JudgedPublication(
        measures.as_mapping(), chain(find_in_harbor(measures, task.name, task.place), identifiers)
    )


def _judge_magnitudes(task: PublicationTask, asked: MagnitudeTable, opened: OpenedTable) -> JudgedPublication:
    rule = asked.dominance
    demands = MagnitudeDemands(
        asked.p,
        Fraction(100) if asked.q is None else asked.q,
        None if rule is None else rule.n,
        None if rule is None else rule.k,
        None if asked.largest and asked.min_contributors is None else task.demands.k,
    )
    if demands.is_empty:
        raise UsageError(
            "no rule is given for the table", advice="give p, dominance or the fewest contributors"
        )
    if asked.largest:
        cells = given_cells(opened, asked.dimensions, asked.value, asked.largest)
    else:
        cells = contributions(opened, asked.dimensions, asked.value, asked.contributor)
    measures = measure_magnitudes(cells, demands, len(asked.largest) or None)
    return JudgedPublication(
        measures.as_mapping(), find_in_magnitudes(measures, demands, task.name, task.place)
    )


def count_format(asked: CountTables) -> CountFormat:
    """How the tables are written."""
    return CountFormat(asked.count, asked.dimensions, asked.totals, asked.suppressed, asked.rounded)


def count_demands(asked: CountTables, demands: Thresholds) -> CountDemands:
    """What tables of counts must keep. Raises UsageError where no smallest count is demanded."""
    minimum = demands.k
    if minimum is None:
        raise UsageError("no smallest count is demanded", advice="give --min-count, or minK in the policy")
    protection = asked.protection or max(minimum - 1, 1)
    return CountDemands(minimum, protection, demands.l or 2, asked.sensitive)


def trees_of(files: Mapping[str, str]) -> dict[str, Mapping[str, frozenset[str]]]:
    """The hierarchies of columns, from their files."""
    return {column: read_tree(column, Path(file)) for column, file in files.items()}


def _inputs(task: PublicationTask, opened: list[OpenedTable]) -> dict[str, object]:
    """What the verdict is bound to."""
    return {
        "sha256": opened[0].digest,
        "digestOf": opened[0].digest_of,
        **({"otherSha256": [each.digest for each in opened[1:]]} if len(opened) > 1 else {}),
        "asked": task.asked.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        "thresholds": as_mapping(task.demands),
    }
