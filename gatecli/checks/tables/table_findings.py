"""Everything that is judged about one table: its measures, and the roles of its columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from gatecli.anonymity.discovery.roles import Discovery
from gatecli.checks.tables.counts import COUNT_RULES
from gatecli.checks.tables.magnitudes import MAGNITUDE_RULES
from gatecli.checks.tables.measures import RULES as MEASURE_RULES
from gatecli.checks.tables.measures import AnonymitySubject, find_anonymity
from gatecli.checks.tables.reference import REFERENCE_RULES, find_reference
from gatecli.checks.tables.roles import ROLE_RULES, find_direct_identifiers, find_undeclared
from gatecli.checks.tables.safe_harbor import HARBOR_RULES
from gatecli.checks.tables.second_release import RELEASE_RULES
from gatecli.checks.tables.stated_questions import STATED_RULES
from gatecli.checks.tables.statements import STATEMENT_RULES, find_unstated
from gatecli.model.anonymity import Thresholds
from gatecli.model.document import Place
from gatecli.model.finding import Finding, Rule, Severity, make_finding
from gatecli.model.picture import AnonymityPicture
from gatecli.model.verdict import Checked, Examined

TABLE_UNCHECKABLE = Rule(
    "anon-table-uncheckable", Severity.ERROR, "A table could not be measured", uncheckable=True
)

RULES: tuple[Rule, ...] = (
    *MEASURE_RULES,
    *REFERENCE_RULES,
    *ROLE_RULES,
    *STATED_RULES,
    *STATEMENT_RULES,
    *RELEASE_RULES,
    *COUNT_RULES,
    *MAGNITUDE_RULES,
    *HARBOR_RULES,
    TABLE_UNCHECKABLE,
)


@dataclass(frozen=True, slots=True)
class JudgedTable:
    """A table that was measured to the end, and what it must keep.

    `discovery` is None where the roles of its columns were not asked for. `inputs` is what the verdict
    is bound to, by its names in a report.
    """

    subject: AnonymitySubject
    thresholds: Thresholds
    discovery: Discovery | None = None
    inputs: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    picture: AnonymityPicture | None = None

    @property
    def examined(self) -> Examined:
        """What is judged of it. Raises UsageError as `find_in_table` does."""
        return Examined((self.checked,), tuple(find_in_table(self)))

    @property
    def checked(self) -> Checked:
        measures = self.subject.measures.as_mapping()
        return Checked(
            "table", self.subject.name, self.subject.place.path, measures, self.inputs, self.picture
        )


def find_in_table(table: JudgedTable) -> Iterator[Finding]:
    """Every finding about a table. Raises UsageError as `find_anonymity` does."""
    yield from find_anonymity(table.subject, table.thresholds)
    yield from find_reference(table.subject, table.thresholds)
    subject = table.subject
    yield from find_unstated(subject.measures, table.thresholds, subject.name, subject.place)
    if table.discovery is not None:
        yield from _roles(table, table.discovery)


def _roles(table: JudgedTable, discovery: Discovery) -> Iterator[Finding]:
    """The unit's own column is declared to name persons, and weights are what they are: what the release does
    with them is not said here.
    """
    question, subject = table.subject.measures.question, table.subject
    known = replace(
        discovery,
        columns=tuple(
            each for each in discovery.columns if each.name not in {question.unit, question.weights}
        ),
    )
    yield from find_direct_identifiers(known, subject.name, subject.place)
    declared, sensitive = question.quasi_identifiers, question.sensitive
    yield from find_undeclared(known, declared, sensitive, subject.name, subject.place)


def uncheckable(name: str, place: Place, problem: str, mend: str) -> Finding:
    """The finding that a table could not be measured, and why."""
    return make_finding(TABLE_UNCHECKABLE, problem, subject=name, place=place, mend=mend)
