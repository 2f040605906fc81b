"""Releases that count together: of one dataset, under one composition scope, in one run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gatecli.accounting.interface import NoBound, Question
from gatecli.checks.release.accounting import EPSILON, UNDERSTATED
from gatecli.checks.release.interface import finding_at
from gatecli.checks.release.recomputation import Answer, Costs
from gatecli.model.finding import Finding, Rule, Severity
from gatecli.model.identity import identity_of
from gatecli.model.mechanism import Mechanism
from gatecli.model.number import show, show_down, show_up
from gatecli.model.release import Privacy, ReleaseSubject

SCOPE_OVER_BUDGET = Rule(
    "dp-scope-over-budget",
    Severity.ERROR,
    "Releases that count together are not within the ε that each declares",
)

_ALONE = re.compile(
    r"(only |just )?(this|a single|each|one) (release|model|version|run|training run)( alone| only)?\.?"
)
"""Scopes of one release."""

NAMED = 3
DIGITS = 4


@dataclass(frozen=True, slots=True)
class Company:
    """The releases that count together with one, itself included, and what all of them cost."""

    members: tuple[ReleaseSubject, ...]
    question: Question


def companies(subjects: Sequence[ReleaseSubject], costs: Sequence[Costs]) -> Mapping[int, Company]:
    """The company of each release that has one, by its number.

    A release that nothing bounds is a finding of its own, and is left out.
    """
    keys = {
        number: _keys(subject)
        for number, (subject, cost) in enumerate(zip(subjects, costs, strict=True))
        if cost.worst is not None
    }
    sharing: dict[tuple[str, str], list[int]] = {}
    for number, own in keys.items():
        for key in own:
            sharing.setdefault(key, []).append(number)
    found = {}
    for number, own in keys.items():
        members = sorted({other for key in own for other in sharing[key]})
        asked = [cost.worst[0].question for each in members if (cost := costs[each]).worst is not None]
        claim = subjects[number].release.claim
        question = _question(claim, asked) if claim and len(members) > 1 else None
        if question is not None:
            found[number] = Company(tuple(subjects[each] for each in members), question)
    return found


def _keys(subject: ReleaseSubject) -> frozenset[tuple[str, str]]:
    """What a release counts together by: its scope and each of its datasets; none where it stands alone."""
    claim = subject.release.claim
    scope = identity_of(claim.composition_scope) if claim and claim.composition_scope else ""
    if not scope or _ALONE.fullmatch(scope):
        return frozenset()
    return frozenset((scope, identity_of(dataset.name)) for dataset in subject.release.spec.datasets)


def _question(claim: Privacy, asked: Sequence[Question]) -> Question | None:
    if claim.budget is None or claim.neighbouring is None:
        return None
    mechanisms = tuple(
        _under_stated_relation(mechanism, question, claim)
        for question in asked
        for mechanism in question.mechanisms
    )
    most = max(question.group for question in asked)
    return Question(mechanisms, claim.budget.delta, claim.neighbouring, most)


def _under_stated_relation(mechanism: Mechanism, question: Question, claim: Privacy) -> Mechanism:
    """A mechanism of another release, under the relation that its release declares."""
    if mechanism.neighbouring is not None or question.neighbouring is claim.neighbouring:
        return mechanism
    return mechanism.model_copy(update={"neighbouring": question.neighbouring})


def find_over_scope(subject: ReleaseSubject, company: Company, answer: Answer) -> Iterator[Finding]:
    """A release's ε is that of its whole scope, so it covers what the others of the scope cost."""
    claim = subject.release.claim
    if claim is None or claim.epsilon is None:
        return
    others = [each.release.subject for each in company.members if each is not subject]
    names = ", ".join(others[:NAMED]) + (f" and {len(others) - NAMED} more" if len(others) > NAMED else "")
    told = f"declares ε = {show(claim.epsilon)} over {claim.composition_scope}, but together with {names}"
    if isinstance(answer, NoBound):
        cost, rule, enough = "nothing bounds what was spent", SCOPE_OVER_BUDGET, ""
    elif answer.lower > claim.epsilon:
        cost, rule = f"at least ε = {show_down(answer.lower, DIGITS)} was spent", UNDERSTATED
        enough = show_up(answer.upper, DIGITS) if answer.upper is not None else ""
    elif answer.upper is None or answer.upper > claim.epsilon:
        enough = show_up(answer.upper, DIGITS) if answer.upper is not None else ""
        cost, rule = (
            f"at most ε = {enough} was spent" if enough else "nothing bounds what was spent",
            SCOPE_OVER_BUDGET,
        )
    else:
        return
    declare = f"declare epsilon ≥ {enough}, the budget of the whole scope, in each" if enough else "run less"
    yield finding_at(
        rule,
        subject,
        EPSILON,
        f"{told} {cost} at δ = {show(company.question.delta)} on the same dataset",
        f"{declare}; or declare compositionScope: this release alone, if no one sees two of them",
        about=f"{claim.composition_scope}\0{names}",
    )
