"""PipelineDP: the report of `ExplainComputationReport.text()`, one or several in a file.

A report (pipeline_dp/report_generator.py, version 0.3) names an aggregation's metrics and then the stages
of its computation, each on lines of fixed wording. A line that is not known is refused, since it may be a
mechanism; so is a report in which a metric of its head is never computed: it was cut off.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gatecli.model.budget import Neighbouring
from gatecli.model.mechanism import Gaussian, Laplace, Mechanism
from gatecli.sources.evidence.reading import EvidenceReading, Refused, build_mechanism, exact, spent_budget
from gatecli.sources.positioned_tree import printable

_HEAD = "DPEngine method: "
_GRAPH = "Computation graph:"
_NUMBER = r"([0-9.]+(?:e[+-]?[0-9]+)?)"

_NOTE = "PipelineDP protects all rows of one privacy id, as far as its contribution bounds are enforced"
_UNBOUND_NOTE = (
    "a report names no stage that bounds how many partitions a privacy id contributes to; "
    "that bound is taken on trust"
)


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of fixed wording: what it computes, and the mechanism that it applies."""

    pattern: re.Pattern[str]
    mechanism: Callable[[re.Match[str]], Mechanism] | None = None
    computes: str = ""
    opens: bool = False
    """Whether the mechanism stands on the next line."""


def _laplace(found: re.Match[str]) -> Mechanism:
    return build_mechanism(Laplace, (), scale=exact(found[1], ()), sensitivity=exact(found[2], ()))


def _gaussian(found: re.Match[str]) -> Mechanism:
    return build_mechanism(
        Gaussian, (), standard_deviation=exact(found[1], ()), sensitivity=exact(found[2], ())
    )


def _black_box(found: re.Match[str]) -> Mechanism:
    return spent_budget(found[1], found[2], ())


_ADDITIVE = (
    (rf"Laplace mechanism:  parameter={_NUMBER}  eps=\S+  l1_sensitivity={_NUMBER}", _laplace),
    (
        rf"Gaussian mechanism:  parameter={_NUMBER}(?:  eps=\S+  delta=\S+)?  l2_sensitivity={_NUMBER}",
        _gaussian,
    ),
)
_SPENT = rf"\(eps={_NUMBER} delta={_NUMBER}\)"

_LINES = (
    _Line(re.compile(r"Per-partition contribution bounding: [^:]+")),
    _Line(re.compile(r"Cross-partition contribution bounding: [^:]+"), computes="bound"),
    _Line(re.compile(r"User contribution bounding: [^:]+"), computes="bound"),
    _Line(re.compile(r"Public partition selection: dropped non public partitions"), computes="selection"),
    _Line(re.compile(r"Adding empty partitions for public partitions that are missing in data")),
    _Line(re.compile(r"Drop partitions which have noised privacy_id_count less than threshold\.")),
    _Line(re.compile(r"Private Partition selection: using (?:[A-Za-z]+ )+?[A-Za-z]+"), opens=True),
    _Line(
        re.compile(
            rf'f"method with \(epsilon={_NUMBER}, delta=delta={_NUMBER}, (?:, pre_threshold=[0-9]+)?\)'
        ),
        _black_box,
        "selection",
    ),
    _Line(re.compile(r"Computed DP (count|sum|privacy_id_count) with"), computes="metric", opens=True),
    _Line(re.compile(r"DP (mean) computation:"), computes="metric"),
    _Line(re.compile(r"a\. Computed 'normalized_sum' = sum of \(value - [0-9.e+-]+\)")),
    *(
        _Line(re.compile(r"[bc]\. Applied to '(?:count|normalized_sum)' " + wording), make, "part")
        for wording, make in _ADDITIVE
    ),
    *(_Line(re.compile(wording), make) for wording, make in _ADDITIVE),
    _Line(
        re.compile(
            rf"(?:Laplace|Gaussian) Thresholding with threshold=[0-9.]+ eps={_NUMBER} delta={_NUMBER}"
            r"(?: and pre_threshold=[0-9]+)?"
        ),
        _black_box,
        "selection",
    ),
    _Line(re.compile(rf"Computed variance with {_SPENT}"), _black_box, "variance"),
    _Line(re.compile(rf"Computed percentiles \[[0-9., ]+\] with {_SPENT}"), _black_box, "percentiles"),
)

