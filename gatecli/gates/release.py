"""The release gate: declarations keep their promise, and no model is without one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gatecli.accounting.account import account, account_all
from gatecli.accounting.interface import Question
from gatecli.cache.store import Shelf, digest_of
from gatecli.checks.ledger.charging import find_not_asked
from gatecli.checks.release.composition import companies, find_over_scope
from gatecli.checks.release.evidence_coverage import coverage
from gatecli.checks.release.interface import ReleaseContext
from gatecli.checks.release.recomputation import Answer, Costs, costs_of, questions_of
from gatecli.checks.release.registry import RELEASE_CHECKS
from gatecli.checks.release.weights import Shipped, find_unbound
from gatecli.errors import UsageError
from gatecli.gates import RELEASE
from gatecli.gates.decisions import find_decisions
from gatecli.gates.judgement import JudgementTerms, judge
from gatecli.model.finding import Finding
from gatecli.model.identity import identity_of
from gatecli.model.policy import PrivacyPolicy
from gatecli.model.release import ReleaseSubject
from gatecli.model.verdict import Checked, Examined, Verdict
from gatecli.sources.declaration import read_declarations
from gatecli.sources.discovery import (
    files_below,
    find_beside,
    find_declarations,
    find_models,
    find_weights,
    models_among,
    weights_in,
)
from gatecli.sources.release import read_releases, releases_of
from gatecli.sources.unknown_documents import find_unknown
from gatecli.sources.weights import is_fitted

if TYPE_CHECKING:
    from gatecli.gates.charges import Assessment, Terms
    from gatecli.gates.folder import Folder
    from gatecli.gates.reserving import LedgerUse

ADVISED_AT_ONCE = 25
"""Releases in one run beyond which advice names no calibrated noise: each costs several recomputations."""


@dataclass(frozen=True, slots=True)
class Accounting:
    """Who answers what something cost: many questions at once for the verdict, one at a time for advice."""

    answer: Callable[[Question], Answer] = account
    answer_all: Callable[[Sequence[Question]], Mapping[Question, Answer]] = account_all


@dataclass(frozen=True, slots=True)
class ReleaseRequest:
    """The releases to check.

    `problems` are what the sources could not read or found too broken to judge: they stand as they are,
    since nothing else was looked at behind them, and forgiving them would pass what nobody judged.
    `models` are files of model weights that no declaration stands beside, `weights` all files of them that
    are checked, `fitted` those of preprocessing. `beside` are releases that stand beside the checked ones and
    are not judged themselves: they only say which files are theirs.
    """

    terms: JudgementTerms
    releases: Sequence[ReleaseSubject]
    problems: Sequence[Finding] = ()
    models: Sequence[str] = ()
    accounting: Accounting = Accounting()
    weights: Sequence[str] = ()
    fitted: Sequence[str] = ()
    beside: Sequence[ReleaseSubject] = ()
    ledger: LedgerUse | None = None
    """The ledger whose budgets the releases must fit into; None to judge each alone."""


def request_for(
    paths: Sequence[Path], terms: JudgementTerms, ledger: LedgerUse | None = None
) -> ReleaseRequest:
    """A request for the declarations, and those found in folders. Raises UsageError for an absent path."""
    require_existing(paths)
    declarations = frozenset(find_declarations(paths))
    read = read_releases(sorted(declarations))
    weights, fitted = _sort_weights(find_weights(paths))
    beside = _releases_beside(find_beside(paths))
    models = find_models(paths)
    problems = (*read.findings, *find_unknown(files_below(paths), declarations))
    return ReleaseRequest(
        terms, read.values, problems, models, weights=weights, fitted=fitted, beside=beside, ledger=ledger
    )


def _sort_weights(files: Iterable[Path]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Files of weights, and files of fitted preprocessing."""
    shipped = tuple(files)
    fitted = {file for file in shipped if is_fitted(file.name)}
    return (
        tuple(file.as_posix() for file in shipped if file not in fitted),
        tuple(file.as_posix() for file in sorted(fitted)),
    )


