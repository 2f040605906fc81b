"""Charts as inline SVG: positions in per cent and sizes in pixels, so that text keeps its size on a phone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from gatecli.model.number import show_percent
from gatecli.reports.escaping import visible
from gatecli.reports.html.markup import Markup, element, lines
from gatecli.reports.wrap import cells

LABEL_CELLS = 34
_ROW = 40
_COLUMNS = 150
_TOP = 34


@dataclass(frozen=True, slots=True)
class Bar:
    """A line of a chart: what it stands for, its share of the scale, the figure in words, and a tone."""

    label: str
    share: Fraction
    figure: str
    tone: str = "bar"
    dots: tuple[tuple[Fraction, str], ...] = ()
    """Marks on the line, each with the words for a pointer that rests on it."""


@dataclass(frozen=True, slots=True)
class Chart:
    """What a chart is called, and what it shows in one sentence, for readers who see none."""

    key: str
    title: str
    description: str


def percent(share: Fraction, *, up: bool = False) -> str:
    """`25.3 %`; a share of something never becomes 0 %, one below all never 100 %. `up` rounds up.

    The blank does not break.
    """
    if up:
        return show_percent(share).replace(">", "> ").replace(" ", "\u00a0")
    tenths = round(share * 1000)
    if share and not tenths:
        return "<\u00a00.1\u00a0%"
    if share < 1 and tenths == 1000:
        return ">\u00a099.9\u00a0%"
    return f"{float(tenths) / 10:g}\u00a0%"


def rough(share: Fraction) -> str:
    """A label that stands beside others in little room: no decimal from 10 % on."""
    return (
        f"{round(share * 100)}\u00a0%"
        if share >= Fraction(1, 10) and share < Fraction(199, 200)
        else percent(share)
    )


def part_of(part: int, whole: int) -> Fraction:
    """A share; 0 of nothing."""
    return Fraction(part, whole or 1)


def short(text: str) -> str:
    """A label that fits a phone: cut by its width, not by its letters."""
    clean = visible(text)
    if cells(clean) <= LABEL_CELLS:
        return clean
    kept = ""
    for char in clean:
        if cells(kept + char) >= LABEL_CELLS:
            break
        kept += char
    return kept + "…"


def at(share: Fraction) -> str:
    """A position or a length in per cent of the width."""
    return f"{float(share * 100):.2f}%"


def _svg(chart: Chart, height: int, *marks: Markup | None) -> Markup:
    title = element("title", chart.title, id=f"{chart.key}-t")
    described = element("desc", chart.description, id=f"{chart.key}-d")
    return element(
        "svg",
        Markup("\n"),
        lines(title, described, *marks),
        Markup("\n"),
        role="img",
        aria_labelledby=f"{chart.key}-t {chart.key}-d",
        width="100%",
        height=height,
    )


def _text(text: str, x: Fraction, y: int, tone: str = "") -> Markup:
    return element("text", text, x=at(x), y=y, class_=tone or None)


def _line(x1: Fraction, y1: int, x2: Fraction, y2: int, tone: str) -> Markup:
    return element("line", x1=at(x1), y1=y1, x2=at(x2), y2=y2, class_=tone)


def mark(group: int) -> Markup:
    """The sign of a group: a circle, a square, a triangle, so that more than colour tells them apart."""
    tone = f"g{group}"
    match group:
        case 0:
            return element("circle", r=5, class_=tone)
        case 1:
            return element("rect", x=-5, y=-5, width=10, height=10, class_=tone)
        case _:
            return element("polygon", points="0,-6 6,5 -6,5", class_=tone)


def bars(chart: Chart, rows: Sequence[Bar]) -> Markup:
    """Horizontal bars from 0 to the share 1, label and figure above each."""
    return _svg(chart, _ROW * len(rows), *(_bar(row, place * _ROW) for place, row in enumerate(rows)))


def _bar(row: Bar, top: int) -> Markup:
    zero, all_of_it = Fraction(0), Fraction(1)
    dots = [
        element("svg", element("title", words), mark(group), x=at(share), y=top + 26, overflow="visible")
        for group, (share, words) in enumerate(row.dots)
    ]
    return element(
        "g",
        element("title", f"{row.label}: {row.figure}"),
        _text(short(row.label), zero, top + 13),
        _text(row.figure, all_of_it, top + 13, "tail"),
        element("rect", x=0, y=top + 21, width="100%", height=10, rx=3, class_="track"),
        element("rect", x=0, y=top + 21, width=at(row.share), height=10, rx=3, class_=row.tone),
        *dots,
    )


def columns(chart: Chart, rows: Sequence[Bar], *, boundary: int, words: str) -> Markup:
    """Upright columns, as tall as their share of the scale; `boundary` are those left of a dashed line."""
    base = _TOP + _COLUMNS
    marks = [
        _column(row, Fraction(place, len(rows)), Fraction(1, len(rows))) for place, row in enumerate(rows)
    ]
    edge = Fraction(boundary, len(rows))
    left = edge > Fraction(1, 2)
    limit = [
        _line(edge, 4, edge, base + 6, "limit"),
        element("text", words, x=at(edge), dx=-6 if left else 6, y=13, class_="dim tail" if left else "dim"),
    ]
    axis = _line(Fraction(0), base, Fraction(1), base, "axis")
    return _svg(chart, base + 34, axis, *marks, *(limit if boundary else ()))


def _column(row: Bar, left: Fraction, width: Fraction) -> Markup:
    base = _TOP + _COLUMNS
    height = round(row.share * (_COLUMNS - 16))
    middle = left + width / 2
    first, dash, second = row.label.partition("–")
    label = [_text(row.label, middle, base + 16, "mid small")]
    if len(row.label) > 6 and dash:
        label = [
            _text(f"{first}–", middle, base + 14, "mid small"),
            _text(second, middle, base + 27, "mid small"),
        ]
    return element(
        "g",
        element("title", f"{row.label}: {row.figure}"),
        element(
            "rect",
            x=at(left + width * Fraction(3, 25)),
            y=base - height,
            width=at(width * Fraction(19, 25)),
            height=height,
            rx=2,
            class_=row.tone,
        ),
        _text(row.figure, middle, base - height - 6, "mid small"),
        *label,
    )


@dataclass(frozen=True, slots=True)
class Point:
    """A numbered point."""

    x: Fraction
    y: Fraction
    words: str


def front(chart: Chart, points: Sequence[Point], x_words: str, y_words: str) -> Markup:
    """Numbered points from left to right, joined by lines; axes with the share at either end."""
    left, right, top, base = Fraction(9, 100), Fraction(95, 100), 34, 190
    low_x, high_x = _span([point.x for point in points])
    low_y, high_y = _span([point.y for point in points])

    def place(point: Point) -> tuple[Fraction, int]:
        x = left + (right - left) * (point.x - low_x) / (high_x - low_x)
        return x, base - round((base - top) * (point.y - low_y) / (high_y - low_y))

    placed = [(*place(point), point) for point in points]
    joints = [_line(x1, y1, x2, y2, "path") for (x1, y1, _), (x2, y2, _) in pairwise(placed)]
    axes = [
        _line(left / 2, base + 14, Fraction(1), base + 14, "axis"),
        _line(left / 2, top - 12, left / 2, base + 14, "axis"),
        _text(f"↑ {y_words}, {percent(low_y)} to {percent(high_y)}", Fraction(0), 12, "dim small"),
        _text(
            f"{x_words}, {percent(low_x)} to {percent(high_x)} →", Fraction(1), base + 32, "dim small tail"
        ),
    ]
    return _svg(
        chart, base + 40, *axes, *joints, *(_point(number, one) for number, one in enumerate(placed, 1))
    )


def _span(values: Sequence[Fraction]) -> tuple[Fraction, Fraction]:
    """The range of an axis: whole per cents around the values."""
    low, high = Fraction(int(min(values) * 100), 100), Fraction(-int(-max(values) * 100 // 1), 100)
    return low, max(high, low + Fraction(1, 100))


def _point(number: int, placed: tuple[Fraction, int, Point]) -> Markup:
    x, y, point = placed
    return element(
        "g",
        element("title", f"{number}: {point.words}"),
        element("circle", cx=at(x), cy=y, r=10, class_="bar"),
        _text(str(number), x, y + 4, "in mid"),
    )


def thin(share: Fraction, tone: str) -> Markup:
    """A bar without words, beside words that say the same."""
    track = element("rect", width="100%", height=6, rx=3, class_="track")
    bar = element("rect", width=at(share), height=6, rx=3, class_=tone)
    return element("svg", track, bar, width="100%", height=6, aria_hidden="true")
