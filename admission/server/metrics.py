"""What Prometheus reads: counts and times, never a name of a user's object, never a value.

Every metric belongs to the registry that `new_metrics` makes: nothing is global. Labels take few
values: a kind outside the known ones is `other`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
LATENCIES = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Seconds; the API server waits for five."""
KINDS = frozenset(
    {
        "ConfigMap",
        "CronJob",
        "DaemonSet",
        "Deployment",
        "Job",
        "Pod",
        "PodTemplate",
        "ReplicaSet",
        "ReplicationController",
        "Secret",
        "Service",
        "StatefulSet",
    }
)
OTHER = "other"


@dataclass(frozen=True, slots=True)
class Metrics:
    """The registry and what stands in it. Times are seconds, sizes bytes."""

    registry: CollectorRegistry
    requests: Counter
    """By phase, kind, decision and reason."""
    refusals: Counter
    """Bodies that were no review, by HTTP status."""
    failures: Counter
    """Reviews that ended in no judgement, by why."""
    verdicts: Counter
    """Findings by rule and by what was done about them."""
    latency: Histogram
    scanned: Counter
    incomplete: Counter
    generation: Gauge
    rejected_policies: Counter
    certificate_expiry: Gauge
    """Unix time."""
    leader: Gauge
    lag: Gauge
    in_flight: Gauge


def new_metrics() -> Metrics:
    """Metrics in a registry of their own."""
    registry = CollectorRegistry()
    name = "gatecli_admission"

    def counter(what: str, text: str, *labels: str) -> Counter:
        return Counter(f"{name}_{what}", text, labels, registry=registry)

    def gauge(what: str, text: str) -> Gauge:
        return Gauge(f"{name}_{what}", text, registry=registry)

    return Metrics(
        registry=registry,
        requests=counter("requests", "Admission reviews answered", "phase", "kind", "allowed", "reason"),
        refusals=counter("refused_bodies", "Requests that were not admission reviews", "status"),
        failures=counter("failures", "Reviews that could not be judged", "why"),
        verdicts=counter("verdicts", "Findings, by what was done about them", "entity", "mode"),
        latency=Histogram(
            f"{name}_request_seconds",
            "Seconds from the first byte of the body to the answer",
            ("phase",),
            buckets=LATENCIES,
            registry=registry,
        ),
        scanned=counter("scanned_bytes", "Bytes of text that were searched"),
        incomplete=counter("incomplete_scans", "Searches that did not reach the end of the object"),
        generation=gauge("policy_generation", "Generation of the policy in force"),
        rejected_policies=counter(
            "rejected_policies", "Policies that could not be used; the last good one stays in force"
        ),
        certificate_expiry=gauge("certificate_expiry_seconds", "Unix time at which the certificate expires"),
        leader=gauge("leader", "1 on the replica that leads, else 0"),
        lag=gauge("loop_lag_seconds", "How late the event loop ran at the last beat"),
        in_flight=gauge("requests_in_flight", "Reviews that are being answered"),
    )


@dataclass(frozen=True, slots=True)
class ScanMetrics:
    """What the background scan tells. Only the leader scans; another's figures are those of its last pass."""

    objects: Counter
    """Objects judged, by kind."""
    findings: Gauge
    """Findings of the last pass, by rule and by what the webhook would do."""
    completed: Gauge
    """Unix time."""
    interval: Gauge
    """Seconds."""
    incomplete: Gauge
    """1 for each kind that the last pass could not list."""
    passes: Counter
    """By how they ended: complete, incomplete, abandoned, failed."""
    unwritten: Gauge


def scan_metrics(metrics: Metrics) -> ScanMetrics:
    """Those of the background scan, in the same registry; once for each."""
    name, registry = "gatecli_admission_scan", metrics.registry
    return ScanMetrics(
        objects=Counter(
            f"{name}_objects", "Objects judged by the background scan", ("kind",), registry=registry
        ),
        findings=Gauge(
            f"{name}_findings",
            "Findings of the last background scan, by what the webhook would do",
            ("entity", "mode"),
            registry=registry,
        ),
        completed=Gauge(
            f"{name}_complete_seconds",
            "Unix time at which the last complete background scan began",
            registry=registry,
        ),
        interval=Gauge(
            f"{name}_interval_seconds",
            "Seconds from the start of one background scan to the start of the next",
            registry=registry,
        ),
        incomplete=Gauge(
            f"{name}_incomplete_kinds",
            "Kinds that the last scan could not list",
            ("kind",),
            registry=registry,
        ),
        passes=Counter(
            f"{name}_passes", "Background scans, by how they ended", ("result",), registry=registry
        ),
        unwritten=Gauge(
            f"{name}_unwritten_reports",
            "Policy reports that could not be written; -1 if the cluster does not serve them",
            registry=registry,
        ),
    )


def kind_label(kind: str) -> str:
    """The kind where it is a known one: custom kinds are without number."""
    return kind if kind in KINDS else OTHER


def count_verdicts(metrics: Metrics, verdicts: Iterable[tuple[str, str]]) -> None:
    """Count findings, each as (rule, what was done)."""
    for rule, act in verdicts:
        metrics.verdicts.labels(rule, act).inc()


def note_certificate(metrics: Metrics, ends: datetime) -> None:
    metrics.certificate_expiry.set(ends.timestamp())


def exposition(metrics: Metrics) -> bytes:
    """The text that Prometheus scrapes (its text format 0.0.4)."""
    return generate_latest(metrics.registry)
