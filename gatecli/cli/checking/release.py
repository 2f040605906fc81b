"""The release gate of a run: every declaration, and models that none covers."""

from __future__ import annotations

from collections.abc import Sequence

from gatecli.accounting.interface import Question
from gatecli.cache.store import Shelf, digest_of
from gatecli.checks.recomputation import Answer
from gatecli.cli.checking.run import Run
from gatecli.gate import Accounting, judge_releases
from gatecli.model.verdict import Verdict
from gatecli.sources.discovery import models_among
from gatecli.sources.release import releases_of


def release(run: Run) -> Verdict:
    """What changed or not: a promise is about the whole model, and its files are held to their digests."""
    releases = releases_of(run.declared)
    return judge_releases(
        releases.values,
        releases.findings,
        run.policy,
        run.session.bundle.waivers,
        accounting=remembered(run.cache.shelf("accounting"), Accounting()),
        models=models_among(run.searched, run.declared),
        **run.session.terms,
    )


def remembered(shelf: Shelf, accounting: Accounting) -> Accounting:
    """The same answers, those of earlier runs from a shelf: they depend on the question alone."""

    def known(question: Question) -> Answer | None:
        answer: Answer | None = shelf.get(_key(question)) if shelf else None
        return answer

    def kept(question: Question, answer: Answer) -> Answer:
        shelf.put(_key(question), answer)
        return answer

    def one(question: Question) -> Answer:
        answer = known(question)
        return kept(question, accounting.answer(question)) if answer is None else answer

    def many(questions: Sequence[Question]) -> dict[Question, Answer]:
        answers = {question: known(question) for question in questions}
        missing = tuple(question for question, answer in answers.items() if answer is None)
        fresh = accounting.answer_all(missing) if missing else {}
        return {
            question: kept(question, fresh[question]) if answer is None else answer
            for question, answer in answers.items()
        }

    return Accounting(one, many)


def _key(question: Question) -> str:
    """Every number in it is exact, and so shown whole."""
    return digest_of(repr(question))
