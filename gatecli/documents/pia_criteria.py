"""The nine criteria of WP 248 rev.01 (Article 29 Working Party, 2017), so far as a declaration knows.

WP 248 sets no number for "large scale", and no declaration can say what a model is used for: where a human
must weigh or answer, that is what is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from gatecli.documents.statements import FactSource, FactStatement, column_statements
from gatecli.model.documents import DocumentFacts


class CriterionState(StrEnum):
    """How far a criterion is known."""

    INDICATED = "indicated"
    NOT_INDICATED = "not indicated by the declaration"
    TO_WEIGH = "known in part: a human weighs it"
    UNKNOWN = "unknown: a question for a human"


@dataclass(frozen=True, slots=True)
class AssessedCriterion:
    """A criterion, how far it is known, and by what."""

    number: int
    title: str
    question: str
    assessment: CriterionState
    statements: tuple[FactStatement, ...] = ()


_CRITERIA = (
    ("Evaluation or scoring", "Does the model score, rank or predict traits of people?"),
    (
        "Automated decisions with legal or similar effect",
        "Does anything follow for a person from what the model says, without a human?",
    ),
    ("Systematic monitoring", "Are people observed, also in public places, to train or to use the model?"),
    ("Sensitive or highly personal data", "Is data of the kinds of GDPR Art. 9 and 10, or alike, in it?"),
    ("Large scale", "Is this many people, much data, long, or a wide area?"),
    ("Matching or combining datasets", "Would people expect these datasets to be brought together?"),
    ("Vulnerable people", "Are children, patients, employees or others among them who cannot easily object?"),
    ("Innovative use", "Is the technology, or what it is used for, new here?"),
    (
        "Keeps people from a right, a service or a contract",
        "Does somebody get or not get something because of the model?",
    ),
)

Found = tuple[CriterionState, tuple[FactStatement, ...]]


def _sensitive(facts: DocumentFacts) -> Found:
    columns = tuple(
        statement
        for each in facts.datasets
        if each.dataset.anonymity and each.dataset.anonymity.sensitive
        for statement in column_statements(each)
    )
    tiers = tuple(
        FactStatement(FactSource.POLICY, "The data is of the tier {}.", (each,)) for each in facts.tiers
    )
    if columns:
        return CriterionState.INDICATED, (*tiers, *columns)
    return (CriterionState.TO_WEIGH if tiers else CriterionState.UNKNOWN), tiers


def _large(facts: DocumentFacts) -> Found:
    counts = tuple(_counts(facts))
    return (CriterionState.TO_WEIGH if counts else CriterionState.UNKNOWN), counts


def _counts(facts: DocumentFacts) -> Iterator[FactStatement]:
    for each in facts.datasets:
        if each.dataset.records is not None:
            form = "{} holds {} units of privacy."
            yield FactStatement(FactSource.DECLARATION, form, (each.name, str(each.dataset.records)))


def _combination(facts: DocumentFacts) -> Found:
    names = tuple(
        FactStatement(FactSource.DECLARATION, "The release was made from the dataset {}.", (each.name,))
        for each in facts.datasets
    )
    match len(names):
        case 0:
            return CriterionState.UNKNOWN, ()
        case 1:
            return CriterionState.NOT_INDICATED, names
        case _:
            return CriterionState.INDICATED, names


_KNOWN: Mapping[int, Callable[[DocumentFacts], Found]] = MappingProxyType(
    {4: _sensitive, 5: _large, 6: _combination}
)


def criteria_of(facts: DocumentFacts) -> tuple[AssessedCriterion, ...]:
    """All nine, in the order of WP 248."""
    return tuple(
        AssessedCriterion(number, title, question, *_state_of(number, facts))
        for number, (title, question) in enumerate(_CRITERIA, start=1)
    )


def _state_of(number: int, facts: DocumentFacts) -> Found:
    assess = _KNOWN.get(number)
    return assess(facts) if assess else (CriterionState.UNKNOWN, ())
