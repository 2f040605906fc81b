"""docs/admission-cli.md, from the webhook's own commands, settings and metrics."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from admission.cli import app
from admission.server.metrics import new_metrics, scan_metrics
from admission.settings import FIELDS, PREFIX, WebhookSettings
from tests.support.command_reference import commands, section

NAME = "gatecli-admission"
HEAD = """\
# The webhook's commands, settings and metrics

Look up a command, a setting or a metric of the webhook here. [The webhook](admission.md) and
[Operating the webhook](admission-operations.md) say how to use them.
[Exit codes](exit-codes.md) are the same as those of `gatecli`.

```
pip install 'gatecli[admission]'
gatecli-admission --help
```

This page is generated (`make generated`) from the code.
"""


def admission_commands() -> Iterator[tuple[str, Any]]:
    return commands(app, NAME)


def admission_reference() -> str:
    """The whole page."""
    sections = [section(name, command) for name, command in admission_commands()]
    return "\n".join([HEAD, *sections, _settings(), _metrics()])


def _settings() -> str:
    rows = [
        f"| `{PREFIX}{field.upper()}` | {_value(getattr(WebhookSettings(), field))} | {what} |"
        for field, (_, what) in FIELDS.items()
    ]
    head = (
        "## Settings\n\nVariables of `gatecli-admission run`; an unknown one with this prefix is an error.\n"
    )
    return "\n".join([head, "| variable | default | meaning |", "|---|---|---|", *rows, ""])


def _value(default: object) -> str:
    if default is None or default == "":
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else _plain(default)}`"


def _plain(default: object) -> str:
    if isinstance(default, float):
        return f"{default:g}"
    return default.as_posix() if isinstance(default, Path) else str(default)


def metric_families() -> list[tuple[str, str, tuple[str, ...], str]]:
    """Name as Prometheus knows it, type, labels, and what it says."""
    metrics = new_metrics()
    scan_metrics(metrics)
    collectors: list[Any] = list(metrics.registry._collector_to_names)
    rows = []
    for collector in collectors:
        (family,) = collector.describe()
        labels: tuple[str, ...] = getattr(collector, "_labelnames", ())
        suffix = "_total" if family.type == "counter" else ""
        rows.append((family.name + suffix, family.type, labels, family.documentation))
    return rows


def _metrics() -> str:
    rows = [
        f"| `{name}` | {kind} | {', '.join(f'`{label}`' for label in labels)} | {what} |"
        for name, kind, labels, what in metric_families()
    ]
    head = "## Metrics\n\nAt `/metrics`, port 8080, in plain HTTP. None holds a value or an object's name.\n"
    return "\n".join([head, "| metric | type | labels | meaning |", "|---|---|---|---|", *rows, ""])
