"""Findings and reports of earlier runs, small ones for laws about baselines and comparisons."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from gatecli.model.document import Place
from gatecli.model.finding import Finding, Rule, Severity, Suppression, make_finding
from gatecli.model.recorded import Recorded

RULES = (
    Rule("pii-us-ssn", Severity.ERROR, "a number"),
    Rule("dp-missing-unit", Severity.WARNING, "no unit"),
    Rule("tf-dataset-ungated", Severity.NOTE, "no gate"),
)
BLIND = Rule("release-unreadable", Severity.ERROR, "unreadable", uncheckable=True)


def finding(
    rule: Rule = RULES[0], content: str = "a", path: str = "a.yaml", line: int = 1, **more: object
) -> Finding:
    """One finding; `content` decides its fingerprint."""
    base = make_finding(
        rule, f"m {content}", subject=path, place=Place(path, line, 1), mend="x", identity=content
    )
    return replace(base, **more)  # type: ignore[arg-type]  # a table of fields


def recorded(*findings: Finding, gate: str = "check", policy: str = "0" * 64, exit_code: int = 1) -> Recorded:
    """A report of these findings."""
    return Recorded("r.json", gate, policy, exit_code, findings)


suppressions = st.none() | st.builds(Suppression, st.sampled_from(["waiver", "comment"]), st.just("w"))
found_here = st.builds(
    finding,
    st.sampled_from(RULES),
    st.sampled_from("ab"),
    st.sampled_from(["a.yaml", "b.yaml"]),
    st.integers(1, 3),
)
"""Findings among which copies, moves and changes are likely."""
runs = st.lists(found_here, max_size=8).map(tuple)
