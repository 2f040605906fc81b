"""The hand-written parts of a document, between `<!-- gatecli:keep ID -->` and `<!-- gatecli:end ID -->`."""

from __future__ import annotations

import re

from gatecli.errors import UsageError
from gatecli.model.document_stamp import PART_ID

_MARK = re.compile(r"<!-- gatecli:(keep|end) ([^\s<>]{1,100}) -->")
_ANY = re.compile(r"<!-{2,}\s*gatecli\s*:\s*+(?!document |section |allow )", re.IGNORECASE)


class BrokenMarksError(UsageError):
    """A hand-written part of a document cannot be told from the rest."""


def hand_written_parts(text: str, name: str) -> dict[str, str]:
    """The text of each hand-written part by its id, in their order; `name` is the document in errors.

    Raises BrokenMarksError for a mark that is lost, doubled, nested or not known.
    """
    marks = list(_MARK.finditer(text))
    if len(marks) != len(_ANY.findall(text)):
        raise _error_of(name, "a mark that gatecli did not write")
    parts: dict[str, str] = {}
    opened: re.Match[str] | None = None
    for mark in marks:
        verb, part = mark.groups()
        if not PART_ID.fullmatch(part):
            raise _error_of(name, "a mark that gatecli did not write")
        if verb == "keep":
            if opened is not None:
                raise _error_of(
                    name, f"the part {part} inside the part {opened[2]}, or {opened[2]} has no end"
                )
            if part in parts:
                raise _error_of(name, f"the part {part} twice")
            opened = mark
        elif opened is None or opened[2] != part:
            raise _error_of(name, f"the end of the part {part} without its beginning")
        else:
            parts[part] = text[opened.end() : mark.start()]
            opened = None
    if opened is not None:
        raise _error_of(name, f"no end of the part {opened[2]}")
    return parts


def part_text(part: str, content: str) -> str:
    """A hand-written part with its marks; the content as it is."""
    return f"<!-- gatecli:keep {part} -->{content}<!-- gatecli:end {part} -->"


def _error_of(name: str, what: str) -> BrokenMarksError:
    return BrokenMarksError(
        f"{name} has {what}",
        advice="restore its marks <!-- gatecli:keep … --> and <!-- gatecli:end … --> from git; "
        "nothing was written",
    )
