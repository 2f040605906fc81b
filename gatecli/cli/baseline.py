"""`gatecli baseline`: adopt the findings of today, so that only new ones close the gate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from gatecli.checks.terraform.closed_gates import GATE_CLOSED
from gatecli.checks.waiver import WAIVER_RULES
from gatecli.frontdoor.console import err
from gatecli.frontdoor.options import OUTPUT, option
from gatecli.frontdoor.publish import write_together
from gatecli.gates.catalogue import UNCHECKABLE_IDS, all_rules
from gatecli.gates.concealment import without_values
from gatecli.model.baseline import Baseline, adopt, adoptable
from gatecli.model.recorded import Recorded
from gatecli.model.rules import DP_INVALID_BUDGET
from gatecli.reports.baseline_file import render
from gatecli.reports.summary import plural
from gatecli.sources.report import read_report

app = typer.Typer()

NEVER = frozenset(
    {
        DP_INVALID_BUDGET.id,
        GATE_CLOSED.id,
        *(rule.id for rule in WAIVER_RULES),
        *(rule.id for rule in all_rules() if not rule.may_be_known),
    }
)
"""What nothing forgives: to adopt it would promise a pass that does not come."""


@app.command("baseline")
def baseline(
    reports: Annotated[
        list[Path], typer.Argument(metavar="REPORT", help="JSON reports: --report json=FILE.")
    ],
    target: Annotated[
        Path,
        option(
            "--output",
            "-o",
            panel=OUTPUT,
            variable="BASELINE_OUTPUT",
            metavar="FILE",
            help="The baseline file to write.",
        ),
    ] = Path(".gatecli-baseline.json"),
) -> None:
    """Adopt the findings of reports: with --baseline FILE, only new findings count."""
    read = [read_report(report, UNCHECKABLE_IDS) for report in reports]
    adopted = without_values(adopt(read, NEVER))
    write_together({target: render(adopted)})
    err(_summary(adopted, read, target))


def _summary(adopted: Baseline, reports: Sequence[Recorded], target: Path) -> str:
    rules = plural(len({known.rule for known in adopted.known}), "rule")
    head = f"adopted {plural(len(adopted.known), 'finding')} of {rules} into {target}\n"
    left = Counter(
        "that nothing forgives" if finding.rule.id in NEVER else "that a waiver or a comment forgives"
        for report in reports
        for finding in report.findings
        if not adoptable(finding, NEVER)
    )
    return head + "".join(
        f"left out {plural(count, 'finding')} {why}\n" for why, count in sorted(left.items())
    )
