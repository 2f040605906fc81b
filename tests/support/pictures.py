"""A realistic verdict to look at: a made-up census table, what is measured of it, and its picture.

`python -m tests.support.pictures FOLDER` writes its page, and that of a release, to look at in a browser.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import Any

from gatecli.anonymity.discovery.identifying_columns import discover
from gatecli.anonymity.measure import measure
from gatecli.anonymity.pictures.table_picture import draw
from gatecli.anonymity.search.generalisation import describe
from gatecli.anonymity.search.lattice import search
from gatecli.anonymity.tables.interface import OpenedTable
from gatecli.checks.tables.measures import AnonymitySubject, find_anonymity
from gatecli.model.anonymity import AnonymityQuestion, Thresholds
from gatecli.model.document import Place
from gatecli.model.picture import AnonymityPicture
from gatecli.model.verdict import Checked, Verdict, decide
from gatecli.reports.interface import Style
from gatecli.reports.registry import report
from tests.support.adult import adult
from tests.support.anonymity_tables import table_of
from tests.support.verdicts import CASES, POLICY

QUASI_IDENTIFIERS = ("age", "education", "marital-status", "race", "sex", "native-country")
SENSITIVE = ("occupation", "hours-per-week")
THRESHOLDS = Thresholds(k=5, l=2)


def opened(table: Any, name: str = "census.parquet") -> OpenedTable:
    """A table of `table_of`, as if it had been opened from a file."""
    schema = {column: str(kind) for column, kind in table.schema().items()}
    return OpenedTable(name, table, "duckdb", schema, "", "")


def picture_of(
    table: Any,
    question: AnonymityQuestion,
    thresholds: Thresholds = THRESHOLDS,
    *,
    with_discovery: bool = True,
) -> AnonymityPicture:
    """The picture of a table with everything that can be drawn."""
    source = opened(table)
    measures = measure(source, question)
    found = search(table, question.quasi_identifiers, question.sensitive, thresholds)
    discovery = discover(table) if with_discovery else None
    return draw(source, question, measures, found, discovery, thresholds=thresholds)


@cache
def census(rows: int = 20_000) -> Verdict:
    """A closed anonymity gate over `rows` made-up records, with its picture."""
    table = table_of(adult(rows))
    question = AnonymityQuestion(QUASI_IDENTIFIERS, SENSITIVE)
    source = opened(table)
    measures = measure(source, question)
    found = search(table, QUASI_IDENTIFIERS, SENSITIVE, THRESHOLDS)
    picture = draw(source, question, measures, found, discover(table), thresholds=THRESHOLDS)
    place = Place("data/census.parquet")
    advice = tuple(describe(proposal) for proposal in found)
    subject = AnonymitySubject("census.parquet", place, measures, advice=advice)
    findings = tuple(find_anonymity(subject, THRESHOLDS))
    checked = Checked("table", subject.name, place.path, measures.as_mapping(), picture=picture)
    return decide("anonymity", POLICY, (checked,), findings)


def main(folder: str) -> None:
    pages = {"anonymity": census(), **{name: build() for name, build in CASES.items()}}
    for name, verdict in pages.items():
        Path(folder, f"{name}.html").write_text(report("html").render(verdict, Style()), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