def _releases_beside(files: Iterable[Path]) -> tuple[ReleaseSubject, ...]:
    """The releases in files that are not judged; one that cannot be read claims nothing."""
    read = (each for file in files for each in read_declarations(file).values)
    return tuple(ReleaseSubject(release, document) for release, document in read)


def require_existing(paths: Sequence[Path]) -> None:
    """Raises UsageError for a path where nothing is."""
    for path in paths:
        if not os.path.lexists(path):
            raise UsageError(f"{path}: there is no such file or folder", advice="check the spelling")


def check_folder(folder: Folder) -> Verdict:
    """What changed or not: a promise is about the whole model, and its files are held to their digests."""
    read = releases_of(folder.declared)
    models = models_among(folder.searched, folder.declared)
    weights, fitted = _sort_weights(weights_in(folder.searched))
    accounting = with_cache(folder.cache.shelf("accounting"), Accounting())
    problems = (*read.findings, *find_unknown(folder.tree.files, folder.declared.keys()))
    return check_releases(
        ReleaseRequest(
            folder.terms, read.values, problems, models, accounting, weights, fitted, ledger=folder.ledger
        )
    )


@dataclass(frozen=True, slots=True)
class JudgedReleases:
    """A verdict, and what it was made from: for each release its costs, and what a ledger says of it."""

    verdict: Verdict
    costs: tuple[Costs, ...]
    charged: tuple[tuple[Assessment, Terms] | None, ...]


def check_releases(request: ReleaseRequest) -> Verdict:
    """The verdict over model releases.

    With a ledger, releases that do not fit into their datasets' budgets are findings too; what passes is
    reserved, where that is asked for. Raises LedgerUnavailable where the ledger does not answer.
    """
    return judge_releases(request).verdict


def judge_releases(request: ReleaseRequest) -> JudgedReleases:
    """The same verdict, with what it was made from."""
    costs = _costs(request.releases, request.accounting)
    found = [
        *find_unbound(
            Shipped(request.weights, request.fitted, request.models), request.releases, request.beside
        ),
        *_findings(request.releases, costs, request.terms.policy, request.accounting),
        *_find_composed(request.releases, costs, request.accounting),
    ]
    if request.ledger is None:
        unasked = map(find_not_asked, request.releases) if request.terms.policy.spec.ledger.required else ()
        alone = (None,) * len(costs)
        decisions = find_decisions(request.releases, costs, request.terms.policy, alone)
        verdict = _judge(request, costs, [*found, *unasked, *decisions], [{} for _ in request.releases])
        return JudgedReleases(verdict, tuple(costs), alone)
    from gatecli.gates.charged_releases import judge_charged  # noqa: PLC0415 - few runs have a ledger

    charged: list[tuple[Assessment, Terms]] = []

    def conclude(assessed: Sequence[Assessment], terms: Terms) -> Verdict:
        charged[:] = [(each, terms) for each in assessed]
        problems = [problem for each in assessed for problem in each.problems]
        decisions = find_decisions(request.releases, costs, request.terms.policy, charged)
        measures = [each.measures for each in assessed]
        return _judge(request, costs, [*found, *problems, *decisions], measures)

    verdict = judge_charged(request.releases, costs, request.terms, request.ledger, conclude)
    return JudgedReleases(verdict, tuple(costs), tuple(charged))


def _judge(
    request: ReleaseRequest,
    costs: Sequence[Costs],
    found: Sequence[Finding],
    measures: Sequence[Mapping[str, object]],
) -> Verdict:
    """`measures` are those of the ledger, one mapping for each release."""
    checked = tuple(
        _checked_release(subject, cost, also)
        for subject, cost, also in zip(request.releases, costs, measures, strict=True)
    )
    return judge(RELEASE, Examined(checked, tuple(found), tuple(request.problems)), request.terms)


def _costs(subjects: Sequence[ReleaseSubject], accounting: Accounting) -> list[Costs]:
    """The costs of each release; a question that several raise is asked once."""
    questions = dict.fromkeys(question for subject in subjects for question in questions_of(subject))
    answers = accounting.answer_all(tuple(questions)) if questions else {}
    return [costs_of(subject, answers) for subject in subjects]


