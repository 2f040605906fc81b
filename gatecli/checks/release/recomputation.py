"""What a release really cost: the questions that its declaration and evidence raise, and the answers.

The declared mechanisms are one account of what was run, all evidence files together are another:
each file records a part of the work, so files compose. The worse account counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain

from gatecli.accounting.interface import NoBound, Question
from gatecli.checks.release.recorded_work import (
    BLACK_BOXES,
    declared_work,
    in_sequence,
    kinds,
    kinds_of,
    recorded_work,
    select_run,
)
from gatecli.model.budget import Bounds, Neighbouring
from gatecli.model.mechanism import Mechanism
from gatecli.model.release import Evidence, ModelRelease, Privacy, ReleaseSubject

Answer = Bounds | NoBound

TOLERANCE = Fraction(1, 100)
"""Two accounts of one run differ by rounded sampling rates; beyond this share they are of two runs."""


@dataclass(frozen=True, slots=True)
class Cost:
    """One account of what was run and what it costs.

    `source` names the account in a sentence; `suffix` follows a description of the mechanisms where
    they are not the declared ones.
    """

    source: str
    question: Question
    answer: Answer
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class Costs:
    """All that is known about one release's cost.

    `overlap` is the part of the declared mechanisms that the evidence speaks about: an accountant's
    history covers the training and not the statistics published beside it. `parts` are both accounts of each
    kind of work that both know, where there are several: a small part must not hide beside a large one.
    """

    declared: Cost | None = None
    recorded: Cost | None = None
    overlap: Cost | None = None
    parts: tuple[tuple[Cost, Cost], ...] = ()

    @property
    def counted(self) -> tuple[Cost, ...]:
        return tuple(cost for cost in (self.declared, self.recorded) if cost is not None)

    @property
    def bounded(self) -> tuple[tuple[Cost, Bounds], ...]:
        """The counted costs that have bounds."""
        return tuple((cost, cost.answer) for cost in self.counted if isinstance(cost.answer, Bounds))

    @property
    def worst(self) -> tuple[Cost, Bounds] | None:
        """The cost with the highest upper bound, none counting as highest; None where nothing is bounded."""
        return max(self.bounded, key=_upper_rank, default=None)

    def find_unverified(self, declared: Fraction) -> tuple[Cost, Bounds] | None:
        """A cost whose upper bound exceeds `declared`: the worst, or the declared one where they agree."""
        return _telling_pair(
            pair for pair in self.bounded if pair[1].upper is None or pair[1].upper > declared
        )

    def find_understated(self, declared: Fraction) -> tuple[Cost, Bounds] | None:
        """A cost whose lower bound exceeds `declared`: the worst, or the declared one where they agree."""
        return _telling_pair(pair for pair in self.bounded if pair[1].lower > declared)

    @property
    def lower(self) -> Fraction:
        """The highest lower bound; 0 where none is known."""
        return max((bounds.lower for _, bounds in self.bounded), default=Fraction(0))


def _upper_rank(pair: tuple[Cost, Bounds]) -> tuple[bool, Fraction]:
    upper = pair[1].upper
    return (upper is None, upper or Fraction(0))


def _telling_pair(pairs: Iterable[tuple[Cost, Bounds]]) -> tuple[Cost, Bounds] | None:
    several = tuple(pairs)
    worst = max(several, key=_upper_rank, default=None)
    return None if worst is None else next(pair for pair in several if agree(pair[1].upper, worst[1].upper))


def agree(one: Fraction | None, other: Fraction | None) -> bool:
    """Whether two upper bounds can be of the same work."""
    if one is None or other is None:
        return one is other
    return abs(one - other) <= TOLERANCE * max(one, other)


@dataclass(frozen=True, slots=True)
class Questions:
    """What accountants are asked about one release; None where there is nothing to ask."""

    declared: Question | None = None
    recorded: Question | None = None
    overlap: Question | None = None
    parts: tuple[tuple[Question, Question], ...] = ()

    def __iter__(self) -> Iterator[Question]:
        whole = (asked for asked in (self.declared, self.recorded, self.overlap) if asked is not None)
        return chain(whole, *self.parts)


def questions_of(subject: ReleaseSubject) -> Questions:
    """The questions a release raises; none where its claim names no (ε, δ) or no neighbouring relation.

    Without a relation ε has no meaning, so nothing recomputed could be compared with it.
    """
    claim = subject.release.claim
    if claim is None or claim.budget is None or claim.neighbouring is None:
        return Questions()
    recorded = tuple(
        mechanism for evidence in subject.evidence for mechanism in recorded_work(evidence, subject.release)
    )
    return Questions(
        declared=_question(claim, declared_work(claim)),
        recorded=_question(claim, select_run(claim, recorded)),
        overlap=_question(claim, select_run(claim, _overlap(in_sequence(claim.mechanisms), recorded))),
        parts=tuple(_parts(claim, in_sequence(claim.mechanisms), recorded)),
    )


def plain_work(evidence: Evidence, release: ModelRelease) -> tuple[Mechanism, ...]:
    """The mechanisms of a file as they stand in the release's questions; none without a relation."""
    claim = release.claim
    if claim is None or claim.neighbouring is None:
        return ()
    return tuple(_plain(mechanism, claim.neighbouring) for mechanism in recorded_work(evidence, release))


