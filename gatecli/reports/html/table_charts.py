"""The charts of one table: class sizes, what columns do, what discovery found, what would help."""

from __future__ import annotations

from fractions import Fraction

from gatecli.model.picture import AnonymityPicture, CombinationRisk, Mending, range_of
from gatecli.reports.html.attribute_charts import distribution, diversity
from gatecli.reports.html.markup import (
    Child,
    Markup,
    each,
    element,
    figure,
    join_children,
    lines,
    numbers,
    tile,
)
from gatecli.reports.html.svg import (
    Bar,
    Chart,
    Point,
    bars,
    columns,
    front,
    part_of,
    percent,
    rough,
    thin,
)


def figures(picture: AnonymityPicture, key: str) -> Markup:
    """Tiles and charts; `key` tells the ids of several pictures of a page apart."""
    keys = [(item, f"{key}-s{at}") for at, item in enumerate(picture.sensitive)]
    half = [
        _sizes(picture, f"{key}-sizes"),
        _columns(picture, f"{key}-columns"),
        *(draw(picture, item, inner) for item, inner in keys for draw in (distribution, diversity)),
    ]
    whole = (_discovery_list(picture), _mendings(picture, f"{key}-mend"))
    charts = each("div", [chart for chart in half if chart], class_="charts")
    return lines(_tiles(picture), charts, *(chart for chart in whole if chart))


def _small(picture: AnonymityPicture) -> tuple[int, int]:
    """The records in classes below the boundary, and all that classes count."""
    small = sum(item.records for item in picture.sizes if item.least < picture.boundary)
    return small, sum(item.records for item in picture.sizes)


def _tiles(picture: AnonymityPicture) -> Markup:
    small, counted = _small(picture)
    demanded = f"{picture.demanded_k:,} demanded" if picture.demanded_k else "the smallest class"
    unique = percent(part_of(picture.unique, counted), up=True)
    too_small = percent(part_of(small, counted), up=True)
    is_small = picture.k < picture.boundary
    tiles = (
        ("k", f"{picture.k:,}", demanded, picture.k < (picture.demanded_k or 0)),
        ("unique", f"{picture.unique:,}", f"{unique} of {picture.counted}", picture.unique > 0),
        (
            f"in classes below {picture.boundary:,}",
            f"{small:,}",
            f"{too_small} of {picture.counted}",
            is_small,
        ),
        ("largest risk", percent(Fraction(1, picture.k), up=True), f"1 in {picture.k:,}", is_small),
        ("classes", f"{picture.classes:,}", f"of {picture.records:,} rows", False),
    )
    shown = [tile(name, said, beside, "error" if bad else "") for name, said, beside, bad in tiles]
    return each("dl", shown, class_="tiles")


def _sizes(picture: AnonymityPicture, key: str) -> Markup:
    small, counted = _small(picture)
    who, boundary = picture.counted, picture.boundary
    most = max(item.records for item in picture.sizes)
    rows, table = [], list[list[Child]]()
    for item in picture.sizes:
        sizes, held = range_of(item.least, item.most), part_of(item.records, counted)
        tone = "bad" if item.least < boundary else "bar"
        rows.append(Bar(sizes, part_of(item.records, most), rough(held), tone))
        table.append([sizes, f"{item.classes:,}", f"{item.records:,}", percent(held)])
    said = f"No class is smaller than {boundary:,}."
    if small:
        share = percent(part_of(small, counted), up=True)
        alike = f"fewer than {boundary - 1:,} others" if boundary > 2 else "nobody else"
        said = f"{share} of the {who} look like {alike}: their classes are small."
    below = sum(item.least < boundary for item in picture.sizes)
    chart = Chart(key, "Class sizes", f"Share of the {who} by the size of their class. {said}")
    words = f"k = {boundary:,}" if picture.demanded_k else f"{boundary:,}"
    drawn = columns(chart, rows, boundary=below, words=words)
    heads = ["Class size", "Classes", who.capitalize(), "Share"]
    return figure(f"Share of the {who} by class size", said, drawn, numbers(heads, table))


