"""A pass as policy reports (wgpolicyk8s.io/v1alpha2, the format of the Kubernetes policy working group).

One by the name of `gatecli` in each namespace, and one of the cluster. A report says nothing of when it was
made, so that a pass which found the same writes nothing; that of the cluster says when the last complete
pass began.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from admission.cluster.client import ResourceKind
from admission.review.messages import clean
from admission.scan.judgement import About, Found
from admission.scan.scanner import ScanPass, State, Tally, state_of, worst_first
from gatecli.model.finding import Finding, Severity

GROUP, VERSION = "wgpolicyk8s.io", "v1alpha2"
REPORTS = ResourceKind(GROUP, VERSION, "policyreports")
CLUSTER_REPORTS = ResourceKind(GROUP, VERSION, "clusterpolicyreports")
NAME = "gatecli"
MANAGER = "gatecli-admission"
LABELS = {"app.kubernetes.io/managed-by": MANAGER}
COMPLETED, DIGEST = "gatecli.dev/complete-scan", "gatecli.dev/policy-digest"
MOST_RESULTS = 1_000
"""Results of one report, the one that says how many were left out counted."""
MOST_BYTES = 900 * 1024
"""Of one report as JSON in ASCII; etcd takes 1.5 MiB, and the API server adds the fields' managers."""
LONGEST = 1_000
"""Characters of a message."""

_SEVERITIES = {Severity.ERROR: "high", Severity.WARNING: "medium", Severity.NOTE: "low"}
_CATEGORY = "Personal data"

Object = dict[str, Any]


def report_of(namespace: str, tally: Tally, scan: ScanPass) -> Object:
    """The report of one namespace; what could not be listed at all is an error in each."""
    results = sorted(tally.results, key=worst_first)
    return _report("PolicyReport", {"namespace": namespace}, tally, results, scan)


def cluster_report_of(tally: Tally, scan: ScanPass, marks: Mapping[str, str]) -> Object:
    """The report of the cluster: what stands in no namespace, which kinds were left out, and `marks`."""
    results = sorted(tally.results, key=worst_first)
    annotations = {"annotations": dict(marks)} if marks else {}
    return _report("ClusterPolicyReport", annotations, tally, results, scan)


def _report(kind: str, metadata: Object, tally: Tally, results: Sequence[Found], scan: ScanPass) -> Object:
    policy = scan.rulebook.stamp.name
    left_out = [each for each in scan.kinds if each.skipped] if kind == "ClusterPolicyReport" else []
    first = [
        *(_kind_result(policy, finding) for finding in scan.unread),
        *(_skipped_result(policy, str(each.kind), each.skipped) for each in left_out),
    ]
    summary = {
        "pass": tally.clean,
        State.FAIL: tally.states[State.FAIL],
        State.WARN: tally.states[State.WARN],
        State.ERROR: tally.states[State.ERROR] + len(scan.unread),
        State.SKIP: tally.states[State.SKIP] + len(left_out),
    }
    report: Object = {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": kind,
        "metadata": {"name": NAME, "labels": dict(LABELS), **metadata},
        "summary": {str(key): number for key, number in summary.items()},
        "results": [],
    }
    total = sum(tally.states.values()) + len(first)
    return {**report, "results": within((*first, *_results(policy, results)), total, _size(report), policy)}


def within(results: Iterable[Object], total: int, used: int, policy: str) -> list[Object]:
    """As many of the results as fit beside `used` bytes; where that is not all `total`, one says how many."""
    kept: list[Object] = []
    room = MOST_BYTES - used - _size(_rest(policy, total)) - 2
    for result in results:
        room -= _size(result) + 2
        if room < 0 or len(kept) == MOST_RESULTS:
            break
        kept.append(result)
    if len(kept) == total:
        return kept
    kept = kept[: MOST_RESULTS - 1]
    return [*kept, _rest(policy, total - len(kept))]


def _size(content: object) -> int:
    return len(json.dumps(content))


def _results(policy: str, results: Sequence[Found]) -> Iterator[Object]:
    for one in results:
        finding = one.finding
        properties = {"fingerprint": finding.fingerprint, "mode": one.act.value}
        if finding.place.pointer:
            properties["pointer"] = _cut(finding.place.pointer)
        if (why := finding.suppressed) is not None:
            properties["waiver"] = _cut(why.name)
            properties["expires"] = _cut(why.expires)
        yield {
            **_result(policy, finding.rule.id, state_of(one), finding.message, _SEVERITIES[finding.severity]),
            **({"resources": [_reference(one.about)]} if one.about else {}),
            "properties": properties,
        }


def _reference(about: About) -> Object:
    """An object, by its uid alone where its name is personal data."""
    namespace = {"namespace": about.namespace} if about.namespace else {}
    return {
        "apiVersion": about.api_version,
        "kind": about.kind,
        **namespace,
        "name": _cut(about.name),
        "uid": about.uid,
    }


def _kind_result(policy: str, finding: Finding) -> Object:
    return _result(policy, finding.rule.id, State.ERROR, f"{finding.message}. {finding.remediation}", "high")


def _skipped_result(policy: str, kind: str, why: str) -> Object:
    return _result(policy, "pii-unreadable", State.SKIP, f"{kind} were not scanned: {why}", "low")


def _rest(policy: str, left: int) -> Object:
    message = f"{left} more results are left out here; gatecli-admission scan shows all"
    return _result(policy, "left-out", State.WARN, message, "low")


def _result(policy: str, rule: str, state: State, message: str, severity: str) -> Object:
    return {
        "source": NAME,
        "category": _CATEGORY,
        "policy": policy,
        "rule": rule,
        "result": state.value,
        "severity": severity,
        "scored": True,
        "message": _cut(message),
    }


def _cut(text: str) -> str:
    """Text of one line and of bounded length; nothing in it is a value."""
    line = clean(text)
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"
