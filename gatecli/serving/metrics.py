"""What Prometheus reads: counts, times and what was spent; never a body, a caller or a value.

Every metric belongs to the registry that `new_metrics` makes: nothing is global.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
LATENCIES = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Seconds."""
NAME = "gatecli_serve"


@dataclass(frozen=True, slots=True)
class ServingMetrics:
    """The registry and what stands in it. Times are seconds."""

    registry: CollectorRegistry
    requests: Counter
    """By how they ended."""
    refusals: Counter
    """By their reason, which no caller is told."""
    upstream: Counter
    """Failures of the model, by their kind."""
    epsilon: Counter
    """ε of the answers that were given, added up: its rate is what is spent."""
    cache: Counter
    """Questions, by whether they were answered before."""
    personal_data: Counter
    """Findings, by entity, and in which direction."""
    latency: Histogram


@dataclass(frozen=True, slots=True)
class WatchedFigures:
    """What is read when Prometheus asks."""

    in_flight: Callable[[], float]
    connections: Callable[[], float]
    lease_left: Callable[[], float]
    cached: Callable[[], float]
    evictions: Callable[[], float]
    attestation_ends: Callable[[], float]
    """Unix time; 0 without an attestation."""


def new_metrics() -> ServingMetrics:
    """Metrics in a registry of their own."""
    registry = CollectorRegistry()

    def counter(what: str, text: str, *labels: str) -> Counter:
        return Counter(f"{NAME}_{what}", text, labels, registry=registry)

    return ServingMetrics(
        registry=registry,
        requests=counter("requests", "Requests answered, by how they ended", "outcome"),
        refusals=counter("refusals", "Requests that were refused, by the reason", "reason"),
        upstream=counter("upstream_errors", "Answers that the model failed to give", "fault"),
        epsilon=counter("epsilon_spent", "Epsilon of the answers that were given, added up"),
        cache=counter("cache", "Questions, by whether they were answered before", "result"),
        personal_data=counter("personal_data", "Personal data found", "entity", "where"),
        latency=Histogram(
            f"{NAME}_request_seconds",
            "Seconds from the head of a request to the end of its answer",
            buckets=LATENCIES,
            registry=registry,
        ),
    )


def watch_figures(metrics: ServingMetrics, watched: WatchedFigures) -> None:
    """Have figures read when Prometheus asks; once for each registry."""

    def gauge(what: str, text: str, figure: Callable[[], float]) -> None:
        Gauge(f"{NAME}_{what}", text, registry=metrics.registry).set_function(figure)

    gauge("requests_in_flight", "Requests that are being answered", watched.in_flight)
    gauge("connections", "Open connections of callers", watched.connections)
    gauge("lease_answers_left", "Answers that are paid for and not given yet", watched.lease_left)
    gauge("cached_answers", "Questions whose answers are remembered", watched.cached)
    gauge("forgotten_answers", "Answers that were forgotten, and are paid again", watched.evictions)
    gauge(
        "attestation_end_seconds",
        "Unix time from which the attestation no longer holds",
        watched.attestation_ends,
    )


def count_values(metrics: ServingMetrics, counts: Mapping[str, int], where: str) -> None:
    """Count what was found in a request or an answer, by entity."""
    for entity, count in counts.items():
        metrics.personal_data.labels(entity, where).inc(count)


def exposition(metrics: ServingMetrics) -> bytes:
    """The text that Prometheus scrapes (its text format 0.0.4)."""
    return generate_latest(metrics.registry)
