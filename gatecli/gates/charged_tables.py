"""Work that a ledger holds already: questions to a table are charged before each is answered.

A release whose evidence names them is not charged for them again. What the ledger knows a question by is the
digest of its mechanisms, so that evidence that was edited is not what was charged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from gatecli.accounting.interface import Question
from gatecli.checks.release.recomputation import Cost, Costs, plain_work
from gatecli.gates.charged_work import written_question
from gatecli.ledger.interface import Store
from gatecli.model.budget import Neighbouring
from gatecli.model.ledger import STANDING, identity_digest
from gatecli.model.mechanism import Mechanism
from gatecli.model.release import Evidence, ReleaseSubject
from gatecli.model.table_evidence import AnsweredQuestion, TableEvidence


def question_digest(
    question: AnsweredQuestion, unit_column: str | None, rows_per_unit: int, neighbouring: Neighbouring
) -> str:
    """What a ledger knows a question by: all that its evidence says but whether it was answered."""
    work = Question(question.mechanisms, Fraction(0), neighbouring)  # no δ is part of what is written
    return identity_digest(
        {
            "subject": question.subject,
            "question": question.question,
            "budget": [str(question.epsilon), str(question.delta)],
            "unit": [unit_column, rows_per_unit],
            "work": written_question(work),
        }
    )


def without_charged(subject: ReleaseSubject, costs: Costs, store: Store) -> Costs:
    """The costs of what the ledger does not hold yet; what is declared besides is counted once."""
    charged = Counter(each.model_dump_json() for each in _charged_work(subject, store))
    if not charged:
        return costs
    return replace(
        costs,
        declared=_take_away(costs.declared, charged),
        recorded=_take_away(costs.recorded, charged),
        overlap=None,
    )


def _charged_work(subject: ReleaseSubject, store: Store) -> Iterator[Mechanism]:
    """The mechanisms of questions that the ledger holds, as they count for the release; each once."""
    seen: set[str] = set()
    for evidence in subject.evidence:
        if evidence.table is not None:
            yield from plain_work(_held_part(evidence, evidence.table, store, seen), subject.release)


def _held_part(evidence: Evidence, table: TableEvidence, store: Store, seen: set[str]) -> Evidence:
    new = [each for each in table.questions if each.subject not in seen]
    held = [each for each in new if _is_held(each, table, store)]
    seen.update(each.subject for each in held)
    return replace(evidence, mechanisms=tuple(one for each in held for one in each.mechanisms))


def _is_held(question: AnsweredQuestion, table: TableEvidence, store: Store) -> bool:
    if table.ledger is None or table.ledger.id != store.identity.id:
        return False
    known = store.reservation(question.subject)
    if known is None or known.state not in STANDING:
        return False
    digest = question_digest(question, table.unit_column, table.rows_per_unit, table.neighbouring)
    return known.digest == digest and any(each.dataset == table.dataset for each in known.charges)


def _take_away(cost: Cost | None, charged: Counter[str]) -> Cost | None:
    """A cost without what is charged already; each mechanism is taken away as often as it was charged."""
    if cost is None:
        return None
    waiting, left = Counter(charged), []
    for mechanism in cost.question.mechanisms:
        text = mechanism.model_dump_json()
        if waiting[text]:
            waiting[text] -= 1
        else:
            left.append(mechanism)
    return replace(cost, question=replace(cost.question, mechanisms=tuple(left)))