_COMPUTED_BY: dict[str, frozenset[str]] = {
    "COUNT": frozenset({"count", "mean", "variance"}),
    "SUM": frozenset({"sum", "mean", "variance"}),
    "MEAN": frozenset({"mean", "variance"}),
    "VARIANCE": frozenset({"variance"}),
    "PRIVACY_ID_COUNT": frozenset({"privacy_id_count"}),
    "PERCENTILE": frozenset({"percentiles"}),
}
"""The stages that compute a metric: a mean's count is not computed again."""


def read(data: object) -> EvidenceReading:
    """Every mechanism of every report, under add-remove of a privacy id."""
    if not isinstance(data, str) or not data.strip().startswith(_HEAD):
        raise Refused("the text is not a report of PipelineDP's ExplainComputationReport")
    reports = [_HEAD + part for part in data.strip().split(_HEAD)[1:]]
    read_ones = [_read_report(text, number) for number, text in enumerate(reports, 1)]
    mechanisms = tuple(mechanism for found, _ in read_ones for mechanism in found)
    notes = [_NOTE] + [_UNBOUND_NOTE] * any("bound" not in computed for _, computed in read_ones)
    return EvidenceReading(mechanisms, neighbouring=Neighbouring.ADD_REMOVE, notes=tuple(notes))


def _read_report(text: str, number: int) -> tuple[list[Mechanism], set[str]]:
    head, found, graph = text.partition(f"\n{_GRAPH}\n")
    if not found:
        raise Refused(f"report {number} has no line {_GRAPH!r}")
    lines = list(_lines(graph, number))
    computed = {_computed_metric(line, match) for line, match in lines}
    _check_whole(head, computed, lines, number)
    mechanisms = [line.mechanism(match) for line, match in lines if line.mechanism]
    if not mechanisms:
        raise Refused(f"report {number} applies no mechanism, so it records no spending")
    return mechanisms, computed


def _lines(graph: str, number: int) -> Iterator[tuple[_Line, re.Match[str]]]:
    """Every line of the stages, known; a line that opens one is followed by its mechanism."""
    opened = False
    for text in graph.strip().splitlines():
        stage = re.sub(r"^[0-9]+\. ", "", text.strip())
        line, match = _known_line(stage, number)
        if opened and line.mechanism is None:
            raise Refused(f"report {number} names no mechanism before the stage {printable(stage)}")
        opened = line.opens
        yield line, match
    if opened:
        raise Refused(f"report {number} ends before the mechanism of its last stage")


def _known_line(stage: str, number: int) -> tuple[_Line, re.Match[str]]:
    for line in _LINES:
        if match := line.pattern.fullmatch(stage):
            return line, match
    raise Refused(f"report {number} has the stage {printable(stage)}, whose cost is unknown")


def _computed_metric(line: _Line, match: re.Match[str]) -> str:
    return match[1] if line.computes == "metric" else line.computes


def _check_whole(
    head: str, computed: set[str], lines: list[tuple[_Line, re.Match[str]]], number: int
) -> None:
    """Raises `Refused` where what the head names is not in the stages."""
    for metric in _metrics(head, number):
        if not _COMPUTED_BY.get(metric, frozenset()) & computed:
            raise Refused(
                f"report {number} names the metric {printable(metric)} and no stage that computes it"
            )
    if "Partition selection: private partitions" in head and "selection" not in computed:
        raise Refused(f"report {number} selects partitions privately, and no stage of it does so")
    means, parts = "mean" in computed, sum(line.computes == "part" for line, _ in lines)
    if means and parts != 2:
        raise Refused(f"report {number} computes a mean of {parts} noisy parts where 2 are meant")


def _metrics(head: str, number: int) -> list[str]:
    """The metrics that an aggregation names; a selection of partitions has none."""
    found = re.search(r"^ metrics=\[(.*)\]$", head, re.MULTILINE)
    if found is None and head.startswith(f"{_HEAD}aggregate"):
        raise Refused(f"report {number} of an aggregation names no metrics")
    return re.findall(r"'([A-Z_]+)", found[1]) if found else []
