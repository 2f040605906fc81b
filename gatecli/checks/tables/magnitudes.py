"""Cells of magnitudes that disclose a contributor, against the rules that the table must keep."""

from __future__ import annotations

from collections.abc import Iterator

from gatecli.model.disclosure import MagnitudeDemands, MagnitudeMeasures
from gatecli.model.document import Place
from gatecli.model.finding import Finding, Rule, Severity, make_finding
from gatecli.model.number import show, show_up

DOMINATED = Rule("anon-dominated-cell", Severity.ERROR, "A cell's total tells what a single contributor gave")
FEW = Rule("anon-few-contributors", Severity.ERROR, "A cell has too few contributors")

MAGNITUDE_RULES: tuple[Rule, ...] = (DOMINATED, FEW)


def find_in_magnitudes(
    measures: MagnitudeMeasures, demands: MagnitudeDemands, subject: str, place: Place
) -> Iterator[Finding]:
    """A finding for the cells that a rule calls sensitive, margins among them."""
    share = show_up(measures.share * 100)
    found = (
        (
            DOMINATED,
            measures.sensitive,
            f"sensitive by {_rule_names(demands)}; the largest share is {share} %",
        ),
        (FEW, measures.few, f"of fewer than {demands.contributors} contributors"),
    )
    for rule, cells, what in found:
        if cells:
            yield make_finding(
                rule,
                f"{cells:,} of {measures.cells:,} cells {'is' if cells == 1 else 'are'} {what}",
                subject=subject,
                place=place,
                mend="merge categories, or suppress these cells and others that hide them",
                identity=f"{subject}\0{place.pointer or ''}\0{rule.id}",
            )


def _rule_names(demands: MagnitudeDemands) -> str:
    rules = []
    if demands.p is not None and demands.q == 100:
        rules.append(f"the p % rule with p = {show(demands.p)}")
    elif demands.p is not None:
        rules.append(f"the pq rule with p = {show(demands.p)} and q = {show(demands.q)}")
    if demands.n is not None and demands.k is not None:
        rules.append(f"({demands.n}, {show(demands.k)})-dominance")
    return " or ".join(rules) or "no rule"