def _findings(
    subjects: Sequence[ReleaseSubject],
    costs: Sequence[Costs],
    policy: PrivacyPolicy,
    accounting: Accounting,
) -> Iterator[Finding]:
    advisor = accounting.answer if len(subjects) <= ADVISED_AT_ONCE else None
    seen: dict[str, list[ReleaseSubject]] = {}
    for subject, cost in zip(subjects, costs, strict=True):
        namesakes = seen.setdefault(_identity(subject), [])
        context = ReleaseContext(policy, cost, tuple(namesakes), advisor)
        for check in RELEASE_CHECKS:
            yield from check.find(subject, context)
        namesakes.append(subject)


def _identity(subject: ReleaseSubject) -> str:
    """Name and version as a reader sees them."""
    metadata = subject.release.metadata
    return f"{identity_of(metadata.name)}\0{identity_of(metadata.version)}"


def _find_composed(
    subjects: Sequence[ReleaseSubject], costs: Sequence[Costs], accounting: Accounting
) -> Iterator[Finding]:
    """Findings on releases that count together."""
    found = companies(subjects, costs)
    questions = tuple(dict.fromkeys(each.question for each in found.values()))
    answers = accounting.answer_all(questions) if questions else {}
    for number, company in found.items():
        yield from find_over_scope(subjects[number], company, answers[company.question])


def _checked_release(subject: ReleaseSubject, costs: Costs, also: Mapping[str, object]) -> Checked:
    notes = [note for evidence in subject.evidence for note in evidence.notes]
    measures = _measures(costs) | dict(also) | _coverage_of(subject) | ({"notes": notes} if notes else {})
    return Checked("release", subject.release.subject, subject.document.path, measures, _inputs(subject))


def _coverage_of(subject: ReleaseSubject) -> dict[str, object]:
    """Which evidence file records which declared mechanism; empty where there is no such file."""
    claim = subject.release.claim
    return {"covered": coverage(subject)} if claim and claim.mechanisms and claim.evidence else {}


def _inputs(subject: ReleaseSubject) -> dict[str, object]:
    """The bytes that were judged: of the declaration, and of the artifacts that are there."""
    artifacts = [
        {"path": state.artifact.path, "sha256": state.sha256}
        for state in subject.artifacts
        if state.sha256 is not None
    ]
    return {"sha256": subject.document.sha256, "artifacts": artifacts} if subject.document.sha256 else {}


def _measures(costs: Costs) -> dict[str, object]:
    """What a release was found to cost, by its worst account; empty where nothing was recomputed."""
    if costs.worst is None:
        return {}
    bounds = costs.worst[1]
    return {
        "epsilonUpper": bounds.upper,
        "epsilonLower": costs.lower,
        "delta": bounds.delta,
        "accountant": bounds.accountant,
        "neighbouring": bounds.neighbouring,
    }


def with_cache(shelf: Shelf, accounting: Accounting) -> Accounting:
    """The same answers, those of earlier runs from a shelf: they depend on the question alone."""

    def recall(question: Question) -> Answer | None:
        answer: Answer | None = shelf.get(_key(question)) if shelf else None
        return answer

    def keep(question: Question, answer: Answer) -> Answer:
        shelf.put(_key(question), answer)
        return answer

    def one(question: Question) -> Answer:
        answer = recall(question)
        return keep(question, accounting.answer(question)) if answer is None else answer

    def many(questions: Sequence[Question]) -> dict[Question, Answer]:
        answers = {question: recall(question) for question in questions}
        missing = tuple(question for question, answer in answers.items() if answer is None)
        fresh = accounting.answer_all(missing) if missing else {}
        return {
            question: keep(question, fresh[question]) if answer is None else answer
            for question, answer in answers.items()
        }

    return Accounting(one, many)


def _key(question: Question) -> str:
    """Every number in it is exact, and so shown whole."""
    return digest_of(repr(question))
