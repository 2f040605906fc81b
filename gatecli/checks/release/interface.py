"""What a check is: a release and its context in, findings out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from gatecli.accounting.account import account
from gatecli.accounting.interface import Question
from gatecli.checks.release.recomputation import Answer, Costs
from gatecli.model.finding import Finding, Rule, finding_in
from gatecli.model.policy import PrivacyPolicy
from gatecli.model.release import ReleaseSubject


@dataclass(frozen=True, slots=True)
class ReleaseContext:
    """What a check knows besides the release.

    `policy` is resolved; `costs` are what this release was found to cost; `namesakes` are the releases
    of this run that share its name and version and stand before it; `account` answers what-if
    questions for advice, None where there is no time for them.
    """

    policy: PrivacyPolicy
    costs: Costs = field(default_factory=Costs)
    namesakes: tuple[ReleaseSubject, ...] = ()
    account: Callable[[Question], Answer] | None = account


@dataclass(frozen=True, slots=True)
class Check:
    """A pure function and every rule it may report."""

    rules: tuple[Rule, ...]
    find: Callable[[ReleaseSubject, ReleaseContext], Iterable[Finding]]


def finding_at(
    rule: Rule, subject: ReleaseSubject, pointer: str, message: str, mend: str, *, about: str = ""
) -> Finding:
    """A finding at `pointer` of the declaration; `about` is the content that it judges."""
    return finding_in(rule, subject.document, subject.release.subject, pointer, message, mend, about=about)