def _columns(picture: AnonymityPicture, key: str) -> Markup:
    together = picture.together.unique
    known = [(item, item.without) for item in picture.columns if item.without is not None]
    if not known:
        return Markup()
    ordered = sorted(known, key=lambda pair: (pair[1], pair[0].column))
    scale = max(together, *(without for _, without in known)) or Fraction(1)
    every = percent(together, up=True)
    said = (
        f"All {len(picture.columns)} quasi-identifiers together make {every} of {picture.counted} unique. "
        "The shorter the bar, the more is won by leaving the column out."
    )
    rows = [Bar("all of them", together / scale, every, "rest")]
    rows += [Bar(f"without {item.column}", share / scale, percent(share, up=True)) for item, share in ordered]
    table: list[list[Child]] = [
        [item.column, percent(item.alone, up=True), percent(share, up=True)] for item, share in ordered
    ]
    chart = Chart(key, f"Unique {picture.counted} without each column", said)
    heads = ["Column", "Unique by it alone", "Unique without it"]
    return figure(
        f"Unique {picture.counted} without each column", said, bars(chart, rows), numbers(heads, table)
    )


def _discovery_list(picture: AnonymityPicture) -> Markup:
    """Combinations are of any length, so their names are text that wraps, not part of a drawing."""
    if not picture.discovered:
        return Markup()
    said = "The share of rows that each makes unique; of all columns of the table, declared or not."
    table: list[list[Child]] = [
        [
            " + ".join(item.columns),
            *(percent(share, up=True) for share in (item.distinction, item.separation)),
        ]
        for item in picture.discovered
    ]
    drawn = each("ul", [_combination(item) for item in picture.discovered], class_="combinations")
    heads = ["Columns", "Distinction", "Separation"]
    return figure("Combinations of columns that single rows out", said, drawn, numbers(heads, table))


def _combination(item: CombinationRisk) -> Markup:
    chips = [element("span", column, class_="chip") for column in item.columns]
    return element(
        "li",
        element("div", *chips, class_="chips"),
        element("b", percent(item.unique, up=True)),
        thin(item.unique, "bad"),
    )


def _mendings(picture: AnonymityPicture, key: str) -> Markup:
    if not picture.mendings:
        return Markup()
    points = [Point(item.loss, item.suppressed, item.description) for item in picture.mendings]
    said = "Each of these meets every threshold that was demanded."
    drawn = None
    if len(points) > 1:
        said += " Further left keeps more detail, further down keeps more rows."
        chart = Chart(key, "Detail lost against rows suppressed", said)
        drawn = front(chart, points, "detail lost", "rows suppressed")
    listed = [_mending(number, item, picture.k) for number, item in enumerate(picture.mendings, 1)]
    return figure("What would help", said, drawn, each("ol", listed, class_="mendings"))


def _mending(number: int, item: Mending, k: int) -> Markup:
    steps = [f"{column} → {'one value' if level == '*' else level}" for column, level in item.steps]
    chips = [element("span", step, class_="chip") for step in steps or ["suppress small classes alone"]]
    least = element("span", "least loss", class_="badge open") if item.is_least else None
    rows = f"{item.suppressed_records:,} rows suppressed ({percent(item.suppressed, up=True)})"
    facts = (
        join_children("k ", element("b", f"{k:,} → {item.k:,}")),
        f"{percent(item.loss, up=True)} of the detail lost",
        rows if item.suppressed_records else "no row suppressed",
        f"{item.classes:,} classes",
    )
    return element(
        "li",
        element("span", str(number), class_="number"),
        element("div", *chips, least, class_="chips"),
        element("p", *(join_children(" · " if at else None, fact) for at, fact in enumerate(facts))),
    )
