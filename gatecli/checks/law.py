"""What a change does to the law that judges it: each is a finding, and none of it holds before it is merged.

The law of a run is the policy, the waivers, the baseline and the inline allowances of the revision that
`--policy-from` names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from gatecli.model.baseline import Baseline
from gatecli.model.document import Place
from gatecli.model.finding import Finding, Rule, Severity, make_finding
from gatecli.model.inline import InlineAllowance
from gatecli.model.policy import PrivacyPolicy

POLICY_CHANGED = Rule(
    "policy-changed",
    Severity.WARNING,
    "The policy is not the one of the revision whose law holds",
    unforgivable=True,
)
ALLOWANCE_ADDED = Rule(
    "allowance-added",
    Severity.WARNING,
    "An inline allowance does not stand in the revision whose law holds",
    unforgivable=True,
)
BASELINE_GROWN = Rule(
    "baseline-grown",
    Severity.WARNING,
    "The baseline holds more than in the revision whose law holds",
    unforgivable=True,
)

RULES: tuple[Rule, ...] = (POLICY_CHANGED, ALLOWANCE_ADDED, BASELINE_GROWN)

MOST_LISTED = 10
"""Keys or rules in a message."""

_SHORT = 40
"""Characters of a value that a message shows."""

_UNSET = object()


def find_policy_change(
    law: PrivacyPolicy, here: PrivacyPolicy, path: str, revision: str
) -> Iterator[Finding]:
    """A finding with the keys of the resolved policy that differ; another spelling of the same gives none."""
    before, after = (
        dict(_flatten(policy.spec.model_dump(mode="json", by_alias=True))) for policy in (law, here)
    )
    changed = sorted(key for key in {*before, *after} if before.get(key, _UNSET) != after.get(key, _UNSET))
    if not changed:
        return
    shown = [_change(key, before.get(key, _UNSET), after.get(key, _UNSET)) for key in changed[:MOST_LISTED]]
    more = len(changed) - len(shown)
    yield make_finding(
        POLICY_CHANGED,
        f"the policy of {revision} judges, and here it differs: {'; '.join(shown)}"
        + (f"; and {more} keys more" if more else ""),
        subject=path,
        place=Place(path),
        mend=f"have a code owner accept it: it holds once it is merged into {revision}",
        identity="\0".join((path, *(f"{key}\0{after.get(key)!r}" for key in changed))),
    )


def find_unusable(path: str, problem: str, revision: str, rule: Rule = POLICY_CHANGED) -> Finding:
    """Law that cannot be used as it stands here: an error, because once merged it would stop every run."""
    finding = make_finding(
        rule,
        f"the law of {revision} judges, and what stands here cannot be used: {problem}",
        subject=path,
        place=Place(path),
        mend="correct it: once it is merged, no run could begin",
        identity=f"{path}\0{problem}",
    )
    return replace(finding, severity=Severity.ERROR)


def find_baseline_growth(law: Baseline, here: Baseline, path: str, revision: str) -> Iterator[Finding]:
    """The findings that the baseline holds here, and not in the revision: they count."""
    grown = Counter(each.fingerprint for each in here.known)
    grown.subtract(Counter(each.fingerprint for each in law.known))
    more = {name: count for name, count in grown.items() if count > 0}
    if not more:
        return
    rules = Counter({each.fingerprint: each.rule or "unknown" for each in here.known}[name] for name in more)
    count = sum(more.values())
    told = ", ".join(sorted(rules)[:MOST_LISTED])
    yield make_finding(
        BASELINE_GROWN,
        f"the baseline holds {count} finding{'s' * (count > 1)} more than that of {revision}, "
        f"which count here: {told}",
        subject=path,
        place=Place(path),
        mend=f"fix them, or have a code owner merge the baseline into {revision} first",
        identity="\0".join((path, *sorted(more))),
    )


def find_added_allowance(path: str, item: InlineAllowance, revision: str) -> Finding:
    """An allowance that the change brings, or that it moved to another value."""
    by = f" by {item.owner}" if item.owner else ""
    return make_finding(
        ALLOWANCE_ADDED,
        f"the allowance of {item.rule}{by} until {item.until} does not stand at this value in {revision}: "
        "it forgives nothing here",
        subject=path,
        place=Place(path, item.line, item.column),
        mend=f"remove the value, or have a code owner merge the allowance into {revision} first",
        identity=f"{path}\0{item.rule}\0{item.until}\0{item.owner}\0{item.reason}",
    )


def _flatten(data: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Every key that holds no mapping, with the keys that lead to it."""
    for key, value in data.items():
        name = f"{above}.{key}" if above else key
        if isinstance(value, Mapping):
            yield from _flatten(value, name)
        else:
            yield name, value


def _change(key: str, before: object, after: object) -> str:
    if not (_is_short(before) and _is_short(after)):
        return key
    return f"{key} is {_show(after)} instead of {_show(before)}"


def _is_short(value: object) -> bool:
    return value is _UNSET or (not isinstance(value, list | tuple) and len(str(value)) <= _SHORT)


def _show(value: object) -> str:
    if value is _UNSET or value is None:
        return "unset"
    return str(value).lower() if isinstance(value, bool) else str(value)
