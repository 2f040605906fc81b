"""The decisions that releases name, judged with the releases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from gatecli.checks.decisions import find_decision_faults, find_unnamed_decision
from gatecli.checks.release.recomputation import Costs
from gatecli.gates.document_facts import facts_of
from gatecli.model.finding import Finding
from gatecli.model.policy import PrivacyPolicy
from gatecli.model.release import ReleaseSubject

if TYPE_CHECKING:
    from gatecli.gates.charges import Assessment, Terms


def find_decisions(
    releases: Sequence[ReleaseSubject],
    costs: Sequence[Costs],
    policy: PrivacyPolicy,
    charged: Sequence[tuple[Assessment, Terms] | None],
) -> Iterator[Finding]:
    """What is wrong with the decision of each release that names one, and which must name one."""
    for subject, cost, charge in zip(releases, costs, charged, strict=True):
        if subject.decision is not None:
            yield from find_decision_faults(facts_of(subject, cost, policy, charge), subject.decision)
        elif subject.release.spec.decision is not None or policy.spec.release.require_decision:
            yield find_unnamed_decision(subject)
