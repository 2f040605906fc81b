"""From facts to a document: the template's text, the facts in it as text, and what people wrote before.

Whatever is not written in a template is text: nothing that a declaration says can become markup. An
organisation's own template runs in a sandbox.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jinja2 import (
    ChoiceLoader,
    DictLoader,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
)
from jinja2.exceptions import TemplateRuntimeError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from gatecli.documents.escaping import escape_markdown
from gatecli.documents.kinds import DocumentKind
from gatecli.documents.marks import BrokenMarksError, hand_written_parts, part_text
from gatecli.errors import UsageError
from gatecli.model.document_stamp import DocumentStamp, InvalidStamp, read_stamp, stamp_comment
from gatecli.model.documents import QUESTION, DocumentFacts, input_digests
from gatecli.model.number import plain, show_percent
from gatecli.reports.escaping import visible
from gatecli.reports.markdown import code

_SHIPPED = Path(__file__).parent / "templates"
_OWN = "the given template"


@dataclass(frozen=True, slots=True)
class WrittenDocument:
    """A document that stands at the place already: its name, its text, and its YAML front matter."""

    name: str
    text: str
    front_matter: str | None = None
    """Without its fences; None where there is none."""


@dataclass(frozen=True, slots=True)
class DocumentRequest:
    """What is to be written.

    `declaration` is the path of the declaration as seen from the document, `file` the document's own name,
    `before` what it takes the place of. `template` is the text of a user's own one, `more` what the template
    may use besides the facts.
    """

    kind: DocumentKind
    facts: DocumentFacts
    declaration: str
    file: str = "FILE"
    before: WrittenDocument | None = None
    template: str | None = None
    more: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


class _Parts:
    """What people wrote, given to the template part by part; remembers which parts it asked for."""

    def __init__(self, written: Mapping[str, str], front_matter: str | None, kind: DocumentKind) -> None:
        self._written = written
        self._front_matter = front_matter
        self._is_html = kind.is_html
        self.asked: list[str] = []
        self.has_front_matter = False

    def keep(self, part: str, question: str, *, inline: bool = False) -> Markup:
        """A hand-written part; at first a question that a reader sees."""
        self.asked.append(part)
        content = self._written.get(part)
        if content is None:
            content = self._question(question) if inline else f"\n{self._question(question)}\n"
        return Markup(part_text(part, content))  # noqa: S704 - what a person wrote is theirs

    def _question(self, question: str) -> str:
        if self._is_html:
            return f"<strong>{QUESTION}</strong> {escape(question)}"
        return f"**{QUESTION}** {escape_markdown(question)}"

    def front_matter(self, first: str) -> Markup:
        """The front matter that stands there, else a first one; people write in it."""
        self.has_front_matter = True
        written = self._front_matter
        return Markup(first.strip("\n") if written is None else written)  # noqa: S704 - the same


def render_document(request: DocumentRequest) -> str:
    """The text of the document.

    Raises UsageError where another text stands at the place, or the template cannot be used;
    BrokenMarksError where what a person wrote would be lost.
    """
    stamp, written = _read_before(request)
    before = request.before
    parts = _Parts(written, before.front_matter if before else None, request.kind)
    text = _render(request, parts)
    _require_every_part(request, stamp, written, parts)
    own = DocumentStamp(
        request.kind.name.value,
        request.facts.identity,
        request.declaration,
        input_digests(request.facts, request.kind.inputs),
        tuple(parts.asked),
    )
    whole = f"{text.rstrip()}\n\n{stamp_comment(own)}\n"
    if list(hand_written_parts(whole, _OWN)) != parts.asked or whole.count("<!-- gatecli:document ") != 1:
        raise UsageError(
            f"{_OWN} writes marks of gatecli itself",
            advice="use {{ keep(ID, QUESTION) }} for hand-written parts",
        )
    return whole


def _read_before(request: DocumentRequest) -> tuple[DocumentStamp | None, dict[str, str]]:
    """The stamp and the hand-written parts of what stands at the place."""
    before, kind = request.before, request.kind
    if before is None:
        return None, {}
    try:
        stamp = read_stamp(before.text)
    except InvalidStamp as error:
        raise BrokenMarksError(f"{before.name} {error}", advice="restore that line from git") from None
    if stamp is None:
        raise UsageError(
            f"{before.name} is not a document that gatecli wrote",
            advice="name another file, or move this one; nothing was written",
        )
    same_version = stamp.release == request.facts.identity
    same_name = stamp.release.startswith(f"{request.facts.name}@")  # a version may hold an @ itself
    if stamp.kind != kind.name or not (same_version if kind.of_one_version else same_name):
        raise UsageError(
            f"{before.name} is the {stamp.kind} of {visible(stamp.release)}",
            advice=f"name another file for the {kind.title} of {visible(request.facts.identity)}",
        )
    return stamp, hand_written_parts(before.text, before.name)


def _require_every_part(
    request: DocumentRequest, stamp: DocumentStamp | None, written: Mapping[str, str], parts: _Parts
) -> None:
    before = request.before
    if stamp is None or before is None:
        return
    name = before.name
    if parts.has_front_matter and before.front_matter is None:
        raise BrokenMarksError(
            f"{name} has lost its front matter", advice="restore it from git; nothing was written"
        )
    lost = [part for part in stamp.parts if part not in written]
    if lost:
        raise BrokenMarksError(
            f"{name} has lost the marks of the part {lost[0]}",
            advice="restore them from git, with what was written between them; nothing was written",
        )
    unknown = [part for part in written if part not in parts.asked]
    if unknown:
        raise BrokenMarksError(
            f"{name} has a part {unknown[0]} that the template has no place for",
            advice="move its text into another part, and remove its marks and its id in the last line; "
            "nothing was written",
        )


def _render(request: DocumentRequest, parts: _Parts) -> str:
    environment = _environment(request.template, is_html=request.kind.is_html)
    name = request.kind.template if request.template is None else _OWN
    given = {
        **request.more,
        "facts": request.facts,
        "keep": parts.keep,
        "front_matter": parts.front_matter,
        "question": QUESTION,
        "declaration": request.declaration,
        "file": request.file,
        "code": _code_html if request.kind.is_html else _code_markdown,
        "quote": shlex.quote,
        "percent": show_percent,
    }
    try:
        return environment.get_template(name).render(given)
    except TemplateSyntaxError as error:
        raise _unusable(f"{error.name or name}, line {error.lineno}: {error.message}") from None
    except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
        if request.template is None:
            raise
        raise _unusable(f"{name}: {error}") from None


def _unusable(what: str) -> UsageError:
    return UsageError(visible(what), advice="mend the template; docs/documents.md says what it may use")


@lru_cache(maxsize=8)
def _environment(template: str | None, *, is_html: bool) -> ImmutableSandboxedEnvironment:
    own = DictLoader({} if template is None else {_OWN: template})
    escape_value = _escape_html if is_html else _escape_markdown
    environment = ImmutableSandboxedEnvironment(
        loader=ChoiceLoader([own, FileSystemLoader(_SHIPPED)]),
        autoescape=True,  # so that what macros and blocks give is not escaped again
        undefined=StrictUndefined,
        finalize=escape_value,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"e": escape_value, "escape": escape_value, "forceescape": escape_value}
    return environment


def _escape_markdown(value: object) -> Markup:
    return value if isinstance(value, Markup) else Markup(escape_markdown(_text(value)))  # noqa: S704 - it is escaped


def _escape_html(value: object) -> Markup:
    return value if isinstance(value, Markup) else escape(visible(_text(value)))


def _code_markdown(text: str) -> Markup:
    return Markup(code(text))  # noqa: S704 - a code span holds the text and nothing else


def _code_html(text: str) -> Markup:
    return Markup("<code>{}</code>").format(visible(text))


def _text(value: object) -> str:
    """A value as text: numbers exactly. What is not there is not shown as if it were."""
    match value:
        case None:
            raise TemplateRuntimeError("a value that is not stated would be shown")
        case Fraction():
            return plain(value)
        case _:
            return str(value)
