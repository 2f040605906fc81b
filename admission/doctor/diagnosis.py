"""How a diagnosis is made: probes turn what was seen into lines, and what could not be seen is never `ok`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from admission.doctor.cluster_snapshot import Object, Seen, Subject
from gatecli.model.verdict import ExitCode

State = Literal["ok", "warn", "fail", "unknown"]
STATES: Sequence[State] = ("ok", "warn", "fail", "unknown")
SOON = timedelta(days=14)
"""What ends within this is told."""
APPLY = "gatecli-admission manifests | kubectl apply -f -"
_NAMED = 10
"""How many names a sentence holds."""


@dataclass(frozen=True, slots=True)
class DiagnosisLine:
    """One sentence about one thing, and how to fix it; `probe` names the probe that wrote it."""

    state: State
    text: str
    mend: str = ""
    probe: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """What a probe judges: only what it asked for is sure to have been seen.

    `expected` are the resources, by group and plural, that the shipped webhooks are asked about.
    """

    subject: Subject
    seen: Seen
    at: datetime
    expected: tuple[tuple[str, str], ...] = ()

    def object_at(self, key: str) -> Object | None:
        """What stands there; None for nothing."""
        return self.seen[key].found

    def items(self, key: str) -> tuple[Object, ...]:
        return self.seen[key].items


@dataclass(frozen=True, slots=True)
class Probe:
    """`judge` is pure; it is asked only where all that it `needs` could be looked at."""

    name: str
    needs: tuple[str, ...]
    judge: Callable[[Scene], Iterable[DiagnosisLine]]


def ok(text: str) -> DiagnosisLine:
    return DiagnosisLine("ok", text)


def warn(text: str, mend: str) -> DiagnosisLine:
    return DiagnosisLine("warn", text, mend)


def fail(text: str, mend: str) -> DiagnosisLine:
    return DiagnosisLine("fail", text, mend)


def some(names: Iterable[str]) -> str:
    """The first names, and how many more there are."""
    listed = list(names)
    more = f" and {len(listed) - _NAMED} more" if len(listed) > _NAMED else ""
    return ", ".join(listed[:_NAMED]) + more


def diagnose(probes: Sequence[Probe], scene: Scene) -> tuple[DiagnosisLine, ...]:
    """What every probe says, in their order; each says something."""
    return tuple(replace(line, probe=probe.name) for probe in probes for line in _probe_lines(probe, scene))


def _probe_lines(probe: Probe, scene: Scene) -> Iterator[DiagnosisLine]:
    hidden = [sight for key in probe.needs if (sight := scene.seen[key]).why]
    if hidden:
        yield DiagnosisLine("unknown", f"could not check: {hidden[0].why}", hidden[0].mend)
        return
    lines = tuple(probe.judge(scene))
    # A probe that finds nothing to say has found nothing out.
    yield from lines or (
        DiagnosisLine("unknown", "this check failed", "report this: it is a bug in gatecli"),
    )


def exit_code(lines: Iterable[DiagnosisLine]) -> ExitCode:
    """What could not be looked at outweighs what fails: the diagnosis is incomplete."""
    states = {line.state for line in lines}
    if "unknown" in states or not states:
        return ExitCode.UNCHECKABLE
    return ExitCode.CLOSED if "fail" in states else ExitCode.OPEN
