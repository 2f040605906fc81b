"""The file that CNIL's PIA tool imports (github.com/LINCnil/pia, `importData` of its pia.service.ts).

It is one object of `pia`, `answers`, `measures`, `evaluations` and `comments`. The tool shows texts of
answers and measures as HTML without looking at them, so everything is escaped. Where nothing is known the
answer is left empty, which the tool counts as not answered; gauges and evaluations are a human's. What a
human still has to say stands as a comment beside the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any

from gatecli.documents.pia_answers import PiaAnswer, PiaMeasure, answers_of, measures_of
from gatecli.documents.statements import FactStatement
from gatecli.errors import UsageError
from gatecli.model.documents import DocumentFacts
from gatecli.reports.escaping import visible

PIA_ID = 1
"""The tool gives another one on import."""


def cnil_file(facts: DocumentFacts, created: str) -> dict[str, Any]:
    """What the tool imports; `created` is the time that the assessment was begun, RFC 3339."""
    answers = answers_of(facts)
    return {
        "pia": _pia(facts, created),
        "answers": list(_number_items(created, (_answer(each) for each in answers))),
        "measures": list(_number_items(created, (_measure(each) for each in measures_of(facts)))),
        "evaluations": [],
        "comments": list(_number_items(created, _comments(answers))),
    }


def begun_before(facts: DocumentFacts, before: object) -> str | None:
    """When the assessment that stands at a place was begun; None where none does.

    Raises UsageError where something else stands there: also what CNIL's tool wrote, which holds what people
    answered.
    """
    if before is None:
        return None
    pia = before.get("pia") if isinstance(before, dict) else None
    own = _pia(facts, "")
    if not isinstance(pia, dict) or set(pia) != set(own) or not isinstance(pia["created_at"], str):
        raise UsageError(
            "the file that stands there is not one that gatecli wrote for CNIL's tool",
            advice="name another file; nothing was written",
        )
    if pia["name"] != own["name"]:
        raise UsageError(
            "the file that stands there is of another release",
            advice="name another file; nothing was written",
        )
    return pia["created_at"]


def _pia(facts: DocumentFacts, created: str) -> dict[str, Any]:
    return {
        "id": PIA_ID,
        "status": 0,
        "name": _escape_html(f"{facts.name} {facts.version}"),
        "category": "",
        "author_name": "",
        "evaluator_name": "",
        "validator_name": "",
        "dpo_status": None,
        "dpo_opinion": None,
        "dpos_names": None,
        "people_names": None,
        "concerned_people_opinion": None,
        "concerned_people_status": None,
        "concerned_people_searched_opinion": None,
        "concerned_people_searched_content": None,
        "rejection_reason": "",
        "applied_adjustments": "",
        "is_example": 0,
        "is_archive": 0,
        "created_at": created,
        "updated_at": created,
    }


def _number_items(created: str, items: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    for number, item in enumerate(items, start=1):
        yield {"id": number, "pia_id": PIA_ID, **item, "created_at": created, "updated_at": created}


def _answer(answer: PiaAnswer) -> dict[str, Any]:
    statements = answer.statements
    data: dict[str, Any] = {"text": None, "gauge": None, "list": []}
    match answer.question.kind:
        case "list":
            data["list"] = [_item(each) for each in statements]
        case "text" | "gauge":
            data["text"] = _paragraphs(statements) if statements else None
    return {"reference_to": answer.question.number, "data": data}


def _item(statement: FactStatement) -> str:
    """A measure is named as its title is, so that the tool knows it again; anything else names its source."""
    text = _escape_html(statement.text)
    return f"{text} ({statement.source.value})" if statement.facts else text


def _measure(measure: PiaMeasure) -> dict[str, Any]:
    return {
        "title": _escape_html(measure.title),
        "content": _paragraphs(measure.statements),
        "placeholder": "measures.default_placeholder",
    }


def _paragraphs(statements: Iterable[FactStatement]) -> str:
    return "".join(f"<p>{_escape_html(each.text)} <em>({each.source.value})</em></p>" for each in statements)


def _comments(answers: Iterable[PiaAnswer]) -> Iterator[dict[str, Any]]:
    for each in answers:
        if each.statements and each.open:
            yield {
                "description": _escape_html(each.open),
                "reference_to": each.question.number,
                "for_measure": False,
            }


def _escape_html(text: str) -> str:
    return escape(visible(text), quote=False)
