"""Whether a table keeps Safe Harbor, as far as it can be read off its columns."""

from __future__ import annotations

from collections.abc import Iterator

from gatecli.model.disclosure import HarborMeasures, HarborProblem
from gatecli.model.document import Place
from gatecli.model.finding import Finding, Rule, Severity, make_finding

SAFE_HARBOR = Rule("anon-safe-harbor", Severity.ERROR, "A column holds what HIPAA's Safe Harbor forbids")

HARBOR_RULES: tuple[Rule, ...] = (SAFE_HARBOR,)

_MEND = {
    HarborProblem.PLACE: "drop the column, or publish the state",
    HarborProblem.ZIP: "keep the first three digits",
    HarborProblem.SMALL_AREA: "write 000 for these areas; the policy's anonymity.restrictedZips lists them",
    HarborProblem.DATE: "keep the year",
    HarborProblem.IDENTIFIER: "drop the column",
    HarborProblem.AGE: "put all ages of 90 and more into one category, 90+",
}


def find_in_harbor(measures: HarborMeasures, subject: str, place: Place) -> Iterator[Finding]:
    """A finding for each column that Safe Harbor forbids."""
    for column in measures.found:
        rows = "1 row holds" if column.rows == 1 else f"{column.rows:,} rows hold"
        yield make_finding(
            SAFE_HARBOR,
            f"{column.name}: {rows} {column.problem.value}",
            subject=subject,
            place=place,
            mend=_MEND[column.problem],
            identity=f"{subject}\0{place.pointer or ''}\0{column.name}\0{column.problem.name}",
        )
