"""What one input gave, before a policy, a waiver or a date was looked at: a function of the input alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gatecli.model.finding import Finding
from gatecli.model.verdict import Checked


@dataclass(frozen=True, slots=True)
class Examined:
    """Subjects that were judged, and their findings as the checks gave them.

    `problems` are what could not be read or judged: they stand as they are, and nothing softens them.
    """

    checked: tuple[Checked, ...] = ()
    findings: tuple[Finding, ...] = ()
    problems: tuple[Finding, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether all of it was judged, so that judging it again would give the same."""
        return not any(finding.rule.uncheckable for finding in (*self.problems, *self.findings))


def together(parts: Sequence[Examined], problems: Sequence[Finding] = ()) -> Examined:
    """All of them as one; `problems` are of none of them."""
    return Examined(
        tuple(item for part in parts for item in part.checked),
        tuple(finding for part in parts for finding in part.findings),
        (*problems, *(problem for part in parts for problem in part.problems)),
    )
