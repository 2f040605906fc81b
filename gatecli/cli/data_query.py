"""`gatecli data query`: the questions of a file, answered within a budget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer

from gatecli.cli.yaml_output import json_text, yaml_lines
from gatecli.data.answers import Answer, Receipt
from gatecli.data.questions_file import (
    NamedAnswer,
    ask_all,
    open_questions,
    read_questions,
    require_evidence_apart,
)
from gatecli.frontdoor.console import err, out
from gatecli.frontdoor.options import OUTPUT, Listing, ListingFormat, option
from gatecli.model.number import plain, show
from gatecli.reports.escaping import inert, visible

TABLE = "Table"


def query(
    questions: Annotated[
        Path, typer.Argument(metavar="FILE", help="The questions, a document of kind TableQuestions.")
    ],
    evidence: Annotated[
        Path | None,
        option("--evidence", panel=OUTPUT, metavar="FILE", help="Write what was spent, for a release."),
    ] = None,
    isolated: Annotated[
        bool, option("--isolated", panel=TABLE, help="Read the rows in a process of their own.")
    ] = False,
    output: ListingFormat = Listing.TEXT,
) -> None:
    """Ask a table the questions of a file, within a budget.

    Where a question fails, the answers to those before it are printed and stand in the evidence.
    """
    asked = read_questions(questions)
    if evidence is not None:
        require_evidence_apart(evidence, questions, asked)
    answered: list[NamedAnswer] = []
    with closing(open_questions(asked, questions.parent, isolated=isolated)) as table:
        try:
            answered.extend(ask_all(table, asked.spec))
        finally:
            if answered:
                out(_RENDER[output](answered))
            if evidence is not None and not table.is_closed and table.budget.questions:
                table.write_evidence(evidence)
        left = table.budget.holding
    err(f"gatecli: one more question on {visible(left.dataset)} may have ε = {show(left.left)}\n")


def _text(answered: Sequence[NamedAnswer]) -> str:
    text = "\n".join(f"{visible(each.name)}\n{each.answer}\n" for each in answered)
    return "".join(f"{inert(line)}\n" for line in text.splitlines())


def _data(named: NamedAnswer) -> dict[str, Any]:
    answer = named.answer
    if isinstance(answer, Answer):
        return {
            "name": named.name,
            "rows": [dict(row) for row in answer.rows],
            "receipt": _receipt(answer.receipt),
        }
    parameters = {
        name: {"low": each.low, "high": each.high, "mean": each.mean, "deviation": each.deviation}
        for name, each in answer.parameters.items()
    }
    return {
        "name": named.name,
        "parameters": parameters,
        "receipts": [_receipt(each) for each in answer.receipts],
    }


def _receipt(receipt: Receipt) -> dict[str, Any]:
    return {
        "subject": receipt.subject,
        "epsilon": plain(receipt.epsilon),
        "delta": plain(receipt.delta),
        "reason": receipt.reason,
        "engine": receipt.engine,
        "errors": dict(receipt.errors),
    }


_RENDER: dict[Listing, Callable[[Sequence[NamedAnswer]], str]] = {
    Listing.TEXT: _text,
    Listing.JSON: lambda answered: json_text({"answers": [_data(each) for each in answered]}),
    Listing.YAML: lambda answered: yaml_lines("answers", [_data(each) for each in answered]),
}
