"""Elements of a page: everything is text, and escaped, but what was built here."""

from __future__ import annotations

from html import escape
from typing import TypeAlias

from gatecli.reports.escaping import clip, inert, visible

TEXT = 2_000
"""Characters of one text, so that one stranger's text does not crowd out the others."""

_VOID = frozenset({"br", "circle", "line", "link", "meta", "path", "polygon", "rect"})


class Markup(str):
    """Markup that is shown as it is."""

    __slots__ = ()


Child: TypeAlias = "str | None"
"""Text that is still to be escaped, or `Markup`."""


def safe(text: str) -> Markup:
    """A text as text: controls spelt out, markup escaped, cut where too long, no command of a runner."""
    return _escape(clip(visible(text), TEXT))


def _escape(text: str) -> Markup:
    return Markup(inert(escape(text), colon="&#58;", hashes="#&#35;"))


def join_children(*children: Child) -> Markup:
    """The children one after the other, texts escaped; None is nothing."""
    known = (child for child in children if child is not None)
    return Markup("".join(child if isinstance(child, Markup) else safe(child) for child in known))


def lines(*children: Child) -> Markup:
    """The children, each on a line of its own; nothing where there is nothing."""
    return Markup("\n".join(join_children(child) for child in children if child))


def element(name: str, /, *children: Child, **attributes: object) -> Markup:
    """An element; `class_` is class, other underscores are hyphens, and None omits the attribute."""
    shown = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_escape(visible(str(value)))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID and not children:
        return Markup(f"<{name}{shown}/>")
    return Markup(f"<{name}{shown}>{join_children(*children)}</{name}>")


def each(name: str, children: list[Markup], /, **attributes: object) -> Markup:
    """An element with a line for every child; nothing without one."""
    return element(name, Markup("\n"), lines(*children), Markup("\n"), **attributes) if children else Markup()


def details(summary: Child, *children: Child) -> Markup:
    """What a reader opens."""
    return element("details", element("summary", summary), *children)


def table(heads: list[str], rows: list[list[Child]], caption: str = "", *, class_: str = "figures") -> Markup:
    """A table of figures: the first cell of a row names it, the others are numbers.

    In one of the class `figures words` the others are texts.
    """
    head = element("tr", *(element("th", text, scope="col") for text in heads))
    body = [
        element("tr", element("th", first, scope="row"), *(element("td", cell) for cell in others))
        for first, *others in rows
    ]
    return element(
        "table",
        element("caption", caption) if caption else None,
        element("thead", head),
        Markup("\n"),
        each("tbody", body),
        class_=class_,
    )


def figure(title: str, said: str, *parts: Child) -> Markup:
    """A chart with its heading and what it says."""
    heading = element("figcaption", element("h4", title), element("p", said))
    return element("figure", lines(heading, *parts))


def numbers(heads: list[str], rows: list[list[Child]], caption: str = "") -> Markup:
    """The figures of a chart as a table, for readers who see none or want them exactly."""
    return details("The numbers", table(heads, rows, caption))


def tile(name: str, said: str, beside: str = "", tone: str = "") -> Markup:
    """One large figure, in a tone where it alarms."""
    small = element("small", beside) if beside else None
    return element(
        "div", element("dt", name), element("dd", said, small), class_=f"tile on {tone}" if tone else "tile"
    )
