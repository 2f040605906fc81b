"""An impact assessment (GDPR Art. 35) as its templates read it: four parts, seven steps, nine criteria."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gatecli.documents.pia_answers import PiaAnswer, answers_of, measures_of
from gatecli.documents.pia_criteria import criteria_of
from gatecli.documents.pia_questions import ICO_STEPS, PARTS, QUESTIONS, VALIDATION
from gatecli.model.documents import DocumentFacts


@dataclass(frozen=True, slots=True)
class AnsweredSection:
    """A section of one of CNIL's parts, with its answers."""

    title: str
    answers: tuple[PiaAnswer, ...]


@dataclass(frozen=True, slots=True)
class AnsweredPart:
    """One of CNIL's parts."""

    number: int
    title: str
    sections: tuple[AnsweredSection, ...]


def assessment_of(facts: DocumentFacts) -> Mapping[str, Any]:
    """What the templates of an impact assessment use besides the facts."""
    answers = answers_of(facts)
    return {
        "criteria": criteria_of(facts),
        "parts": _parts(answers),
        "measures": measures_of(facts),
        "validation": VALIDATION,
        "steps": _steps(),
        "answered": sum(1 for each in answers if each.statements),
        "asked": len(answers),
    }


def _parts(answers: tuple[PiaAnswer, ...]) -> tuple[AnsweredPart, ...]:
    by_number = {each.question.number: each for each in answers}
    return tuple(
        AnsweredPart(
            part.number,
            part.title,
            tuple(
                AnsweredSection(section.title, tuple(by_number[each.number] for each in section.questions))
                for section in part.sections
            ),
        )
        for part in PARTS
    )


def _steps() -> tuple[tuple[int, str, str], ...]:
    """Each step of the ICO: its number, its title, and where this document takes it."""
    return tuple((number, title, _where(number)) for number, title in enumerate(ICO_STEPS, start=1))


def _where(step: int) -> str:
    if step == 1:
        return "the nine criteria"
    numbers = [str(each.number) for each in QUESTIONS if each.step == step]
    numbers += [f"4.{place}" for place, (_, own) in enumerate(VALIDATION, start=1) if own == step]
    return ", ".join(numbers)
