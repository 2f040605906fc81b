"""What an impact assessment asks, as data: the questions of CNIL's four parts, the ICO's seven steps, and the
nine criteria of WP 248 rev.01.

The numbers are those of CNIL's tool (github.com/LINCnil/pia), which tells its questions apart by them alone;
the words are ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

AnswerKind = Literal["text", "list", "gauge"]
"""What CNIL's tool takes as an answer: text, short items, or a gauge with a text that justifies it."""


@dataclass(frozen=True, slots=True)
class PiaQuestion:
    """A question by its number in CNIL's tool; `step` is the step of the ICO that asks for the same.

    `remaining` is what a human still has to say where facts are known.
    """

    number: int
    kind: AnswerKind
    step: int
    text: str
    remaining: str = ""


@dataclass(frozen=True, slots=True)
class PiaSection:
    """A section of one of CNIL's parts: its title and its questions."""

    title: str
    questions: tuple[PiaQuestion, ...]


@dataclass(frozen=True, slots=True)
class PiaPart:
    """One of CNIL's four parts; the last, validation, has no numbered question."""

    number: int
    title: str
    sections: tuple[PiaSection, ...]


def _risk(first: int, title: str) -> PiaSection:
    """The six questions that are asked of each of the three feared events."""
    return PiaSection(
        title,
        (
            PiaQuestion(
                first,
                "list",
                5,
                "What would this do to the people concerned?",
                "Which further consequences are possible?",
            ),
            PiaQuestion(
                first + 1, "list", 5, "What could bring it about?", "Which further threats are there?"
            ),
            PiaQuestion(
                first + 2, "list", 5, "Who or what could be behind it?", "Who else could be behind it?"
            ),
            PiaQuestion(
                first + 3,
                "list",
                6,
                "Which of the measures act against it?",
                "Which measures outside the release act against it?",
            ),
            PiaQuestion(
                first + 4,
                "gauge",
                5,
                "How severe would it be, with these measures in place?",
                "Set the severity: negligible, limited, significant or maximum, and say why.",
            ),
            PiaQuestion(
                first + 5,
                "gauge",
                5,
                "How likely is it, with these measures in place?",
                "Set the likelihood: negligible, limited, significant or maximum, and say why.",
            ),
        ),
    )


PARTS = (
    PiaPart(
        1,
        "Context",
        (
            PiaSection(
                "Overview",
                (
                    PiaQuestion(
                        111,
                        "text",
                        2,
                        "What is the processing, in a few sentences?",
                        "What is the model used for, by whom, and what is at stake?",
                    ),
                    PiaQuestion(
                        112,
                        "text",
                        2,
                        "Who is responsible for what?",
                        "Who is the controller, and who are joint controllers and processors?",
                    ),
                    PiaQuestion(
                        113,
                        "text",
                        2,
                        "Which standards apply to the processing?",
                        "Which codes of conduct, certifications and sector rules apply?",
                    ),
                ),
            ),
            PiaSection(
                "Data, processes and what supports them",
                (
                    PiaQuestion(
                        121,
                        "text",
                        2,
                        "Which data is processed?",
                        "How long is each kind kept, and who receives it or has access?",
                    ),
                    PiaQuestion(
                        122,
                        "text",
                        2,
                        "What happens to the data, from collection to deletion?",
                        "How is the data collected, stored, moved and deleted?",
                    ),
                    PiaQuestion(
                        123,
                        "text",
                        2,
                        "On which systems and files does the data rest?",
                        "Which databases, machines, networks and paper hold the data?",
                    ),
                ),
            ),
        ),
    ),
    PiaPart(
        2,
        "Fundamental principles",
        (
            PiaSection(
                "Necessity and proportionality",
                (
                    PiaQuestion(
                        211, "text", 4, "Which purposes does the processing have, and are they legitimate?"
                    ),
                    PiaQuestion(212, "text", 4, "On which legal basis is the data processed?"),
                    PiaQuestion(
                        213,
                        "text",
                        4,
                        "Is each kind of data needed, and no more of it than needed?",
                        "Why is each of these kinds of data needed for the purpose?",
                    ),
                    PiaQuestion(214, "text", 4, "How is the data kept accurate and up to date?"),
                    PiaQuestion(215, "text", 4, "How long is the data stored, and why that long?"),
                ),
            ),
            PiaSection(
                "The rights of the people concerned",
                (
                    PiaQuestion(221, "text", 4, "How are people told about the processing?"),
                    PiaQuestion(222, "text", 4, "How is consent obtained, where it is the basis?"),
                    PiaQuestion(223, "text", 4, "How can people see their data and take it with them?"),
                    PiaQuestion(224, "text", 4, "How can people have their data corrected or erased?"),
                    PiaQuestion(225, "text", 4, "How can people restrict the processing or object to it?"),
                    PiaQuestion(226, "text", 4, "Which contracts bind the processors, and to what?"),
                    PiaQuestion(
                        227,
                        "text",
                        4,
                        "How is data protected that is transferred outside the European Union?",
                    ),
                ),
            ),
        ),
    ),
    PiaPart(
        3,
        "Risks",
        (
            _risk(321, "Somebody gets at data who should not"),
            _risk(331, "Data is changed without anybody wanting it"),
            _risk(341, "Data disappears"),
        ),
    ),
    PiaPart(4, "Validation", ()),
)

QUESTIONS = tuple(question for part in PARTS for section in part.sections for question in section.questions)
"""All 36, in the order of their numbers."""

ICO_STEPS = (
    "Identify the need for a DPIA",
    "Describe the processing",
    "Consider consultation",
    "Assess necessity and proportionality",
    "Identify and assess risks",
    "Identify measures to mitigate the risks",
    "Sign off and record outcomes",
)
"""The seven steps of the ICO's guidance on data protection impact assessments."""

VALIDATION = (
    ("Which measures are still to be taken, by whom, and by when?", 6),
    ("What do the people concerned, or those who speak for them, say?", 3),
    ("What does the data protection officer advise?", 3),
    ("Who accepts the remaining risks, and on which day?", 7),
    ("When is this assessment looked at again?", 7),
)
"""What the last part asks, which only a human can answer, with the ICO's step."""