def _parts(
    claim: Privacy, declared: tuple[Mechanism, ...], recorded: tuple[Mechanism, ...]
) -> Iterator[tuple[Question, Question]]:
    """Both accounts of each kind of work; none where there is one kind, or a mechanism is of several."""
    common = sorted(kinds_of(declared) & kinds_of(recorded))
    if len(common) < 2 or any(len(kinds(mechanism)) > 1 for mechanism in (*declared, *recorded)):
        return
    for kind in common:
        pair = [
            _question(claim, tuple(mechanism for mechanism in account if kind in kinds(mechanism)))
            for account in (declared, recorded)
        ]
        if pair[0] is not None and pair[1] is not None:
            yield pair[0], pair[1]


def _question(claim: Privacy, mechanisms: tuple[Mechanism, ...]) -> Question | None:
    budget, neighbouring = claim.budget, claim.neighbouring
    if not mechanisms or budget is None or neighbouring is None:
        return None
    plain = tuple(_plain(mechanism, neighbouring) for mechanism in mechanisms)
    return Question(plain, budget.delta, neighbouring, claim.max_contributions or 1, budget.epsilon)


def _plain(mechanism: Mechanism, neighbouring: Neighbouring) -> Mechanism:
    """The mechanism without what its cost does not depend on, so that equal work is one question.

    Under replace-one a noise multiplier depends on whether its relation is stated.
    """
    idle = {"name", "clipping_norm"} & type(mechanism).model_fields.keys()
    if mechanism.neighbouring is neighbouring is not Neighbouring.REPLACE_ONE:
        idle |= {"neighbouring"}
    return mechanism.model_copy(update=dict.fromkeys(idle))


def _overlap(declared: tuple[Mechanism, ...], recorded: tuple[Mechanism, ...]) -> tuple[Mechanism, ...]:
    """The declared mechanisms of the recorded kinds; where there are none, budgets that may be of them."""
    families = kinds_of(recorded)
    alike = tuple(mechanism for mechanism in declared if families & kinds(mechanism))
    boxes = tuple(mechanism for mechanism in declared if isinstance(mechanism, BLACK_BOXES))
    return alike or (boxes if recorded else ())


def _kind(asked: Question) -> str:
    return ", ".join(sorted(kinds_of(asked.mechanisms)))


def costs_of(subject: ReleaseSubject, answers: Mapping[Question, Answer]) -> Costs:
    """The costs of a release; `answers` holds every question of `questions_of`."""
    asked = questions_of(subject)
    paths = ", ".join(evidence.reference.path for evidence in subject.evidence if not evidence.audits)

    def cost(source: str, question: Question | None, suffix: str = "") -> Cost | None:
        return None if question is None else Cost(source, question, answers[question], suffix)

    same = "the declared mechanisms"
    return Costs(
        declared=cost(same, asked.declared),
        recorded=cost(f"the evidence in {paths}", asked.recorded, f", as {paths} records,"),
        parts=tuple(
            (
                Cost(f"the declared {_kind(of_declared)}", of_declared, answers[of_declared]),
                Cost(f"that in {paths}", of_recorded, answers[of_recorded]),
            )
            for of_declared, of_recorded in asked.parts
        ),
        overlap=cost(same if asked.overlap == asked.declared else f"{same} of the same kind", asked.overlap),
    )
