"""What the declaration, the policy, the ledger and the verdict answer of an impact assessment.

Every answer is a list of statements; a question of which nothing is known has none, and stays open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from gatecli.documents.pia_questions import QUESTIONS, PiaQuestion
from gatecli.documents.statements import (
    FactSource,
    FactStatement,
    anonymity_statements,
    attestation_statements,
    budget_statements,
    claim_statements,
    column_statements,
    contribution_statements,
    dataset_statements,
    declared_files,
    digest_statements,
    file_statements,
    identity_statements,
    judgement_statements,
    limit_statements,
    mechanism_statements,
    owner_statements,
    policy_statements,
    work_statements,
)
from gatecli.model.documents import DocumentFacts
from gatecli.model.release import TrustModel

Answering = Callable[[DocumentFacts], Iterator[FactStatement]]


@dataclass(frozen=True, slots=True)
class PiaAnswer:
    """A question, what is known of it, and what is left to a human."""

    question: PiaQuestion
    statements: tuple[FactStatement, ...]

    @property
    def open(self) -> str:
        """The question to a human; "" where there is nothing left to say."""
        return self.question.remaining if self.statements else self.question.text


@dataclass(frozen=True, slots=True)
class PiaMeasure:
    """Something that is done against a risk; `against` are the numbers of the questions that name it."""

    title: str
    against: frozenset[int]
    statements: tuple[FactStatement, ...]


ACCESS = frozenset({324})
CHANGE = frozenset({334})


def _differential_privacy(facts: DocumentFacts) -> Iterator[FactStatement]:
    yield from claim_statements(facts)
    yield from mechanism_statements(facts)


_MEASURES: tuple[tuple[str, frozenset[int], Answering], ...] = (
    ("Differential privacy", ACCESS, _differential_privacy),
    ("Recomputation of what was promised", ACCESS, judgement_statements),
    ("Limits of the policy", ACCESS, limit_statements),
    ("A ledger of privacy budgets", ACCESS, budget_statements),
    ("Anonymity of tables", ACCESS, anonymity_statements),
    ("A bound on what one person contributes", ACCESS, contribution_statements),
    ("Digests of the files that ship", CHANGE, digest_statements),
    ("A signed statement of the verdict", CHANGE, attestation_statements),
)


def measures_of(facts: DocumentFacts) -> tuple[PiaMeasure, ...]:
    """The measures that the facts speak of."""
    found = ((title, against, tuple(tell(facts))) for title, against, tell in _MEASURES)
    return tuple(PiaMeasure(title, against, statements) for title, against, statements in found if statements)


def _impacts(facts: DocumentFacts) -> Iterator[FactStatement]:
    unit = facts.claim.unit if facts.claim else None
    if not unit:
        return
    for each in facts.datasets:
        if each.public:
            continue
        yield FactStatement(
            FactSource.DECLARATION, "Somebody learns whether one {} is in {}", (unit, each.name)
        )
        for column in each.dataset.anonymity.sensitive if each.dataset.anonymity else ():
            form = "Somebody learns the {} of one {} in {}"
            yield FactStatement(FactSource.DECLARATION, form, (column, unit, each.name))


def _for_each_file(form: str) -> Answering:
    def tell(facts: DocumentFacts) -> Iterator[FactStatement]:
        for each in declared_files(facts):
            yield FactStatement(FactSource.DECLARATION, form, (each.path,))

    return tell


def _sources_of_risk(facts: DocumentFacts) -> Iterator[FactStatement]:
    model = facts.claim.trust_model if facts.claim else None
    if model is TrustModel.CENTRAL:
        form = "Whoever runs the training, who sees the raw data (trust model {})"
        yield FactStatement(FactSource.DECLARATION, form, (model.value,))
    yield from _for_each_file("Whoever can read {}")(facts)


def _severity(facts: DocumentFacts) -> Iterator[FactStatement]:
    for tier in facts.tiers:
        yield FactStatement(FactSource.POLICY, "The data is of the tier {}.", (tier,))
    for each in facts.datasets:
        yield from column_statements(each)


def _likelihood_of_access(facts: DocumentFacts) -> Iterator[FactStatement]:
    yield from claim_statements(facts)
    yield from judgement_statements(facts)


def _measures_against(number: int) -> Answering:
    def tell(facts: DocumentFacts) -> Iterator[FactStatement]:
        for each in measures_of(facts):
            if number in each.against:
                yield FactStatement(each.statements[0].source, each.title, ())

    return tell


def _minimisation(facts: DocumentFacts) -> Iterator[FactStatement]:
    yield from contribution_statements(facts)
    yield from anonymity_statements(facts)


_ANSWERS: Mapping[int, Answering] = MappingProxyType(
    {
        111: identity_statements,
        112: owner_statements,
        113: policy_statements,
        121: dataset_statements,
        122: work_statements,
        123: file_statements,
        213: _minimisation,
        321: _impacts,
        322: _for_each_file("Somebody attacks the file {}, which ships"),
        323: _sources_of_risk,
        324: _measures_against(324),
        325: _severity,
        326: _likelihood_of_access,
        332: _for_each_file("Somebody replaces the file {} after the release"),
        334: _measures_against(334),
        336: digest_statements,
    }
)
"""Which question which facts answer; of the others no declaration knows anything."""


def answers_of(facts: DocumentFacts) -> tuple[PiaAnswer, ...]:
    """All 36 answers, in the order of the questions."""
    return tuple(
        PiaAnswer(each, tuple(_ANSWERS[each.number](facts)) if each.number in _ANSWERS else ())
        for each in QUESTIONS
    )
